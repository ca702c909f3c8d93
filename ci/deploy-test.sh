#!/usr/bin/env bash
# r4 deploy, on the real containers: what `check` must find is put into a node's folder, one thing after the
# other; an update goes well; updates that must fail (a service that ends, one that ends later, a Caddyfile
# that leaves the node out, one that is cut short) leave the node as it was; the way back by hand; and one while the
# keys are revoked. Receipts of all of that verify. Its containers, volumes and networks have names of their own and are gone afterwards.
#
# Images and ports: ci/stack.sh. Some four minutes beside building.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/stack.sh deploy 18400
load='' clock=''
stack_ends() {
  [ -z "$load" ] || kill "$load" 2>/dev/null || true
  [ -z "$clock" ] || kill "$clock" 2>/dev/null || true
  docker image rm -f "$images-vrf:second" "$images-vrf:ends" "$images-gateway:later" "$images-core:leaky" >/dev/null 2>&1 || true
}

cargo build --locked -q -p r4-cli
[ -n "${R4_TEST_IMAGES:-}" ] || docker compose build -q r4-core r4-vrf r4-gateway >"$work/build.log" 2>&1 ||
  { tail -n 60 "$work/build.log"; fail "docker compose build"; }

# The folder of an operator, and images that are not like the first.
node=$work/node
mkdir -p "$node" "$work/backups" "$work/receipts"
chown 10001:10001 "$work/backups"
cp docker-compose.yml docker-compose.variants.yml Caddyfile "$node"
cp -r site "$node"
variant() { printf 'FROM %s\n%s\n' "$images-$1" "$3" | docker build -q -t "$images-$1:$2" - >/dev/null || fail "docker build $1:$2"; }
new_key() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
api_key=$(new_key) internal=$(new_key)
variant vrf second 'LABEL second=yes'
variant vrf ends 'ENTRYPOINT ["/bin/false"]'
variant gateway later 'ENTRYPOINT ["/bin/sh", "-c", "timeout 12 r4-gateway; exit 1"]'
variant core leaky "USER 0
RUN echo $api_key >/leak && rm /leak"
deploy() { env -u COMPOSE_FILE -u COMPOSE_ENV_FILES "$PWD/target/debug/r4" deploy "$1" --dir "$node" "${@:2}"; }

# A time server that is right, and one that is not.
python3 - "$work/right" "$work/wrong" <<'END_OF_SERVER' &
import select, socket, struct, sys, time
servers = {}
for name, off in ((sys.argv[1], 0), (sys.argv[2], 5)):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    servers[server] = off
    with open(name, "w") as file:
        file.write("127.0.0.1:%d" % server.getsockname()[1])
while True:
    for server in select.select(list(servers), [], [])[0]:
        asked, caller = server.recvfrom(512)
        now = time.time() + servers[server] + 2208988800
        stamp = struct.pack(">II", int(now), int(now % 1 * 2**32))
        # RFC 5905: no warning, version 4, server, stratum 1; the caller's time comes back.
        server.sendto(b"\x24\x01\x00\xec" + bytes(8) + b"TEST" + stamp + asked[40:48] + stamp + stamp, caller)
END_OF_SERVER
clock=$!
for _ in $(seq 50); do if [ -s "$work/wrong" ]; then break; fi; sleep 0.1; done
right=$(cat "$work/right") wrong=$(cat "$work/wrong")

# settings [NAME=value ..]: the operator's .env, with these besides.
settings() {
  (umask 077 && printf '%s\n' "R4_CORE_IMAGE=$images-core" "R4_VRF_IMAGE=$images-vrf" "R4_GATEWAY_IMAGE=$images-gateway" \
    "R4_API_KEY=$api_key" "R4_INTERNAL_KEY=$internal" "R4_BACKUP_RECIPIENT=$recipient" "R4_BACKUP_DIR=$work/backups" \
    "R4_RATE_ADDRESS=1000/s" "R4_RATE_KEY=1000/s" R4_EPOCH_NOTICE=10 "$@" >"$node/.env")
  chmod 600 "$node/.env"
}
target/debug/r4 backup keygen --out "$work/identity.txt" >"$work/recipient" 2>/dev/null || fail "r4 backup keygen"
recipient=$(cat "$work/recipient")

