#!/usr/bin/env bash
# Proves that contracts/artifacts/ is what the sources compile to, and runs Foundry's tests and slither.
set -euo pipefail
cd "$(dirname "$0")/.."
slither=$PWD/target/slither
cd contracts
npm ci --no-audit --no-fund
npm run check
export PATH=$PWD/node_modules/.bin:$PATH
forge fmt --check
forge test
[ -x "$slither/bin/python3" ] || python3 -m venv "$slither"
"$slither/bin/python3" -m pip install -q --disable-pip-version-check -r slither.requirements.txt
FOUNDRY_PROFILE=slither "$slither/bin/slither" .
