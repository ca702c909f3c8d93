#!/usr/bin/env bash
# Installs the system packages that the tests use and that are missing. Debian and Ubuntu.
set -euo pipefail
wanted=(curl:curl gcc:gcc g++:g++ make:make python3:python3 npm:npm node:nodejs chromium:chromium
  redis-server:redis-server gpg:gnupg gpgv:gpgv debootstrap:debootstrap systemd-nspawn:systemd-container ip:iproute2
  promtool:prometheus prometheus-blackbox-exporter:prometheus-blackbox-exporter shellcheck:shellcheck
  sslscan:sslscan openssl:openssl strace:strace)
missing=()
for pair in "${wanted[@]}"; do
  command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
ls /usr/lib/*/libc.a >/dev/null 2>&1 || missing+=(libc6-dev)
python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)
ls /usr/lib/postgresql/*/bin/pg_ctl >/dev/null 2>&1 || missing+=(postgresql)
if [ "${#missing[@]}" -ne 0 ]; then
  command -v apt-get >/dev/null || { echo "install by hand: ${missing[*]}"; exit 1; }
  apt-get update -q
  # The tests start servers of their own; those that the packages would start stay off.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 0755 "$policy"
  fi
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
fi
# Debian 12's own is older.
node -e 'const [major, minor] = process.versions.node.split(".").map(Number);
  process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' ||
  { echo "Node.js 20.19 or newer is needed, and $(node --version) is installed; see nodejs.org"; exit 1; }
echo "all there"
