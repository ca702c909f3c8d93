#!/usr/bin/env bash
# Starts two gateways behind Caddy, with Redis and PostgreSQL in containers of their own, as
# docs/scaling.md says, and tests from outside that they are one gateway: a rate, a quota and a
# revocation hold for both, and a replica that is killed or restarted costs no request.
# Its containers, volumes, networks and images have names of their own and are gone afterwards;
# BuildKit's cache and the base images stay.
# Images and ports: ci/stack.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/stack.sh replicas 18100
# A frozen service does not stop.
stack_ends() { docker compose unpause >/dev/null 2>&1 || true; }
# What docs/scaling.md asks an operator for, and nothing else.
printf 'R4_GATEWAY_REPLICAS=2\nR4_SHARED_PASSWORD=%s\n' "$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')" >"$work/env"

check() { python3 ci/replicas.py "$@" || fail "$1"; }

# Makes a key and prints it, when both replicas know it: they look four times a second.
new_key() {
  docker compose exec -T r4-gateway r4 keys create "$@" >"$work/key" 2>"$work/said" ||
    fail "r4 keys create $*: $(cat "$work/said")"
  grep -oE '^r4_live_[0-9A-Za-z]{36}$' "$work/key" || fail "no key in: $(cat "$work/key")"
  sleep 0.6
}

replica() { docker compose ps -q --all r4-gateway | sed -n "$1p"; }
# The replica's own address, past Caddy.
address() {
  docker inspect --format "{{(index .NetworkSettings.Networks \"${COMPOSE_PROJECT_NAME}_edge\").IPAddress}}" "$(replica "$1")" |
    sed 's|.*|http://&:8082|'
}
# Waits until a container is healthy.
cat >"$work/healthy" <<'END'
until [ "$(docker inspect --format '{{.State.Health.Status}}' "$1")" = healthy ]; do sleep 0.2; done
END
served() {
  curl -sf --max-time 5 "$(address "$1")/metrics" |
    awk '/^r4_http_requests_total\{.*v1\/random"/ { sum += $NF } END { printf "%d", sum }'
}

# shellcheck disable=SC2016  # the variables belong to docker
confinement='{{.Config.User}} read-only {{.HostConfig.ReadonlyRootfs}}, dropped {{json .HostConfig.CapDrop}}, added {{json .HostConfig.CapAdd}}, {{.HostConfig.SecurityOpt}}, memory {{.HostConfig.Memory}}, ports {{json .HostConfig.PortBindings}}{{range $name, $_ := .NetworkSettings.Networks}} {{$name}}{{end}}'
confined() {
  local got want
  got=$(docker inspect --format "$confinement" "$(docker compose ps -q "$1")")
  want="$1 read-only true, dropped [\"ALL\"], added null, [no-new-privileges:true], memory $2, ports {} ${COMPOSE_PROJECT_NAME}_node"
  [ "$got" = "$want" ] || fail "$1 is not as confined as it should be: $got instead of $want"
}

up "$http"
started=$SECONDS
[ "$(docker compose ps -q r4-gateway | wc -l)" = 2 ] || fail "there are not two gateways"
confined redis 268435456
confined postgres 536870912

say "a key of 50/s gets 50/s over both"
# On a machine that is too busy Redis is late, and each replica limits alone for a second.
late() { docker compose logs r4-gateway | grep -c 'Redis is down' || true; }
for attempt in 1 2 3 4; do
  before=$(late)
  key=$(new_key --name "steady-$attempt" --rate 50/s)
  if python3 ci/replicas.py rate "$http" "$key"; then break; fi
  if [ "$(late)" = "$before" ] || [ "$attempt" = 4 ]; then fail "a key of 50/s"; fi
  say "Redis was late meanwhile; once more"
  sleep 2
done
one=$(served 1) two=$(served 2)
say "replica 1 answered $one of these requests, replica 2 $two"
if [ "$one" -lt 300 ] || [ "$two" -lt 300 ]; then fail "Caddy does not balance"; fi

say "20 clients race for the last unit of a quota"
for round in 1 2 3; do
  key=$(new_key --name "small-$round" --rate 1000/s --quota 3/month)
  check last-unit "$http" "$key"
done

say "a revoked key is refused by both"
key=$(new_key --name revoked --rate 1000/s)
check revoked "$key" "docker compose exec -T r4-gateway r4 keys revoke revoked" "$(address 1)" "$(address 2)" "$http"

say "a replica is killed under load"
key=$(new_key --name busy --rate 100000/s)
check outage "$http" "$key" "docker kill $(replica 2)"
say "it comes back, and the other is restarted, under load"
first=$(replica 1) second=$(replica 2)
check outage "$http" "$key" "docker start $second" "sh $work/healthy $second" "docker restart $first" "sh $work/healthy $first"

say "Redis and PostgreSQL hang: stored keys are refused, R4_API_KEY is not, and both heal"
docker compose pause redis postgres >/dev/null 2>&1
check until "$http" "$key" 503 5
check until "$http" demo 200 1
docker compose unpause redis postgres >/dev/null 2>&1
check until "$http" "$key" 200 10

say "all passed in $((SECONDS - started)) s beyond the start"
