#!/usr/bin/env bash
# Tests the Python and the TypeScript client, and site/verify.html in Chromium, against the node at
# R4_TEST_URL with the key R4_TEST_API_KEY; without them against one that it starts, with the state of
# `cargo xtask up`, on ports 18480 to 18482. Nothing is skipped: what is missing fails.
set -euo pipefail
cd "$(dirname "$0")/.."
export CI=true
work=$(mktemp -d)
node=
finish() {
  local code=$?
  trap - EXIT
  if [ -n "$node" ]; then
    kill -INT "$node" 2>/dev/null || true
    wait "$node" || true
    [ "$code" = 0 ] || { echo "the node said:"; tail -n 40 "$work/node"; }
  fi
  rm -rf "$work"
  exit "$code"
}
trap finish EXIT

if [ -z "${R4_TEST_URL:-}" ]; then
  export R4_CORE_PORT=18480 R4_VRF_PORT=18481 R4_GATEWAY_PORT=18482 R4_ADMIN_PORT=18484
  export R4_API_KEY=demo R4_RATE_ADDRESS=200/s R4_RATE_KEY=1000/s R4_DEMO=1000/s
  export R4_TEST_URL=http://127.0.0.1:$R4_GATEWAY_PORT R4_TEST_API_KEY=$R4_API_KEY
  cargo xtask up >"$work/node" 2>&1 &
  node=$!
  until curl -sf --max-time 2 "$R4_TEST_URL/v1/health" >/dev/null; do
    kill -0 "$node" 2>/dev/null || { echo "the node ended"; exit 1; }
    [ "$SECONDS" -lt 900 ] || { echo "the node is not up after a quarter of an hour"; exit 1; }
    sleep 0.5
  done
fi

VENV=$PWD/target/python-client clients/python/check.sh >"$work/python" 2>&1 &
python=$!
code=0
(cd clients/typescript && npm ci --no-audit --no-fund && npm run page:check && npm test) || code=1
wait "$python" || { cat "$work/python"; echo "clients/python/check.sh failed"; code=1; }
tail -n 1 "$work/python"
[ "$code" = 0 ]
