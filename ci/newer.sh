#!/usr/bin/env bash
# Unpacks packages of a newer Debian, which also run on this one, without installing them.
# Usage: ci/newer.sh "PACKAGE …" FOLDER. Their address comes from this machine's own apt sources.
set -euo pipefail
suite=trixie
read -ra packages <<<"$1"
folder=$2
archive=$("$(dirname "$0")/archive.sh" | cut -d' ' -f1)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/packages" "$folder"
printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$archive" "$suite" >"$work/sources.list"
options=(-o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null
  -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root)
apt-get "${options[@]}" update -qq || { echo "could not read the package lists of $suite" >&2; exit 1; }
cd "$work/packages"
apt-get "${options[@]}" download -qq "${packages[@]}" >/dev/null || { echo "could not download ${packages[*]}" >&2; exit 1; }
for package in *.deb; do dpkg -x "$package" "$folder"; done