say "what check finds"
# found WORDS..: check says that something is bad, and all of that.
found() {
  local code=0
  deploy check --ntp "$right" >"$work/said" 2>&1 || code=$?
  [ "$code" = 1 ] || fail "exit code $code, not 1, without: $*: $(cat "$work/said")"
  grep '✗' "$work/said" >"$work/bad" || fail "nothing is bad in: $(cat "$work/said")"
  for words; do grep -q -- "$words" "$work/bad" || fail "no $words in: $(cat "$work/said")"; done
}
passes() { deploy check --ntp "$right" >"$work/said" 2>&1 || fail "check: $(cat "$work/said")"; }
settings
passes
for words in 'nothing runs yet' 'can mean another image tomorrow'; do
  grep -q "$words" "$work/said" || fail "no $words in: $(cat "$work/said")"
done
! grep -q "$api_key" "$work/said" || fail "a key is shown"
settings R4_API_KEY=demo; found 'R4_API_KEY has 4 characters'
settings R4_API_KEY=abababababababababab; found 'R4_API_KEY has 2 different characters'
settings R4_API_KEY="$internal"; found 'R4_API_KEY and R4_INTERNAL_KEY are the same'
settings R4_CORE_IMAGE="$images-core:leaky"
chmod 644 "$node/.env"
echo "call with $api_key" >"$node/notes.txt"
touch "$node/next.seed"
# shellcheck disable=SC2016  # Compose expands it
sed -i 's/"127.0.0.1:${R4_VRF_PORT/"0.0.0.0:${R4_VRF_PORT/' "$node/docker-compose.yml"
found "image $images-core:leaky of r4-core has R4_API_KEY in it" 'chmod 600' 'the folder has notes.txt with R4_API_KEY in it' \
  'next.seed, which is a secret' "others reach r4-vrf on port $R4_VRF_PORT"
rm "$node/notes.txt" "$node/next.seed"
cp docker-compose.yml "$node"
settings
git -C "$node" init -q && printf '.env\n.deploy\n' >"$node/.gitignore" && passes
git -C "$node" add -f .env; found 'git has .env with R4_API_KEY in it'; rm -rf "$node/.git"
deploy check --ntp "$wrong" >"$work/said" 2>&1 && fail "a clock that is off is taken"
grep -Eq '✗.* clock +(4|5)[0-9]{3} ms off' "$work/said" || fail "no word of the clock: $(cat "$work/said")"
deploy check --ntp 127.0.0.1:9 >"$work/said" 2>&1 || fail "no time server: $(cat "$work/said")"
grep -q 'not compared: 127.0.0.1:9' "$work/said" || fail "it does not say that the clock was not compared: $(cat "$work/said")"

