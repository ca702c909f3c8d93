#!/usr/bin/env bash
# Everything that must hold of this package: the locked dependencies, style, types, tests, and the
# wheel as a stranger would install it. The environment is kept in VENV (default .venv).
# With CI=true the tests need R4_TEST_URL, R4_TEST_API_KEY (a running node) and R4_VECTORS.
set -Eeuo pipefail
cd "$(dirname "$0")"
venv=${VENV:-.venv}
"${PYTHON:-python3}" -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
  -r requirements.lock
"$venv/bin/ruff" check .
"$venv/bin/ruff" format --check .
"$venv/bin/mypy"
"$venv/bin/python" -m pytest

wheels=$(mktemp -d)
trap 'rm -r "$wheels"' EXIT
"$venv/bin/pip" wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation \
  --wheel-dir "$wheels" .
wheel=$(echo "$wheels"/re4ctor-*.whl)
PYTHONPATH=$wheel "$venv/bin/python" -P -m re4ctor verify --help > "$wheels/help"
grep -q 'signer NOT checked' "$wheels/help"
PYTHONPATH=$wheel "$venv/bin/python" -P -m re4ctor draw verify --help > "$wheels/help"
grep -q -e '--participants FILE' "$wheels/help"
"$venv/bin/python" -m zipfile --list "$wheel" > "$wheels/files"
grep -q '^re4ctor/py.typed ' "$wheels/files"
