#!/usr/bin/env bash
# Makes this machine's Docker engine a swarm of one node, deploys deploy/swarm/stack.yml as its README says,
# and tests under load: a rolling update of all three services, replicas that are killed, and updates
# that do not get ready and are rolled back; and keys that are revoked. No request for bytes is lost. About a minute.
# It leaves the swarm afterwards, and nothing else behind. An engine that is in a swarm is left alone.
#
# R4_TEST_IMAGES=PREFIX takes the images PREFIX-core, PREFIX-vrf and PREFIX-gateway instead of building
# them. Other ports: R4_TEST_HTTP_PORT, R4_TEST_HTTPS_PORT.
set -euo pipefail
cd "$(dirname "$0")/.."

# No setting of the person who runs this counts.
while read -r key; do unset "$key"; done < <(sed -n 's/^\([A-Z0-9_]*\)=.*/\1/p' .env.example)
work=$(mktemp -d)
stack=r4swarm
images=${R4_TEST_IMAGES:-r4swarm$$}
export R4_HTTP_PORT=${R4_TEST_HTTP_PORT:-18200} R4_HTTPS_PORT=${R4_TEST_HTTPS_PORT:-18643}
export R4_CORE_IMAGE=$images-core R4_VRF_IMAGE=$images-vrf R4_GATEWAY_IMAGE=$images-gateway
export R4_MONITOR=4s
http=http://127.0.0.1:$R4_HTTP_PORT
joined='' bridge=''

say() { printf 'swarm-test: %s\n' "$*"; }
reason="a command failed; its output is above the logs"
fail() { reason=$*; say "failed: $reason"; exit 1; }

containers() { docker ps -q --filter "label=com.docker.swarm.service.name=${stack}_${1:?}"; }
ours() { docker ps -aq --filter "label=com.docker.stack.namespace=$stack"; }

finish() {
  local code=$? service
  trap - EXIT
  if [ "$code" != 0 ] && [ -n "$joined" ]; then
    docker stack ps "$stack" --no-trunc --format '{{.Name}} {{.CurrentState}} {{.Error}}' || true
    for service in r4-core r4-vrf r4-gateway caddy postgres redis; do
      docker service logs --tail 15 "${stack}_$service" 2>&1 || true
    done
  fi
  if [ -n "$joined" ]; then leave || { reason="something is left over"; code=1; }; fi
  if [ -z "${R4_TEST_IMAGES:-}" ]; then
    docker image rm -f "$R4_CORE_IMAGE" "$R4_VRF_IMAGE" "$R4_GATEWAY_IMAGE" >/dev/null 2>&1 || true
  fi
  rm -rf "$work"
  [ "$code" = 0 ] || say "FAILED: $reason"
  exit "$code"
}
leave() {
  local kept
  docker stack rm "$stack" >/dev/null 2>&1
  for _ in $(seq 150); do if [ -z "$(ours)" ]; then break; fi; sleep 0.2; done
  ours | xargs -r docker rm -f -v >/dev/null
  kept=$(docker volume ls -q --filter "label=com.docker.stack.namespace=$stack")
  [ -z "$kept" ] || xargs -r docker volume rm <<<"$kept" >/dev/null || return 1
  docker swarm leave --force >/dev/null || return 1
  [ -n "$bridge" ] || docker network rm docker_gwbridge >/dev/null 2>&1 || true
  [ -z "$(ours)" ]
}
trap finish EXIT
trap 'exit 130' INT TERM

