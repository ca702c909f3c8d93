#!/usr/bin/env bash
# The restore drill, on the real containers: a node is backed up while it answers, destroyed with its
# volumes, and put back by the commands of docs/backup.md. Every receipt still verifies, the log is a
# continuation for a mirror, no index comes twice, API keys and their usage are back; and an older
# backup does not start by itself. Its containers, volumes and networks have names of their own and
# are gone afterwards.
# Images and ports: ci/stack.sh. Some 90 s beside building.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/stack.sh drill 18200
base=$gateway/v1
load=
stack_ends() { [ -z "$load" ] || kill "$load" 2>/dev/null || true; }

mkdir "$work/backups" "$work/mirror" "$work/receipts"
chown 10001:10001 "$work/backups"
printf 'R4_BACKUP_DIR=%s\nR4_RATE_ADDRESS=1000/s\nR4_RATE_KEY=1000/s\n' "$work/backups" >"$work/env"

# The command r4 on files of this folder, without a network.
r4() {
  docker run --rm -i --network none --user "$(id -u):$(id -g)" -v "$work:/work" -w /work \
    --entrypoint /usr/local/bin/r4 "$images-vrf" "$@"
}
# The same beside the gateway, whose loopback it shares.
r4_there() {
  docker run --rm -i --network "container:$(docker compose ps -q r4-gateway)" --user "$(id -u):$(id -g)" \
    -v "$work:/work" -w /work --entrypoint /usr/local/bin/r4 "$images-vrf" "$@"
}
backup() { docker compose run --rm -T --no-deps r4-backup "$@" </dev/null; }
restore() { docker compose run --rm -T -v "$work/mirror:/mirror:ro" r4-restore "$@"; }
get() { curl -sf --max-time 20 -H "X-API-Key: $api_key" "$@"; }
# Waits until the published checkpoint covers all that was answered, and copies the log.
mirror() {
  local last size
  last=$(get "$base/vrf" | sed -n 's/.*"index" *: *"\([0-9]*\)".*/\1/p' | sed -n 1p)
  for _ in $(seq 60); do
    size=$(curl -sf --max-time 5 "$base/log/checkpoint" | sed -n 2p)
    if [ "$size" -gt "$last" ]; then break; fi
    sleep 0.5
  done
  r4_there log mirror http://127.0.0.1:8082/v1/log mirror || fail "r4 log mirror"
}
usage() { docker compose exec -T r4-gateway r4 keys usage shop --json; }
# The index and the id of each receipt that was kept.
indexes() { sed -n 's/.*"index" *: *"\([0-9]*\)".*/\1/p;' "$work"/receipts/*.json; }

# Once, and later as it is.
up "$gateway" r4-core r4-vrf r4-gateway
again() { up "$gateway" --no-build r4-core r4-vrf r4-gateway; }
r4 backup keygen --out identity.txt >"$work/recipient" || fail "r4 backup keygen"
printf 'R4_BACKUP_RECIPIENT=%s\n' "$(cat "$work/recipient")" >>"$work/env"
api_key=demo
curl -sf "$base/keys" -o "$work/keys.json"
docker compose exec -T r4-gateway r4 keys create --name shop --quota 100000/month >"$work/key" 2>/dev/null || fail "r4 keys create"
api_key=$(cat "$work/key")
sleep 0.6

say "receipts of every kind"
for sig in ecdsa dilithium dual; do get "$base/vrf?sig=$sig&alpha=68656c6c6f" -o "$work/receipts/$sig.json"; done
get "$base/vrf" -o "$work/receipts/index.json"
get "$base/vrf?sig=ecdsa&chain_id=1&contract=0x00000000000000000000000000000000000000aa" -o "$work/receipts/chain.json"
get "$base/random_dual?n=32" -o "$work/receipts/attested.json"
get -H 'Content-Type: application/json' -d '{"kind": "dice", "count": 2, "label": "drill"}' "$base/draws" -o "$work/draw.json"
sleep 3 # usage is noted once a second
used=$(usage)
grep -q '"requests"' <<<"$used" || fail "no usage is noted: $used"
older=$(backup create) || fail "the first backup"
api_key=demo

say "a backup under load"
(number=0; while number=$((number + 1)); do get "$base/vrf?sig=ecdsa" -o "$work/receipts/load-$number.json" || true; done) &
load=$!
sleep 2
newer=$(backup create --keep-last 5) || fail "a backup under load"
sleep 2
kill "$load"
wait "$load" 2>/dev/null || true
load=
find "$work/receipts" -name '*.json' -size 0 -delete
[ "$older" != "$newer" ] || fail "two backups of one name"
r4 backup verify --store backups --identity identity.txt "$newer" || fail "r4 backup verify"
mirror
used=$(usage)
say "$(find "$work/receipts" -name '*.json' | wc -l) receipts; backups $older and $newer"

say "everything is destroyed, and an older backup comes back"
docker compose --profile backup down -v --timeout 20 >/dev/null 2>&1
[ -z "$(docker volume ls -q --filter "name=${COMPOSE_PROJECT_NAME}_state")" ] || fail "the volume is still there"
restore restore --identity - "$older" <"$work/identity.txt" || fail "restore the older backup"
if (trap - EXIT && again) >/dev/null; then fail "an older backup started by itself"; fi
docker compose logs r4-vrf >"$work/said" 2>&1
grep -q 'r4 backup resume' "$work/said" || fail "r4-vrf does not say what to do"
docker compose down --timeout 5 >/dev/null 2>&1
if restore resume </dev/null >"$work/said" 2>&1; then fail "it goes on without a word"; fi
grep -q -- '--close' "$work/said" || fail "it does not say what to do: $(cat "$work/said")"
if restore restore --identity - "$newer" <"$work/identity.txt" >"$work/said" 2>&1; then fail "restored over a state"; fi
grep -q 'empty folder only' "$work/said" || fail "it does not say why: $(cat "$work/said")"

say "the one command of docs/backup.md"
docker compose --profile backup down -v --timeout 20 >/dev/null 2>&1
restore restore --identity - --last /mirror <"$work/identity.txt" || fail "restore"
again
[ "$(usage)" = "$used" ] || fail "the usage of the API key is $(usage), and was $used"
api_key=$(cat "$work/key")
get "$base/vrf" >/dev/null || fail "the API key is not known"
curl -sf "$base/keys" -o "$work/keys-now.json"
for receipt in "$work"/receipts/*.json; do
  case $receipt in */dilithium.json) require=mldsa65 ;; */index.json | */dual.json | */attested.json) require=dual ;; *) require=ecdsa ;; esac
  printf '%s %s\n' "$require" "${receipt#"$work"/}"
done >"$work/list"
# One container for all of them.
docker run --rm --network none --user "$(id -u):$(id -g)" -v "$work:/work" -w /work --entrypoint /bin/sh "$images-vrf" -c '
  while read -r require receipt; do
    r4 verify --keys keys.json --require "$require" "$receipt" >said 2>&1 || { echo "$receipt"; cat said; exit 1; }
    r4 verify --keys keys-now.json --require "$require" "$receipt" >said 2>&1 || { echo "$receipt, new keys"; cat said; exit 1; }
  done <list' || fail "an old receipt does not verify"
r4 draw verify --keys keys.json draw.json || fail "the draw does not verify"
for number in $(seq 100); do get "$base/vrf?sig=ecdsa" -o "$work/receipts/after-$number.json"; done
[ "$(indexes | sort | uniq -d | wc -l)" = 0 ] || fail "an index came twice: $(indexes | sort | uniq -d | sed -n 1,3p)"
mirror
r4_there log verify http://127.0.0.1:8082/v1/log || fail "r4 log verify"
say "all passed in $SECONDS s"
