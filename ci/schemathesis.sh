#!/usr/bin/env bash
# Holds the node at R4_TEST_URL, with the key R4_TEST_API_KEY, to its own description: the description
# is OpenAPI 3.1 whose examples fit their schemas, and no request that schemathesis makes of it is
# answered with a 5xx, with an undescribed status, type, header or body, or though it is wrong. The
# same requests in every run; about a minute. The demonstration is tested well only with a R4_DEMO of
# some hundred requests a second.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${R4_TEST_URL:?the address of a node}" "${R4_TEST_API_KEY:?an API key of that node}"
venv=$PWD/target/schemathesis
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

packages=(schemathesis==4.32.5 openapi-spec-validator==0.9.0 jsonschema==4.26.0)
if [ "$(cat "$venv/packages" 2>/dev/null)" != "${packages[*]}" ]; then
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}"
  echo "${packages[*]}" >"$venv/packages"
fi

curl -sSf --max-time 20 -o "$work/openapi.json" "$R4_TEST_URL/openapi.json"
"$venv/bin/python" ci/openapi.py "$work/openapi.json"
config=$PWD/ci/schemathesis.toml
# It leaves files where it runs.
cd "$work"
# Left out: that what fits the schema is accepted. No schema can say that an alpha must not begin with
# r4/, that a contract needs a chain, or that k is at most n.
"$venv/bin/schemathesis" --config-file "$config" run openapi.json \
  --url "$R4_TEST_URL" --header "X-API-Key: $R4_TEST_API_KEY" --checks all \
  --exclude-checks positive_data_acceptance \
  --phases examples,coverage,fuzzing,stateful --max-examples 60 --workers 1 --request-timeout 20 \
  --generation-deterministic --warnings off --no-color
