#!/usr/bin/env bash
# Reads every shell script of the repository: shellcheck's findings, and pipes whose reader may leave
# before the writer is done (grep -q, grep -m, head). The writer is then ended by SIGPIPE, and with
# pipefail that is the pipe's result: a check fails although it found what it looked for, or, where it
# must find nothing, passes although it found it. Write to a file first; for the first lines, sed -n 1p.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# hurried FILE..: each such pipe, also over two lines; result 1 if there is none.
hurried() {
  local script found=1
  for script; do
    sed -e ':join' -e '/|$/{N;s/|\n */| /;b join' -e '}' "$script" >"$work/joined"
    if grep -E '[^|]\|&? *(head( |$)|grep +(-[^ ]+ +)*-[a-zA-Z]*[qm])' "$work/joined" >"$work/found"; then
      sed "s|^ *|$script: |" "$work/found"
      found=0
    fi
  done
  return "$found"
}

# The search is tried on what it has to find, and on what it must not.
quick='grep -q'
echo "journal | $quick key" >"$work/one"
echo "journal | ${quick/-q/-i -qE} key" >"$work/two"
printf '%s\n' 'journal |' '  head -n 1' >"$work/three"
printf '%s\n' 'grep -q key file || head -c 9 file' 'journal | grep key | sed -n 1p' >"$work/none"
for control in one two three; do
  hurried "$work/$control" >/dev/null || { echo "the search does not find: $(cat "$work/$control")"; exit 1; }
done
if hurried "$work/none"; then echo "the search finds what is right"; exit 1; fi

git ls-files -z >"$work/files"
scripts=()
while IFS= read -r -d '' file; do
  [ -f "$file" ] || continue
  IFS= read -r first <"$file" || true
  case $first in '#!'*sh | '# shellcheck shell='*) scripts+=("$file") ;; esac
done <"$work/files" 2>/dev/null
[ "${#scripts[@]}" -gt 30 ] || { echo "only ${#scripts[@]} scripts are found"; exit 1; }
shellcheck -x "${scripts[@]}"
# sh has no pipefail: a pipe's result is its reader's.
grep -l -e 'pipefail' -e 'shellcheck shell=bash' "${scripts[@]}" >"$work/strict"
mapfile -t strict <"$work/strict"
if hurried "${strict[@]}"; then echo "these readers may leave too soon: write to a file first, see ci/scripts.sh"; exit 1; fi
echo "${#scripts[@]} scripts, ${#strict[@]} of them with pipefail: nothing found"
