#!/usr/bin/env bash
# Tests the Python and the TypeScript client, and site/verify.html in Chromium, against a node that it
# starts for them on ports 18480 to 18482 (or R4_CORE_PORT, R4_VRF_PORT, R4_GATEWAY_PORT). The node has
# the state of `cargo xtask up`, so none may run here. Nothing is skipped: what is missing fails.
set -euo pipefail
cd "$(dirname "$0")/.."
export R4_CORE_PORT=${R4_CORE_PORT:-18480} R4_VRF_PORT=${R4_VRF_PORT:-18481} R4_GATEWAY_PORT=${R4_GATEWAY_PORT:-18482}
export CI=true R4_API_KEY=demo R4_RATE_ADDRESS=200/s R4_RATE_KEY=200/s
export R4_TEST_URL=http://127.0.0.1:$R4_GATEWAY_PORT R4_TEST_API_KEY=$R4_API_KEY
log=$(mktemp)
cargo xtask up >"$log" 2>&1 &
node=$!
finish() {
  local code=$?
  trap - EXIT
  kill -INT "$node" 2>/dev/null || true
  wait "$node" || true
  [ "$code" = 0 ] || { echo "the node said:"; tail -n 40 "$log"; }
  rm -f "$log"
  exit "$code"
}
trap finish EXIT
for _ in $(seq 1200); do
  kill -0 "$node" 2>/dev/null || { echo "the node ended"; exit 1; }
  if curl -sf --max-time 2 "$R4_TEST_URL/v1/health" >/dev/null; then break; fi
  sleep 0.5
done
curl -sf --max-time 2 "$R4_TEST_URL/v1/health" >/dev/null || { echo "the node is not up after ten minutes"; exit 1; }

echo "--- Python"
VENV=$PWD/target/python-client clients/python/check.sh

echo "--- TypeScript, and the page in Chromium"
cd clients/typescript
npm ci --no-audit --no-fund
npm run page:check
npm test