check() { python3 ci/replicas.py "$@" || fail "$1"; }
one() { containers "$1" | sed -n 1p; }
# Addresses that this machine reaches the replicas of a service at.
addresses() {
  local id
  for id in $(containers "$1"); do
    id=$(docker inspect --format '{{.Id}}' "$id")
    docker network inspect docker_gwbridge --format "{{(index .Containers \"$id\").IPv4Address}}" | cut -d/ -f1
  done
}
deploy="docker stack deploy --resolve-image never -c deploy/swarm/stack.yml $stack"
# Waits until there are two replicas of each service that has two.
both() {
  local service
  for service in r4-core r4-gateway; do
    for _ in $(seq 150); do if [ "$(containers $service | wc -l)" = 2 ]; then break; fi; sleep 0.2; done
    [ "$(containers $service | wc -l)" = 2 ] || fail "there are not two of $service"
  done
}
# Waits until the updates of these services are over, and says how: `service state` each.
cat >"$work/updated" <<'STOP'
wanted=$1
shift
for service in "$@"; do
  for _ in $(seq 400); do
    state=$(docker service inspect --format '{{if .UpdateStatus}}{{.UpdateStatus.State}}{{end}}' "$service")
    case $state in "$wanted") break ;; updating | rollback_started | "") sleep 0.2 ;; *) break ;; esac
  done
  [ "$state" = "$wanted" ] || { echo "$service: $state instead of $wanted" >&2; exit 1; }
done
STOP

state=$(docker info --format '{{.Swarm.LocalNodeState}}')
[ "$state" = inactive ] || fail "this engine is in a swarm already ($state): run this elsewhere, or leave it with docker swarm leave --force"
if docker network inspect docker_gwbridge >/dev/null 2>&1; then bridge=kept; fi
if [ -z "${R4_TEST_IMAGES:-}" ]; then
  docker compose -p "$images" build >"$work/build" 2>&1 || { tail -n 60 "$work/build"; fail "docker compose build"; }
fi
for image in "$R4_CORE_IMAGE" "$R4_VRF_IMAGE" "$R4_GATEWAY_IMAGE"; do
  docker image inspect "$image" >/dev/null 2>&1 || fail "there is no image $image"
done

started=$SECONDS
joined=yes
docker swarm init --advertise-addr 127.0.0.1 >/dev/null
docker node update --label-add r4.state=yes --label-add r4.edge=yes "$(docker info --format '{{.Swarm.NodeID}}')" >/dev/null
deploy/swarm/secrets.sh >/dev/null
$deploy >/dev/null
for _ in $(seq 150); do if curl -sf --max-time 5 -o "$work/health" "$http/v1/health"; then break; fi; sleep 0.4; done
grep -q '"status":"ok"' "$work/health" 2>/dev/null || fail "$http/v1/health does not say ok: $(cat "$work/health" 2>/dev/null)"
both
for _ in $(seq 100); do if docker exec "$(one r4-gateway)" r4 keys list >/dev/null 2>&1; then break; fi; sleep 0.3; done
say "up after $((SECONDS - started)) s"

say "no secret is in a setting, and a container holds only its own"
for container in $(ours); do docker inspect "$container"; done >"$work/inspected"
docker service ls -q | xargs docker service inspect >>"$work/inspected"
for container in $(containers r4-gateway) $(containers postgres); do
  docker exec "$container" sh -c 'for file in /run/secrets/*; do cat "$file"; echo; done'
done | tr -s ':/@\n' '\n' | grep -xE '[0-9a-f]{64}' | sort -u >"$work/secrets"
[ "$(wc -l <"$work/secrets")" = 4 ] || fail "there are $(wc -l <"$work/secrets") secrets, not 4"
if grep -qFf "$work/secrets" "$work/inspected"; then fail "docker inspect shows a secret"; fi
for service in r4-core r4-vrf; do
  [ "$(docker exec "$(one $service)" ls /run/secrets | xargs)" = "api_key internal_key" ] || fail "$service holds other secrets"
done
if docker exec "$(one caddy)" ls /run/secrets >/dev/null 2>&1; then fail "caddy holds secrets"; fi

docker exec "$(one r4-gateway)" r4 keys create --name load --rate 100000/s >"$work/key"
key=$(grep -oE '^r4_live_[0-9A-Za-z]{36}$' "$work/key") || fail "no key in: $(cat "$work/key")"
sleep 0.6

