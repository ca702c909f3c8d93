#!/usr/bin/env bash
# Counts the instructions of what the node does most, and fails where proof/instructions.md says less. Debian and Ubuntu.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v valgrind >/dev/null; then
  command -v apt-get >/dev/null || { echo "install by hand: valgrind"; exit 1; }
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends valgrind
fi
cargo run --locked --quiet --package xtask -- instructions
