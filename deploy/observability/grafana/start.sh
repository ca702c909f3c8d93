#!/bin/sh
# Starts Grafana, but not with a password that anybody would try.
set -eu
case ${GF_SECURITY_ADMIN_PASSWORD:-} in
  ????????????*) ;;
  *) echo "Grafana needs a password of its own: set R4_GRAFANA_PASSWORD to at least 12 characters," \
    "for example from 'openssl rand -hex 16', and start it again" >&2
    exit 2 ;;
esac
exec /run.sh "$@"
