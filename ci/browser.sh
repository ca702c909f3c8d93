#!/usr/bin/env bash
# Tests the site in Chromium behind Caddy at R4_TEST_URL; without it against a node that it starts, with
# the state of `cargo xtask up`, on ports 18490 to 18492 and Caddy on 18493. Screenshots of every page
# go to R4_SCREENSHOTS, else target/screenshots. Nothing is skipped: what is missing fails.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
work=$(mktemp -d)
started=()
finish() {
  local code=$? pid
  trap - EXIT
  for pid in "${started[@]}"; do
    kill -INT "$pid" 2>/dev/null || true
    wait "$pid" || true
  done
  [ "$code" = 0 ] || tail -n 30 "$work"/*.log 2>/dev/null || true
  rm -rf "$work"
  exit "$code"
}
trap finish EXIT

# Debian's Caddy, without the service that its package would start.
caddy_program() {
  local own=$root/target/tools/caddy
  if type -P caddy; then return; fi
  if [ ! -x "$own/usr/bin/caddy" ]; then
    (cd "$work" && apt-get download -qq caddy >/dev/null 2>&1) ||
      { echo "install caddy, or run apt-get update first" >&2; return 1; }
    mkdir -p "$own"
    dpkg -x "$work"/caddy_*.deb "$own"
  fi
  echo "$own/usr/bin/caddy"
}

await() {
  until curl -sf --max-time 2 -o /dev/null "$1"; do
    kill -0 "$2" 2>/dev/null || { echo "what should answer at $1 has ended"; return 1; }
    [ "$SECONDS" -lt 900 ] || { echo "nothing at $1 after a quarter of an hour"; return 1; }
    sleep 0.3
  done
}

if [ -z "${R4_TEST_URL:-}" ]; then
  program=$(caddy_program)
  export R4_CORE_PORT=18490 R4_VRF_PORT=18491 R4_GATEWAY_PORT=18492 R4_HTTP_PORT=18493 R4_ADMIN_PORT=18495
  export R4_TEST_URL=http://127.0.0.1:$R4_HTTP_PORT
  R4_API_KEY=demo R4_RATE_ADDRESS=200/s R4_RATE_KEY=200/s R4_DEMO=600/m R4_TRUSTED_PROXIES=127.0.0.1 \
    cargo xtask up >"$work/node.log" 2>&1 &
  started+=("$!")
  await "http://127.0.0.1:$R4_GATEWAY_PORT/v1/health" "$!"
  DOMAIN=http:// R4_HTTPS_PORT=18494 R4_GATEWAY_NAME=127.0.0.1 R4_SITE_DIR=$root/site \
    XDG_DATA_HOME=$work/data XDG_CONFIG_HOME=$work/config \
    "$program" run --config Caddyfile --adapter caddyfile >"$work/caddy.log" 2>&1 &
  started+=("$!")
  await "$R4_TEST_URL/v1/health" "$!"
fi

[ -d clients/typescript/node_modules/playwright-core ] || (cd clients/typescript && npm ci --no-audit --no-fund)
(cd clients/typescript && npm run --silent site:check)
began=$SECONDS
node --test --test-concurrency=2 ci/browser/*.test.mjs
echo "the site in Chromium: $((SECONDS - began)) s, screenshots in ${R4_SCREENSHOTS:-target/screenshots}"
