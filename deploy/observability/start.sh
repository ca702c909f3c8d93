#!/bin/sh
# Starts Prometheus, after it has told it which names' certificates to watch: the public ones of
# DOMAIN, asked of Caddy itself, because not every machine reaches its own public address.
set -eu

targets=
for address in $(printf '%s' "${DOMAIN:-}" | tr ',A-Z' ' a-z'); do
  case $address in http://* | :*) continue ;; esac
  name=${address#https://}
  name=${name%%[:/]*}
  case $name in
    '' | localhost | *.localhost | 127.*) continue ;;
    *[!a-z0-9.-]*) echo "DOMAIN: $name is no name whose certificate can be watched" >&2; continue ;;
  esac
  targets="$targets${targets:+,}{\"targets\":[\"$name\"],\"labels\":{\"__param_target\":\"https://caddy:${R4_HTTPS_PORT:-443}/v1/health\"}}"
done
printf '[%s]\n' "$targets" >/tmp/names.json

exec prometheus --config.file=/etc/prometheus/r4/prometheus.yml --storage.tsdb.path=/prometheus \
  --storage.tsdb.retention.time=30d --storage.tsdb.retention.size=2GB "$@"
