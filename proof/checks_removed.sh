#!/usr/bin/env bash
# Shows that the fault table of r4-e2e tests something: takes one check at a time out of a copy of the
# sources, runs the table, and prints which rows fail. A copy in which none fails is an error.
# Some minutes for each check. Usage: proof/checks_removed.sh >proof/checks_removed.md
# shellcheck disable=SC2016  # backquotes are for Markdown
set -euo pipefail
cd "$(dirname "$0")/.."
copy=$PWD/target/checks-removed
here=$PWD

# remove WHAT FILE TEXT REPLACEMENT: TEXT must stand in FILE exactly once.
remove() {
  local what=$1 file=$2 log=$copy/log rows
  rm -rf "$copy/src"
  mkdir -p "$copy/src"
  git -C "$here" archive HEAD | tar -x -m -C "$copy/src" # new times, or cargo would keep the last copy's build
  python3 - "$copy/src/$file" "$3" "$4" <<'PYTHON'
import pathlib, sys
path, text, replacement = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
source = path.read_text()
if source.count(text) != 1:
    sys.exit(f"{path} does not have this text exactly once: {text}")
path.write_text(source.replace(text, replacement))
PYTHON
  printf 'checks_removed: without %s\n' "$what" >&2
  if (cd "$copy/src" && CARGO_TARGET_DIR=$copy/target cargo test -p r4-e2e core_faults) >"$log" 2>&1; then
    printf 'checks_removed: no row fails without %s\n' "$what" >&2
    exit 1
  fi
  rows=$(sed -n 's/^        "\(.*\)",$/`\1`/p' "$log" | sort -u | paste -sd ' ')
  [ -n "$rows" ] || { tail -n 40 "$log" >&2; exit 1; }
  printf '| %s | `%s` | %s |\n' "$what" "$file" "${rows// /, }"
}

cat <<END
# Checks removed

The table of induced faults (\`crates/r4-e2e/tests/e2e/core_faults.rs\`) with one check at a time taken out of the sources.
Every row of the table passes when all checks are in place. Made by \`proof/checks_removed.sh\` on $(date -u +%F), from
commit $(git rev-parse --short=12 HEAD).

| check removed | from | rows of the table that then fail |
|---|---|---|
END
remove "the repetition count test" crates/r4-health/src/continuous.rs \
  "[self.repetition.feed(sample)," "[None,"
remove "the lag test" crates/r4-health/src/continuous.rs \
  "self.lag.feed(sample)]" "None]"
remove "the start-up test" crates/re4-dump/src/source.rs \
  "        self.test(&*samples)?;" ""
remove "the comparison of draws" crates/re4-dump/src/source.rs \
  "if self.last_draw == before {" "if false {"
remove "blocking without good noise" crates/r4-core/src/core/state.rs \
  "GeneratorError::Noise(_) => self.leave(Selftest::Degraded, Mode::Blocked, &reason)," ""
remove "the time limit on what is needed" crates/r4-core/src/generator.rs \
  "self.waited.has_reached(MOST_TIME)" "self.waited.has_reached(Duration::MAX)"
remove "the system call filter" crates/re4-dump/src/confine.rs \
  "SeccompAction::KillProcess" "SeccompAction::Log"
