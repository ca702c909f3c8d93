#!/usr/bin/env bash
# Fails where a unit gives its service more than it needs: above 2.0 of systemd's 10.
set -euo pipefail
cd "$(dirname "$0")/../deploy/systemd"
for unit in r4-*.service; do
  systemd-analyze security --offline=yes --no-pager --threshold=20 "./$unit" >../../target/units.txt ||
    { grep ✗ ../../target/units.txt; echo "$unit is not confined enough"; exit 1; }
  tail -n 1 ../../target/units.txt
done
