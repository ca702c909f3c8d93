#!/usr/bin/env bash
# Runs statistical tests on re4_dump and writes a dated summary of each into this folder.
set -euo pipefail
cd "$(dirname "$0")/../.."

usage() {
  cat <<'HELP'
Usage: proof/statistics/run.sh [--engine chacha20|ctr-aes256] [--quick|--full] [SUITE...]

Suites: dieharder sp800-22 practrand testu01 (of the engine's output), noise (of raw jitter).
Without SUITE all of them; without --engine both engines, one after the other.

  --quick   a few tests of each suite, to see that it works; the summary stays in target/statistics
  --full    longer runs of sp800-22, practrand and testu01; days, not hours

A tool that is not installed is reported as `not run`; proof/statistics/tools.sh installs what can
be had as a package. What has finished is in target/statistics/logs and is not run again for the
same re4_dump; delete it to start anew. Example: proof/statistics/run.sh --engine chacha20 dieharder
HELP
}
refuse() { printf 'run.sh: %s\n' "$*" >&2; usage >&2; exit 2; }

engines=() suites=() size=standard
while [ $# -gt 0 ]; do
  case $1 in
    --engine)
      case ${2:-} in chacha20 | ctr-aes256) engines+=("$2") ;; *) refuse "no engine '${2:-}'" ;; esac
      shift ;;
    --quick) size=quick ;;
    --full) size=full ;;
    --help | -h) usage; exit 0 ;;
    dieharder | sp800-22 | practrand | testu01 | noise) suites+=("$1") ;;
    *) refuse "unknown argument '$1'" ;;
  esac
  shift
done
[ ${#engines[@]} -gt 0 ] || engines=(chacha20 ctr-aes256)
[ ${#suites[@]} -gt 0 ] || suites=(dieharder sp800-22 practrand testu01 noise)
python3 -c 'import datetime, os; datetime.UTC, os.splice' 2>/dev/null || refuse "needs Python 3.11 or newer"

program=$(cargo xtask sealed)
export R4_STATISTICS_TOOLS=$PWD/target/statistics/tools PYTHONDONTWRITEBYTECODE=1
python=python3
[ ! -x "$R4_STATISTICS_TOOLS/python/bin/python3" ] || python=$R4_STATISTICS_TOOLS/python/bin/python3

run() { nice -n 19 "$python" "proof/statistics/$1.py" --program "$program" --size "$size" "${@:2}"; }
for suite in "${suites[@]}"; do
  if [ "$suite" = noise ]; then
    cargo build --quiet --release --package r4-cli
    run noise --r4 "${CARGO_TARGET_DIR:-target}/release/r4"
    continue
  fi
  for engine in "${engines[@]}"; do run "${suite/-/_}" --engine "$engine"; done
done
