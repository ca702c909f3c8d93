#!/usr/bin/env bash
# Backups in a bucket: the real commands against moto's S3 server, with a node that serves. Takes some
# 20 s once the programs are built.
#
# Other ports: R4_TEST_S3_PORT, R4_TEST_VRF_PORT.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
s3_port=${R4_TEST_S3_PORT:-18190} vrf_port=${R4_TEST_VRF_PORT:-18191}
running=()
say() { printf 'backup-s3: %s\n' "$*"; }
fail() { say "FAILED: $*"; exit 1; }
finish() {
  local code=$?
  trap - EXIT
  [ "${#running[@]}" = 0 ] || kill "${running[@]}" 2>/dev/null || true
  [ "$code" = 0 ] || tail -n 20 "$work"/*.log || true
  wait
  rm -rf "$work"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

tools=$PWD/target/tools
[ -x "$tools/bin/python3" ] || python3 -m venv "$tools"
[ -x "$tools/bin/moto_server" ] ||
  "$tools/bin/python3" -m pip install -q --disable-pip-version-check 'moto[server]==5.2.2'
cargo build --locked -q -p r4-vrf -p r4-cli
r4=$PWD/target/debug/r4

waits() { for _ in $(seq 200); do if curl -sf --max-time 2 -o /dev/null "$1"; then return 0; fi; sleep 0.1; done; fail "$1 does not answer"; }

"$tools/bin/moto_server" -H 127.0.0.1 -p "$s3_port" >"$work/moto.log" 2>&1 &
running+=($!)
env -i R4_API_KEY=demo PORT="$vrf_port" R4_STATE_DIR="$work/state" R4_CORE_URL=http://127.0.0.1:9 \
  target/debug/r4-vrf >"$work/vrf.log" 2>&1 &
vrf=$!
running+=("$vrf")
waits "http://127.0.0.1:$s3_port/moto-api/"
waits "http://127.0.0.1:$vrf_port/health"
curl -sf --max-time 5 -X PUT "http://127.0.0.1:$s3_port/bucket" >/dev/null

receipt() { curl -sf --max-time 10 -H 'X-API-Key: demo' "http://127.0.0.1:$vrf_port/vrf?sig=dual" "$@"; }
curl -sf --max-time 5 "http://127.0.0.1:$vrf_port/keys" -o "$work/keys.json"
for number in $(seq 20); do receipt -o "$work/receipt-$number.json"; done
# More than one part of an upload: what else is in the state folder belongs to a backup, too.
head -c 40000000 /dev/urandom >"$work/state/large"

"$r4" backup keygen --out "$work/identity.txt" >"$work/recipient"
export R4_BACKUP_RECIPIENT R4_BACKUP_STORE=s3://bucket/nodes/one R4_BACKUP_S3_ENDPOINT=http://127.0.0.1:$s3_port
R4_BACKUP_RECIPIENT=$(cat "$work/recipient")
refused() {
  local words=$1
  shift
  if "$@" >"$work/said" 2>&1; then fail "not refused: $*"; fi
  grep -q -- "$words" "$work/said" || fail "no $words in: $(cat "$work/said")"
}
create() { "$r4" backup create --state "$work/state" --without-gateway "$@"; }
refused AWS_ACCESS_KEY_ID create
export AWS_ACCESS_KEY_ID=somebody AWS_SECRET_ACCESS_KEY=secret
R4_BACKUP_STORE=s3://nowhere/x refused NoSuchBucket create
R4_BACKUP_S3_ENDPOINT=http://127.0.0.1:9 refused s3://bucket/nodes/one/ "$r4" backup list

say "three are made, two are kept"
for _ in 1 2 3; do create --keep-last 2 >"$work/name"; sleep 1.1; done
name=$(cat "$work/name")
"$r4" backup list | tee "$work/list"
[ "$(grep -c '^r4-' "$work/list")" = 2 ] || fail "not two backups"
"$r4" backup verify --identity "$work/identity.txt"

say "the credentials in a file"
printf '%s\n' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" >"$work/credentials"
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
export R4_BACKUP_S3_CREDENTIALS_FILE=$work/credentials
refused 0600 "$r4" backup list
chmod 600 "$work/credentials"
"$r4" backup list >/dev/null

say "a byte of the object is changed"
object=http://127.0.0.1:$s3_port/bucket/nodes/one/$name.tar.age
put() {
  AWS_ACCESS_KEY_ID=another AWS_SECRET_ACCESS_KEY=secret timeout 60 "$tools/bin/python3" - "$1" "$name.tar.age" <<END_OF_PUT || fail "$1 is not put"
import boto3, sys
store = boto3.client("s3", endpoint_url="$R4_BACKUP_S3_ENDPOINT", region_name="us-east-1")
store.put_object(Bucket="bucket", Key="nodes/one/" + sys.argv[2], Body=open(sys.argv[1], "rb"))
END_OF_PUT
}
curl -sf --max-time 60 "$object" -o "$work/good"
cp "$work/good" "$work/bad"
printf 'x' | dd of="$work/bad" bs=1 seek=20000000 conv=notrunc status=none
put "$work/bad"
refused damaged "$r4" backup verify --identity "$work/identity.txt" "$name"
head -c 20000000 "$work/good" >"$work/bad"
put "$work/bad"
refused damaged "$r4" backup verify --identity "$work/identity.txt" "$name"
put "$work/good"

say "the node is lost and comes back"
for number in $(seq 21 30); do receipt -o "$work/receipt-$number.json"; done
sleep 11 # until they are published
"$r4" log mirror "http://127.0.0.1:$vrf_port/log" "$work/mirror" >/dev/null
kill -9 "$vrf"
wait "$vrf" 2>/dev/null || true
mv "$work/state" "$work/lost"
"$r4" backup restore --state "$work/state" --without-gateway --identity - --last "$work/mirror" <"$work/identity.txt"
cmp "$work/lost/large" "$work/state/large"
cmp "$work/lost/root.seed" "$work/state/root.seed"
env -i R4_API_KEY=demo PORT="$vrf_port" R4_STATE_DIR="$work/state" R4_CORE_URL=http://127.0.0.1:9 \
  target/debug/r4-vrf >"$work/vrf.log" 2>&1 &
running+=($!)
waits "http://127.0.0.1:$vrf_port/ready"
for number in $(seq 30); do "$r4" verify --keys "$work/keys.json" "$work/receipt-$number.json" >/dev/null; done
receipt -o "$work/next.json"
next=$(sed -n 's/.*"index":"\([0-9]*\)".*/\1/p' "$work/next.json" | sed -n 1p)
[ "$next" = 31 ] || fail "the next index is $next"
"$r4" log mirror "http://127.0.0.1:$vrf_port/log" "$work/mirror" >/dev/null
say "all passed in $SECONDS s"
