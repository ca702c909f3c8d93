#!/usr/bin/env bash
# Proves that contracts/artifacts/ is what the sources compile to, and runs Foundry's tests and slither.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$PWD/target/tools
cd contracts
npm ci --no-audit --no-fund
npm run check
npx forge fmt --check
npx forge test
[ -x "$tools/bin/python3" ] || python3 -m venv "$tools"
"$tools/bin/python3" -m pip install -q --disable-pip-version-check slither-analyzer==0.11.6
PATH="$PWD/node_modules/.bin:$PATH" FOUNDRY_PROFILE=slither "$tools/bin/slither" .
