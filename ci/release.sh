#!/usr/bin/env bash
# Makes a release of the commit twice, in two folders, and compares the bytes; signs it with a
# throw-away key; checks it, each paper of it, and that a flipped bit is named. The release stays in
# target/release-test for ci/bundle-test.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD
out=$PWD/target/release-test
work=$(mktemp -d)
trap 'rm -rf "$work"; gpgconf --homedir "$out/gnupg" --kill all >/dev/null 2>&1 || true' EXIT
say() { printf 'release: %s\n' "$*"; }
fail() { say "FAILED: $*"; exit 1; }

for tool in cargo-auditable cargo-sbom; do ci/tool.sh "$tool" >/dev/null; done
export PATH=$PWD/target/tools/bin:$PATH

rm -rf "$out"
mkdir -p "$out"
mkdir -m 0700 "$out/gnupg"
export GNUPGHOME=$out/gnupg
gpg --batch --quiet --passphrase '' --quick-generate-key 'A throw-away key' ed25519 sign never 2>/dev/null
gpg --batch --armor --export >"$out/key.asc"

# A clone has what is committed. The first is built in this target folder and always in the same
# place, so that a second run is quick; the second in one of its own.
make() {
  git clone -q "$here" "$1"
  (cd "$1" && CARGO_TARGET_DIR=$2 cargo xtask release --out "$3" --sign-with 'A throw-away key')
}
say "the first build"
make "$out/source" "$here/target" "$out/files"
say "the second build"
make "$work/a folder" "$work/target" "$work/files" 2>"$work/refused" &&
  fail "a folder with a space in its name was taken"
grep -q 'has a space' "$work/refused" || { cat "$work/refused"; fail "it does not say why"; }
rm -rf "$work/files"
make "$work/another/folder" "$work/target" "$work/files"
for file in "$work"/files/*; do
  name=${file##*/}
  case $name in *.asc) continue ;; esac # a signature has its time in it
  cmp "$file" "$out/files/$name" || fail "$name differs between two builds"
done
say "the same bytes twice: $(cut -c1-16 "$out/files/re4_release.sha256" | paste -sd' ')"
(cd "$out/files" && sha256sum --quiet --check re4_release.sha256) || fail "sha256sum finds another digest"

tar -xzf "$out/files/re4_release.tar.gz" -C "$out"
python3 ci/release.py "$out" || fail "ci/release.py"
say "all passed"