say "all three services are updated under load"
export R4_LOG_FORMAT=json
check rolling "$http" "$key" "$deploy" \
  "sh $work/updated completed ${stack}_r4-core ${stack}_r4-vrf ${stack}_r4-gateway"
for service in r4-core r4-vrf r4-gateway; do
  docker inspect --format '{{.Config.Env}}' "$(one $service)" >"$work/inspected"
  grep -q R4_LOG_FORMAT=json "$work/inspected" || fail "$service was not updated"
done

say "both gateways ask both cores"
for address in $(addresses r4-core); do
  served=$(curl -sf --max-time 5 "http://$address:8080/metrics" |
    awk '/^r4_http_requests_total\{.*"\/random"/ { sum += $NF } END { printf "%d", sum }')
  say "a core answered $served requests"
  [ "$served" -gt 50 ] || fail "a core gets no work"
done

say "a core and a gateway are killed under load"
check outage "$http" "$key" "docker kill $(one r4-core)" "sleep 1" "docker kill $(one r4-gateway)" "sleep 1"

say "a core without a valid signature and a gateway that finds no core do not replace those that serve"
both
before=$(containers r4-core; containers r4-gateway)
signer=d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a # of RFC 8032, section 7.1
patience="--detach --health-interval 500ms --health-retries 8"
check rolling "$http" "$key" \
  "docker service update $patience --env-add R4_MANIFEST_PUBLIC_KEY=$signer ${stack}_r4-core" \
  "docker service update $patience --env-add R4_CORE_URL=http://nowhere:8080 ${stack}_r4-gateway" \
  "sh $work/updated rollback_completed ${stack}_r4-core ${stack}_r4-gateway"
# The swarm says that it has rolled back before the last container of the new version is gone.
both
after=$(containers r4-core; containers r4-gateway)
[ "$after" = "$before" ] || fail "replicas that served were replaced: $(xargs <<<"$before") became $(xargs <<<"$after")"
# Exit code 0 of a replica that never got healthy may be taken for its start, and then one that serves is stopped.
for service in r4-core r4-gateway; do
  ends=$(docker service ps --no-trunc --format '{{.Name}}: {{.CurrentState}} {{.Error}}' "${stack}_$service")
  if grep ': Complete' <<<"$ends"; then fail "a replica that never got ready ended as if all were well"; fi
  grep -q ': Failed.*unhealthy' <<<"$ends" || fail "no new $service was found unhealthy: $ends"
done

say "the keys are revoked: nobody is ended, and a gateway that starts meanwhile comes in"
both
signs=$(one r4-vrf)
keys() { curl -sf --max-time 5 "$http/v1/keys" -o "$work/keys.json"; }
keys || fail "no keys"
active=$(grep -oE '"active": *"0x[0-9a-f]{64}"' "$work/keys.json" | grep -oE '0x[0-9a-f]{64}') || fail "no epoch is active"
docker exec "$signs" r4 keys revoke-epoch "$active" || fail "r4 keys revoke-epoch"
for _ in $(seq 50); do if keys && grep -q '"active": *null' "$work/keys.json"; then break; fi; sleep 0.1; done
docker kill "$(one r4-gateway)" >/dev/null
both
for gateway in $(containers r4-gateway); do
  for _ in $(seq 100); do health=$(docker inspect --format '{{.State.Health.Status}}' "$gateway"); [ "$health" = starting ] || break; sleep 0.2; done
  [ "$health" = healthy ] || fail "a gateway is $health"
done
health=$(docker inspect --format '{{.State.Health.Status}}, {{.State.Health.FailingStreak}} failed' "$signs")
[ "$health" = "healthy, 0 failed" ] || fail "r4-vrf is $health"
keys || fail "the keys are not served"
grep -q '"active": *null' "$work/keys.json" || fail "/v1/keys does not tell that the keys are revoked"

say "all passed in $((SECONDS - started)) s"