say "the first start, and an update under load"
update() { deploy update --ntp "$right" --wait "$wait" --watch "$watch" "$@"; }
wait=60 watch=4
runs() { docker inspect --format '{{.Image}}' "$(docker compose ps -q "$1")"; }
id() { docker image inspect --format '{{.Id}}' "$1"; }
get() { curl -sf --max-time 20 -H "X-API-Key: $api_key" "$@"; }
# well IMAGE: the node answers through Caddy, and its r4-vrf is of this image.
well() {
  answers "$http/v1/health" || fail "$http does not answer"
  [ "$(runs r4-vrf)" = "$(id "$1")" ] || fail "r4-vrf is not of $1"
  [ "$(runs r4-gateway)" = "$(id "$images-gateway")" ] || fail "r4-gateway is of another image"
  docker compose exec -T caddy cat /etc/caddy/Caddyfile | cmp -s - Caddyfile || fail "Caddy has another Caddyfile"
  get "$http/v1/vrf?sig=ecdsa" -o "$work/receipts/$(date +%s%N).json" || fail "no receipt"
}
settings R4_API_KEY=demo
if update >"$work/said" 2>&1; then fail "an update with a bad key"; fi
grep -q 'nothing was changed' "$work/said" || fail "it does not say that nothing was changed: $(cat "$work/said")"
settings
update || fail "the first start"
curl -sf --max-time 5 "$http/v1/keys" -o "$work/keys.json"
well "$images-vrf"
(number=0; while sleep 0.05; do number=$((number + 1)); get "$http/v1/vrf?sig=ecdsa" -o "$work/receipts/load-$number.json" || echo lost >>"$work/lost"; done) &
load=$!
settings R4_VRF_IMAGE="$images-vrf:second"
update || fail "an update"
kill "$load"
wait "$load" 2>/dev/null || true
load=
find "$work/receipts" -name '*.json' -size 0 -delete
well "$images-vrf:second"
[ "$(find "$work/backups" -name '*.tar.age' | wc -l)" = 1 ] || fail "no backup was made before"
passes
say "$(find "$work/receipts" -name 'load-*' | wc -l) requests answered meanwhile, $(wc -l 2>/dev/null <"$work/lost" || echo 0) not"

wait=20
say "updates that fail leave the node as it was"
# fails WORDS: the update ends with 1, says why, and says that the node is as before.
fails() {
  local words=$1 code=0
  shift
  update --without-backup "$@" >"$work/said" 2>&1 || code=$?
  [ "$code" = 1 ] || fail "exit code $code: $(cat "$work/said")"
  grep -q -- "$words" "$work/said" || fail "no $words in: $(cat "$work/said")"
  grep -q 'all is as it was before' "$work/said" || fail "it does not say so: $(cat "$work/said")"
  cp Caddyfile "$node"
  well "$images-vrf:second"
}
settings R4_VRF_IMAGE="$images-vrf:ends"
printf 'services:\n  extra: {image: "%s-vrf", entrypoint: [sleep, infinity], healthcheck: {disable: true}, pull_policy: never}\n' "$images" >"$node/docker-compose.override.yml"
fails 'r4-vrf'
rm "$node/docker-compose.override.yml"
[ -z "$(docker ps -aq --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME" --filter label=com.docker.compose.service=extra)" ] ||
  fail "a service that was not there before is left over"
settings R4_VRF_IMAGE="$images-vrf:second" R4_GATEWAY_IMAGE="$images-gateway:later"; watch=20 fails 'gateway\|restarted'
settings R4_VRF_IMAGE="$images-vrf:second"
# A Caddyfile that leaves the node out.
printf '{\n\thttp_port %s\n\tadmin off\n}\nhttp:// {\n\troot * /srv/site\n\tfile_server\n}\n' "$R4_HTTP_PORT" >"$node/Caddyfile"
fails 'Caddy does not hand on http://localhost/v1/health'

say "one that is cut short"
settings R4_VRF_IMAGE="$images-vrf:ends"
update --without-backup >"$work/said" 2>&1 &
cut=$!
for _ in $(seq 200); do if [ -e "$node/.deploy/candidate" ]; then break; fi; sleep 0.1; done
sleep 2
pkill -KILL -P "$cut" || true
wait "$cut" 2>/dev/null || true
# What it had asked of Docker still happens.
sleep 3
settings R4_VRF_IMAGE="$images-vrf:second"
if update --without-backup >"$work/said" 2>&1; then fail "it goes on after an update that was cut short"; fi
grep -q 'first r4 deploy rollback' "$work/said" || fail "it does not say what to do: $(cat "$work/said")"
deploy rollback --wait "$wait" --watch "$watch" || fail "r4 deploy rollback"
well "$images-vrf:second"

