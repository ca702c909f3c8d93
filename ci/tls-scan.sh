#!/usr/bin/env bash
# Scans the TLS of HOST:PORT with sslscan, and fails on a setting that is weak: a protocol below TLS 1.2,
# a suite without forward secrecy or without authenticated encryption, a weak group or signature,
# compression, insecure renegotiation. Three seconds. --self-test shows that it would: servers of
# `openssl s_server` with weak settings must be refused; six seconds.
# Usage: ci/tls-scan.sh HOST:PORT | ci/tls-scan.sh --self-test
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
server=
finish() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

scan() {
  timeout 60 sslscan --no-colour --show-sigs --connect-timeout=5 --sni-name=localhost --xml="$work/scan.xml" "$1" >"$work/scan.log" 2>&1 ||
    { cat "$work/scan.log"; return 1; }
  python3 ci/tls_scan.py "$work/scan.xml"
}

# weak REASONS ARGUMENTS: a server with these settings must be refused, for each of the reasons.
weak() {
  local reasons=$1 reason port=18743
  shift
  openssl s_server -quiet -accept "127.0.0.1:$port" -key "$work/key" -cert "$work/cert" "$@" >"$work/server" 2>&1 &
  server=$!
  for _ in $(seq 50); do if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then break; fi; sleep 0.1; done
  if scan "127.0.0.1:$port" >"$work/said"; then echo "not refused: $*"; cat "$work/said" "$work/server"; exit 1; fi
  for reason in $reasons; do
    grep -q "^WEAK:.* $reason " "$work/said" || { echo "not refused for $reason:"; cat "$work/said" "$work/server"; exit 1; }
  done
  printf 'refused, as it should be: %s\n' "$*"
  kill "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
  server=
}

if [ "${1:?HOST:PORT or --self-test}" = --self-test ]; then
  openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -keyout "$work/key" -out "$work/cert" 2>/dev/null
  weak "TLSv1.0 TLSv1.1" -min_protocol TLSv1 -cipher ALL:@SECLEVEL=0
  weak "AES256-SHA AES256-GCM-SHA384 ECDHE-RSA-AES256-SHA secp192k1 rsa_pkcs1_sha1" -tls1_2 -groups secp192k1:P-256 \
    -sigalgs RSA+SHA1:RSA+SHA256 -cipher AES256-SHA:AES256-GCM-SHA384:ECDHE-RSA-AES256-SHA:ECDHE-RSA-AES256-GCM-SHA384:@SECLEVEL=0
  exit 0
fi
scan "$1"
