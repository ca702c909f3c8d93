#!/usr/bin/env bash
# Checks what watches the node, without a container: Prometheus's configuration, the rules and their
# tests, the dashboards against Grafana's types and their queries against Prometheus's parser, and
# that rules, tests, docs/RUNBOOK.md, dashboards and docs/metrics.md tell of the same things.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd deploy/observability
promtool check config prometheus.yml
promtool test rules rules_test.yml
prometheus-blackbox-exporter --config.check --config.file=blackbox.yml
cd ../..
for password in "" admin elevenchars; do
  said=0
  GF_SECURITY_ADMIN_PASSWORD=$password sh deploy/observability/grafana/start.sh 2>"$work/refused" || said=$?
  [ "$said" = 2 ] || { echo "Grafana starts with the password '$password'"; exit 1; }
  grep -q R4_GRAFANA_PASSWORD "$work/refused"
done
python3 ci/observability.py
python3 ci/observability.py --queries >"$work/queries.yml"
promtool check rules "$work/queries.yml"
npm ci --prefix ci/dashboards --no-audit --no-fund --silent
node ci/dashboards/check.mjs deploy/observability/grafana/dashboards/*.json
