#!/usr/bin/env bash
# Starts the containers and attacks them, through Caddy and straight, as ci/hostile says, while a good
# client measures how it is served, and how by a second node at the same time, which nobody attacks: so
# much of it is the machine's. Afterwards the services must be the same processes, with their
# memory and descriptors back, and no secret in a log. About 90 s beyond the start.
# Images and ports: ci/stack.sh. Arguments choose attacks by the names in the table.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/stack.sh hostile 18200
name=$COMPOSE_PROJECT_NAME
export COMPOSE_FILE="$COMPOSE_FILE:$work/test.yml"
services=(r4-core r4-vrf r4-gateway caddy)
networks=()
# The node that is left alone.
calm() {
  COMPOSE_PROJECT_NAME=${name}calm R4_HTTP_PORT=$((R4_HTTP_PORT + 100)) R4_HTTPS_PORT=$((R4_HTTPS_PORT + 100)) \
    R4_CORE_PORT=$((R4_CORE_PORT + 100)) R4_VRF_PORT=$((R4_VRF_PORT + 100)) R4_GATEWAY_PORT=$((R4_GATEWAY_PORT + 100)) "$@"
}
stack_ends() {
  calm docker compose down -v --remove-orphans --timeout 20 >/dev/null 2>&1
  [ "${#networks[@]}" = 0 ] || docker network rm "${networks[@]}" >/dev/null || true
}
stack_logs() { docker compose logs --no-color 2>&1 | grep -v ' INFO request ' | tail -n 60; }

secret() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }
api_key=$(secret) internal_key=$(secret) admin_token=$(secret)
# Rates far above the default, so that attacks get past the first gate and load what is behind it.
(umask 077 && cat >"$work/env" <<END
R4_API_KEY=$api_key
R4_INTERNAL_KEY=$internal_key
R4_ADMIN_TOKEN=$admin_token
R4_RATE_ADDRESS=1000/s
END
)
# One Caddy speaks both plain HTTP and TLS.
cat >"$work/test.yml" <<END
services:
  caddy: {environment: {DOMAIN: "http://, https://localhost"}}
END
up "$http"
calm up "http://127.0.0.1:$((R4_HTTP_PORT + 100))" --no-build

# Limits go by address, and a published port shows all of this machine as one. So the containers are
# asked at their own addresses, from addresses of networks that this machine alone is in.
for place in 1 2 3 4; do
  docker network create --internal "$name-$place" >/dev/null
  networks+=("$name-$place")
done
own() { docker network inspect --format '{{(index .IPAM.Config 0).Gateway}}' "$name-$1"; }
at() { docker inspect --format "{{(index .NetworkSettings.Networks \"${COMPOSE_PROJECT_NAME}_edge\").IPAddress}}" "$(docker compose ps -q "$1")"; }
new_key() {
  docker compose exec -T r4-gateway r4 keys create --name "$1" --rate 100000/s >"$work/key" 2>"$work/said" || fail "r4 keys create: $(cat "$work/said")"
  grep -oE '^r4_live_[0-9A-Za-z]{36}$' "$work/key" || fail "r4 keys create printed no key"
}
good_key=$(new_key good) bad_key=$(new_key mallory) calm_key=$(calm new_key good)
caddy=$(at caddy)
export R4_HOSTILE_CADDY=$caddy:$R4_HTTP_PORT R4_HOSTILE_TLS=$caddy:$R4_HTTPS_PORT
R4_HOSTILE_GATEWAY=$(at r4-gateway):8082
R4_HOSTILE_CALM_CADDY=$(calm at caddy):$((R4_HTTP_PORT + 100)) R4_HOSTILE_CALM_GATEWAY=$(calm at r4-gateway):8082
export R4_HOSTILE_CALM_CADDY R4_HOSTILE_CALM_GATEWAY
export R4_HOSTILE_GATEWAY R4_HOSTILE_CORE=127.0.0.1:$R4_CORE_PORT R4_HOSTILE_VRF=127.0.0.1:$R4_VRF_PORT
R4_HOSTILE_GOOD_SOURCE=$(own 1) R4_HOSTILE_SOURCES=$(own 2),$(own 3),$(own 4)
export R4_HOSTILE_GOOD_SOURCE R4_HOSTILE_SOURCES

# Which processes there are, as docker tells it.
processes() {
  local service
  for service in "${services[@]}"; do
    docker inspect --format "$service {{.Id}} {{.State.StartedAt}} {{.State.Pid}} {{.RestartCount}} {{.State.OOMKilled}}" "$(docker compose ps -aq "$service")"
  done
}
# What a service holds: its memory in kB and its descriptors, seen from a container beside it.
held() {
  docker run --rm --network none --cap-add SYS_PTRACE --pid "container:$(docker compose ps -q "$1")" "$runtime" \
    sh -c 'awk "/^VmRSS/ { print \$2 }" /proc/1/status; ls /proc/1/fd | wc -l' | paste -sd' '
}
runtime=$(sed -n 's/^FROM \(debian:[^ ]*\).*/\1/p' Dockerfile.core | sed -n 1p)
declare -A before
for service in "${services[@]}"; do before[$service]=$(held "$service"); done
processes >"$work/before"

started=$SECONDS
printf '%s\n' "$good_key" "$calm_key" "$bad_key" "$admin_token" "$api_key" "$internal_key" >"$work/secrets"
python3 ci/hostile "$@" <"$work/secrets" || fail "an attack did something; see the table"
say "attacked for $((SECONDS - started)) s"

processes >"$work/after"
diff -u "$work/before" "$work/after" || fail "a service is not the process that it was"
# Go gives memory back late; a leak would not come back at all, or be far more than this.
for service in "${services[@]}"; do
  read -r memory descriptors <<<"${before[$service]}"
  for try in $(seq 10); do
    read -r now open <<<"$(held "$service")"
    if [ "$now" -le $((memory + 65536)) ] && [ "$open" -le $((descriptors + 20)) ]; then break; fi
    [ "$try" != 10 ] || fail "$service has $now kB and $open descriptors, and before $memory kB and $descriptors"
    sleep 1
  done
  say "$service: $memory kB and $descriptors descriptors before, $now kB and $open after"
done
[ "$(curl -s --max-time 5 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$R4_HTTP_PORT/v1/health")" = 200 ] || fail "the node is not well"

all_logs
if grep -nFf "$work/secrets" "$work/logs" | cut -c1-200; then fail "a secret is in the logs"; fi
if grep -nE ' ERROR |ALARM|panic|goroutine [0-9]' "$work/logs" | sed -n 1,20p | grep .; then fail "errors in the logs"; fi
say "$(wc -l <"$work/logs") lines of logs hold no secret and no error"
