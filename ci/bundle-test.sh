#!/usr/bin/env bash
# Installs the release that ci/release.sh made in a bare Debian root, as docs/DEPLOY.md says, boots
# it with systemd-nspawn in a network of its own, and runs the end-to-end suite against it: the units
# as they are shipped, Debian's caddy in front. Then makes its images, which hold its programs.
set -euo pipefail
cd "$(dirname "$0")/.."
release=$PWD/target/release-test
work=$(mktemp -d /var/tmp/r4-bundle.XXXXXX)
root=$work/root
net=r4bundle$$
boot=
say() { printf 'bundle-test: %s\n' "$*"; }
fail() { say "FAILED: $*"; exit 1; }
[ -d "$release/files" ] || fail "run ci/release.sh first"

finish() {
  local code=$?
  trap - EXIT
  if [ "$code" != 0 ]; then journal | tail -n 60 || true; fi
  if [ -n "$boot" ]; then kill "$boot" 2>/dev/null || true; wait "$boot" 2>/dev/null || true; fi
  ip netns del "$net" 2>/dev/null || true
  docker image rm -f "$net-core" "$net-vrf" "$net-gateway" >/dev/null 2>&1 || true
  rm -rf --one-file-system "$work"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM
journal() { journalctl --directory "$root/var/log/journal" --no-pager -o cat -u 'r4-*' -u caddy; }
within() { ip netns exec "$net" "$@"; }

say "a bare Debian root"
suite=$(sed -n 's/^FROM debian:\([a-z]*\)-slim$/\1/p' Dockerfile.core)
started=$SECONDS
debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,ca-certificates,caddy,gpgv "$suite" "$root" \
  >"$work/debootstrap.log" 2>&1 || { tail -n 20 "$work/debootstrap.log"; fail debootstrap; }
mkdir -p "$root/var/log/journal"
say "made in $((SECONDS - started)) s"

say "the release, unpacked and installed in it"
cp -r "$release/files" "$release/key.asc" "$root/root/"
tar -xzf "$release/files/re4_release.tar.gz" -C "$root/root"
inside() { systemd-nspawn -q -D "$root" --register=no --keep-unit --pipe -- "$@"; }
r4=/root/re4_release/bin/r4
inside "$r4" release verify /root/files --key /root/key.asc --unpacked /root/re4_release
inside "$r4" install systemd >"$work/shown"
[ ! -e "$root/opt/re4ctor" ] || fail "r4 install did something without --yes"
inside "$r4" install systemd --yes >"$work/done"
diff "$work/shown" "$work/done" || fail "r4 install did something else than it showed"
cp -r "$root/opt/re4ctor/deploy/systemd/caddy.service.d" "$root/etc/systemd/system/"
setting=$(sed -n 's/^Environment="R4_CADDY_GATEWAY=\(.*\)"$/\1/p' "$root/etc/systemd/system/caddy.service.d/re4ctor.conf")
(! ci/proxy-test.sh "$root/usr/bin/caddy" >"$work/without") || fail "Debian's Caddy no longer needs R4_CADDY_GATEWAY=$setting"
grep -q 'aborting with incomplete response' "$work/without" || { cat "$work/without"; fail "ci/proxy-test.sh found something else"; }
R4_CADDY_GATEWAY=$setting ci/proxy-test.sh "$root/usr/bin/caddy"
[ "$(stat -c %a "$root/etc/re4ctor/credentials/api-key")" = 600 ] || fail "others may read the API key"
key=$(cat "$root/etc/re4ctor/credentials/api-key")

say "booted"
ip netns add "$net"
within ip link set lo up
systemd-nspawn -q -D "$root" --boot --register=no --keep-unit --network-namespace-path="/run/netns/$net" \
  >"$work/boot.log" 2>&1 </dev/null &
boot=$!
node=http://127.0.0.1
for _ in $(seq 120); do
  if within curl -sf --max-time 5 -o /dev/null "$node/v1/health"; then break; fi
  sleep 0.5
done
{ within curl -s --max-time 5 -o "$work/health" "$node/v1/health" && grep -q '"status": *"ok"' "$work/health"; } ||
  { tail -n 20 "$work/boot.log"; fail "$node/v1/health"; }
within "$release/re4_release/bin/r4" release verify "$release/files" --key "$release/key.asc" --node "$node" ||
  fail "the node does not run the release's sealed core"

within curl -s --max-time 5 -D "$work/head" -o /dev/null -H "X-API-Key: $key" -d '{}' -H 'Content-Type: application/json' "$node/v1/vrf"
grep -qi '^connection: close' "$work/head" || { cat "$work/head"; fail "caddy runs without R4_CADDY_GATEWAY"; }

# What a stranger on that machine sees.
(! grep -rqs "$key" "$root/etc/systemd" "$root/opt/re4ctor" "$root/var/log") || fail "the API key is lying about"
journal >"$work/journal"
grep -q 'r4-gateway listening' "$work/journal" || fail "the journal is not the services'"
! grep -q "$key" "$work/journal" || fail "the API key is in the journal"

say "the end-to-end suite"
R4_E2E_BASE_HTTP=$node R4_E2E_API_KEY=$key R4_E2E_CORE=$node:8080 R4_E2E_VRF=$node:8081 R4_E2E_GATEWAY=$node:8082 \
  within cargo test --locked --offline -p r4-e2e -- --skip evm::ecvrf --skip evm::gas --skip evm::receipts

say "stopped as systemd stops it: every service ends well"
kill "$boot"
wait "$boot" || true
boot=
for unit in r4-core r4-vrf r4-gateway; do
  journalctl --directory "$root/var/log/journal" --no-pager -o cat UNIT=$unit.service + _SYSTEMD_UNIT=$unit.service |
    grep -E 'Failed|core-dump|timed out|killed' && fail "$unit did not end well"
done

say "taken away again"
inside "/opt/re4ctor/bin/r4" install systemd --undo --yes
(cd "$root" && ! find opt etc/systemd/system | grep -E 're4ctor|r4-' | grep -v caddy) || fail "something is left"
[ -s "$root/var/lib/private/r4-vrf/root.seed" ] || [ -n "$(ls "$root/var/lib/private/r4-vrf")" ] || fail "the state is gone"

say "its images"
R4_CORE_IMAGE=$net-core R4_VRF_IMAGE=$net-vrf R4_GATEWAY_IMAGE=$net-gateway COMPOSE_ENV_FILES=/dev/null \
  docker compose --project-directory "$release/re4_release" -p "$net" build >"$work/build.log" 2>&1 ||
  { tail -n 20 "$work/build.log"; fail "docker compose build"; }
for program in core vrf gateway; do
  docker run --rm --entrypoint sha256sum "$net-$program" "/usr/local/bin/r4-$program" | cut -c1-64 >"$work/digest"
  grep -q "^$(cat "$work/digest")  bin/r4-$program\$" "$release/re4_release/SHA256SUMS" ||
    fail "the image of r4-$program holds another program"
done
say "all passed in $SECONDS s"
