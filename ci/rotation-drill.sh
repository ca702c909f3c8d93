#!/usr/bin/env bash
# Replaces the API key, the internal key and the root seed of the node in containers under load, step by
# step as docs/secrets.md says, and shows that not one request fails, that every receipt from before and
# after verifies, that the old API keys are refused afterwards, and that who watches the log follows.
# Its containers, volumes and networks have names of their own and are gone afterwards. It takes some
# 40 s beyond the start.
# Images and ports: ci/stack.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/stack.sh rotation 18300
export COMPOSE_FILE="$COMPOSE_FILE:docker-compose.secrets.yml:$work/drill.yml"
export R4_RATE_ADDRESS=100000/s R4_RATE_KEY=100000/s R4_OPEN_ADDRESS=1000
# A public node has no less than a day.
export R4_EPOCH_NOTICE=6

new_key() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
old=$(new_key) new=$(new_key) old_internal=$(new_key) new_internal=$(new_key)

# The keys are this drill's own, in a folder that the services' user may read.
umask 022
chmod 0755 "$work"
mkdir -p "$work/keys" "$work/kept/receipts"
write() { printf '%s\n' "${@:2}" >"$work/keys/$1"; }
write api.key "$old"
write internal.key "$old_internal"
printf '%s' "$old" >"$work/callers.key"
{
  echo "services:"
  for part in core vrf gateway; do
    echo "  r4-$part:"
    echo "    volumes: [\"$work/keys:/run/r4:ro\", \"$work/kept:/kept:ro\"]"
  done
} >"$work/drill.yml"

# Lets a service read its keys again, and waits until it says so.
told() { docker compose logs --no-color "$1" | grep -c 'the keys were read again' || true; }
reload() {
  local before
  before=$(told "$1")
  docker compose kill -s HUP "$1" >/dev/null 2>&1 || return 1
  for _ in $(seq 50); do
    if [ "$(told "$1")" != "$before" ]; then return 0; fi
    sleep 0.2
  done
  echo "$1 does not read its keys again" >&2
  return 1
}
# Those that others ask come first: nobody is sent a key that it does not know yet.
reload_all() { for service in r4-core r4-vrf r4-gateway; do reload "$service" || fail "reload $service"; done; }

up "$http"
started=$SECONDS

curl -sf --max-time 5 -o "$work/kept/keys.json" "$http/v1/keys" || fail "$http/v1/keys does not answer"

# The state is the gateway's volume; what a watcher has is the folder and the log's address alone.
monitor() {
  docker compose exec -T r4-gateway r4 log monitor --notice 6s --state /var/lib/r4/monitor http://127.0.0.1:8082/v1/log ||
    fail "r4 log monitor"
}
# status WORD: waits until /v1/keys has an epoch of this status.
status() {
  for _ in $(seq 100); do
    if curl -sf --max-time 5 -o "$work/epochs" "$http/v1/keys" && grep -q "\"status\": *\"$1\"" "$work/epochs"; then return 0; fi
    sleep 0.2
  done
  fail "no key epoch is $1"
}

monitor
say "API key and internal key are replaced under load"
python3 ci/replicas.py steady "$http" "$work/callers.key" "$work/kept/receipts" "$work/stop" &
load=$!
sleep 1
write api.key "$new" "$old"
write internal.key "$new_internal" "$old_internal"
reload_all
printf '%s' "$new" >"$work/callers.key.new"
mv "$work/callers.key.new" "$work/callers.key"
sleep 1
write api.key "$new"
write internal.key "$new_internal"
reload_all

say "so is the root seed"
docker compose exec -T r4-vrf r4 keys generate --out /var/lib/r4/next.seed || fail "r4 keys generate"
status announced
monitor
status retired
sleep 1
touch "$work/stop"
wait "$load" || fail "requests failed while the keys were replaced"

say "the old keys are refused, and no key is in a log"
# answers URL KEY STATUS
answers() {
  local status
  status=$(curl -s --max-time 5 -o /dev/null -w '%{http_code}' -H "X-API-Key: $2" "$1") || status="no answer"
  [ "$status" = "$3" ] || fail "$1 answers $status instead of $3"
}
core="http://127.0.0.1:$R4_CORE_PORT/random?n=1" vrf="http://127.0.0.1:$R4_VRF_PORT/vrf"
for url in "$http/v1/random?n=1" "$core" "$vrf"; do
  answers "$url" "$old" 401
  answers "$url" "$old_internal" 401
  answers "$url" "$new" 200
done
answers "$core" "$new_internal" 200
answers "$http/v1/random?n=1" "$new_internal" 401
all_logs
if grep -qE "$old|$new|$old_internal|$new_internal" "$work/logs"; then fail "a key is in a log"; fi

say "every receipt verifies, and so does the log by the old keys"
curl -sf --max-time 5 -o "$work/kept/new.json" "$http/v1/keys" || fail "$http/v1/keys does not answer"
epochs=$(cat "$work"/kept/receipts/* | grep -oE '"key_hash": *"0x[0-9a-f]{64}"' | sort -u | wc -l)
[ "$epochs" = 2 ] || fail "the receipts are of $epochs key epochs"
# shellcheck disable=SC2016  # the variables belong to the container
docker compose exec -T r4-gateway sh -euc 'for receipt in /kept/receipts/*; do
  r4 verify --keys /kept/new.json "$receipt" >/dev/null || { echo "$receipt"; exit 1; }
done' || fail "r4 verify"
docker compose exec -T r4-gateway r4 log verify --notice 6s --keys /kept/keys.json http://127.0.0.1:8082/v1/log || fail "r4 log verify"
monitor

say "all passed in $((SECONDS - started)) s beyond the start"
