#!/usr/bin/env bash
# Runs each fuzz target for ten seconds, or for as many as are given, beginning with the vectors.
# Fails where one finds something, and where the tool cannot run. See fuzz/README.md.
set -euo pipefail
trap 'rm -rf /dev/shm/r4-fuzz-journal-*' EXIT
cd "$(dirname "$0")/.."
seconds=${1:-10}
tool=$(ci/tool.sh cargo-fuzz)
host=$(rustc -vV | sed -n 's/^host: //p')
export CARGO_TARGET_DIR=$PWD/target
python3 fuzz/parsers.py
cargo fmt --manifest-path fuzz/Cargo.toml --check
cargo fetch --quiet --locked --manifest-path fuzz/Cargo.toml
python3 fuzz/seeds.py
"$tool" build --sanitizer none --target "$host"
targets=$("$tool" list)
[ -n "$targets" ] || { echo "there is no fuzz target"; exit 1; }
for target in $targets; do
  log=target/tmp/fuzz-$target.log
  mkdir -p target/tmp "fuzz/artifacts/$target"
  "target/$host/release/$target" "fuzz/corpus/$target" -artifact_prefix="fuzz/artifacts/$target/" \
    -max_total_time="$seconds" -max_len=16384 -timeout=10 -print_final_stats=1 >"$log" 2>&1 ||
    { tail -n 50 "$log"; echo "the fuzz target $target failed; all it said is in $log"; exit 1; }
  inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  [ "${inputs:-0}" -gt 0 ] || { echo "the fuzz target $target ran nothing; see $log"; exit 1; }
  printf '%-10s %s inputs\n' "$target" "$inputs"
done
