#!/usr/bin/env bash
# Prints the archive that this machine installs its own Debian release from, and the release's name.
set -euo pipefail
command -v apt-get >/dev/null || { echo "this machine has no apt-get; install by hand what is missing" >&2; exit 1; }
# shellcheck source=/dev/null
release=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
# shellcheck disable=SC2016  # the format's variables belong to apt
archive=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
  awk -v suite="$release" '$2 == suite && $3 == "main" { print $1; exit }')
[ -n "$archive" ] || { echo "found no apt source for the suite '$release' with the component main" >&2; exit 1; }
echo "${archive%/} $release"
