#!/usr/bin/env bash
# Prints the path of a cargo tool, installing it first where it is missing: a prebuilt wheel where
# there is one, else from source. Usage: ci/tool.sh TOOL, one of those below
set -euo pipefail
cd "$(dirname "$0")/.."
tool=$1
case $tool in
  cargo-deny) version=0.20.2 ;;
  cargo-audit) version=0.22.2 ;;
  cargo-auditable) version=0.7.7 ;;
  cargo-fuzz) version=0.13.2 ;;
  cargo-sbom) version=0.10.0 ;;
  *) echo "unknown tool $tool" >&2; exit 2 ;;
esac
dir=$PWD/target/tools
if [ ! -x "$dir/bin/$tool" ]; then
  {
    [ -x "$dir/bin/python3" ] || python3 -m venv "$dir"
    "$dir/bin/python3" -m pip install -q --disable-pip-version-check "astral-dev-toolchain-$tool==$version" ||
      cargo install --locked --root "$dir" --version "$version" "$tool"
  } >&2
fi
PATH=$dir/bin:$PATH cargo "${tool#cargo-}" --version >&2
echo "$dir/bin/$tool"
