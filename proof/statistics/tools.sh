#!/usr/bin/env bash
# Installs the statistical tools that can be had as packages, the others not. Debian and Ubuntu.
#
#   dieharder            Debian's package
#   SP 800-22            NIST's C code, in the PyPI package sp80022suite
#   SP 800-90B           NIST's C++ code (ea_non_iid, ea_restart), in the PyPI package sp800-90b
#
# Everything but Debian's packages goes to target/statistics/tools.
set -euo pipefail
cd "$(dirname "$0")/../.."
tools=$PWD/target/statistics/tools
mkdir -p "$tools/bin"

packages=(dieharder g++ libbz2-dev libdivsufsort-dev python3-dev python3-venv)
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${packages[@]}"
else
  echo "not root, or no apt-get: these must be there already: ${packages[*]}" >&2
fi

# Prints the folder of an unpacked source package, whose hash is checked.
unpack() { # NAME VERSION FILE SHA256
  [ -f "$tools/$3" ] || "$tools/python/bin/pip" download -q --disable-pip-version-check \
    --no-deps --no-binary "$1" -d "$tools" "$1==$2" >&2
  echo "$4  $tools/$3" | sha256sum --check --quiet >&2
  tar -xzf "$tools/$3" -C "$tools"
  echo "$tools/${3%.tar.gz}"
}

[ -x "$tools/python/bin/pip" ] || python3 -m venv "$tools/python"
"$tools/python/bin/pip" install -q --disable-pip-version-check setuptools wheel

suite=$(unpack sp80022suite 0.0.8 sp80022suite-0.0.8.tar.gz \
  ce4720c7542d3ca0e4ca704d34090f6d80b8430fb24ffa6652ef799c177ed0f0)
"$tools/python/bin/pip" install -q --disable-pip-version-check --no-build-isolation "$suite"

assessment=$(unpack sp800-90b 0.1.1 sp800_90b-0.1.1.tar.gz \
  b16ccebd3120b2c27cda0305ee8a76c566943423b992681db3bcfbf0a8a084a0)
for part in non_iid restart; do
  (cd "$assessment/nist_impl/cpp" && g++ -std=c++11 -fopenmp -O2 -ffloat-store "${part}_main.cpp" \
    -lbz2 -lpthread -ldivsufsort -o "$tools/bin/ea_$part")
done

# TestU01 is used where its library is installed; it comes in no package that Debian 12 has.
if echo '#include <unif01.h>' | g++ -x c -E - >/dev/null 2>&1; then
  gcc -O2 proof/statistics/testu01.c -ltestu01 -lprobdist -lmylib -lm -o "$tools/bin/testu01"
fi
echo "installed in $tools/bin:" && ls "$tools/bin"