say "back by hand"
deploy rollback --wait "$wait" --watch "$watch" || fail "r4 deploy rollback"
well "$images-vrf"
deploy check --ntp "$right" | grep 'node' || fail "check of a node that runs"
[ "$(stat -c %a "$node/.deploy")" = 700 ] || fail ".deploy is open to others"
for receipt in "$work"/receipts/*.json; do
  target/debug/r4 verify --keys "$work/keys.json" --require ecdsa "$receipt" >"$work/verify" 2>&1 ||
    { cat "$work/verify"; fail "$receipt does not verify"; }
done
say "keys are revoked, and an update comes in all the same"
keys() { curl -sf --max-time 5 "$http/v1/keys" -o "$1"; }
revoked=$(grep -oE '"active": *"0x[0-9a-f]{64}"' "$work/keys.json" | grep -oE '0x[0-9a-f]{64}') || fail "no epoch is active"
docker compose exec -T r4-vrf r4 keys revoke-epoch "$revoked" || fail "r4 keys revoke-epoch"
for _ in $(seq 50); do if keys "$work/revoked.json" && grep -q '"active": *null' "$work/revoked.json"; then break; fi; sleep 0.1; done
curl -s --max-time 20 -H "X-API-Key: $api_key" "$http/v1/vrf?sig=ecdsa" -o "$work/refused"
grep -q keys-revoked "$work/refused" || fail "a revoked epoch does not say so: $(cat "$work/refused")"
for _ in $(seq 50); do if deploy check --ntp "$right" >"$work/said" 2>&1; then sleep 0.2; else break; fi; done
grep -q 'the signing keys are revoked' "$work/said" || fail "check does not name it: $(cat "$work/said")"
settings R4_VRF_IMAGE="$images-vrf:second"
if update >"$work/said" 2>&1; then fail "an update of a node that is not well, unasked"; fi
grep -q 'nothing was changed' "$work/said" || fail "it does not say that nothing was changed: $(cat "$work/said")"
update --anyway || fail "an update while the keys are revoked"
[ "$(runs r4-vrf)" = "$(id "$images-vrf:second")" ] || fail "r4-vrf was not updated"
code=0
settings R4_VRF_IMAGE="$images-vrf:ends"
update --anyway --without-backup >"$work/said" 2>&1 || code=$?
[ "$code" = 1 ] || fail "an update that fails while the keys are revoked: exit code $code: $(cat "$work/said")"
[ "$(runs r4-vrf)" = "$(id "$images-vrf:second")" ] || fail "it is not as it was before"
deploy rollback --anyway --wait "$wait" --watch "$watch" || fail "r4 deploy rollback --anyway"
[ "$(runs r4-vrf)" = "$(id "$images-vrf")" ] || fail "it did not go back"
keys "$work/revoked.json" || fail "no keys"
code=0
target/debug/r4 verify --keys "$work/revoked.json" --require ecdsa "$receipt" >"$work/verify" 2>&1 || code=$?
[ "$code" = 1 ] || fail "a receipt of revoked keys: exit code $code, $(cat "$work/verify")"
if node contracts/scripts/key-arguments.mjs <"$work/revoked.json" >"$work/arguments" 2>&1; then fail "arguments of no epoch"; fi
grep -q 'announce one first' "$work/arguments" || fail "it does not say what to do: $(cat "$work/arguments")"
docker compose exec -T r4-vrf r4 keys generate --out /var/lib/r4/next.seed >/dev/null || fail "r4 keys generate"
for _ in $(seq 100); do if get "$http/v1/vrf?sig=ecdsa" -o "$work/after.json"; then break; fi; sleep 0.5; done
keys "$work/keys.json" || fail "no keys"
target/debug/r4 verify --keys "$work/keys.json" --require ecdsa "$work/after.json" || fail "a receipt of the next epoch"

say "all passed in $SECONDS s"
