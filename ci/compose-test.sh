#!/usr/bin/env bash
# Starts the containers for real and tests them from outside: through Caddy over TLS (DOMAIN=localhost)
# and over plain HTTP (no DOMAIN), Caddy under a public name, the core's image alone, and under attack.
# Its containers, volumes, networks and images have names of their own and are gone afterwards;
# BuildKit's cache and the base images stay.
#
# Images and ports: ci/stack.sh, and R4_TEST_PROMETHEUS_PORT, R4_TEST_ALONE_PORT. R4_TEST_SKIP_E2E=1 leaves out
# the Rust suite.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/stack.sh test 18000
export R4_PROMETHEUS_PORT=${R4_TEST_PROMETHEUS_PORT:-18190}
alone_port=${R4_TEST_ALONE_PORT:-18090}
public=node.example.com
alone=
stack_ends() {
  [ -z "$alone" ] || docker logs --tail 60 "$alone" || true
  [ -z "$alone" ] || docker rm -f "$alone" >/dev/null || true
}

# status URL [curl arguments]: the status code; the body goes to $work/body, the head to $work/head.
status() { curl -sk --max-time 20 -D "$work/head" -o "$work/body" -w '%{http_code}' "$@"; }
expect() {
  local want=$1 got
  shift
  got=$(status "$@") || got="no answer"
  [ "$got" = "$want" ] || fail "wanted $want, got $got: ${*: -1} $(head -c 400 "$work/body" 2>/dev/null)"
}
body_has() { grep -q -- "$1" "$work/body" || fail "no $1 in: $(head -c 600 "$work/body")"; }
head_has() { grep -qi -- "$1" "$work/head" || fail "no $1 in: $(cat "$work/head")"; }
head_lacks() { if grep -qi -- "$1" "$work/head"; then fail "unexpected $1 in the head of an answer"; fi; }

# The one place where the Rust suite meets the containers; tests of contracts that meet no node are
# left out. Both addresses reach the gateway through Caddy; which one answers depends on DOMAIN, so
# one of the two is set.
e2e() {
  if [ "${R4_TEST_SKIP_E2E:-0}" = 1 ]; then say "the suite r4-e2e is left out"; return 0; fi
  say "r4-e2e against $1=$2"
  env "$1=$2" R4_E2E_API_KEY=demo \
    R4_E2E_CORE="http://127.0.0.1:$R4_CORE_PORT" \
    R4_E2E_VRF="http://127.0.0.1:$R4_VRF_PORT" \
    R4_E2E_GATEWAY="http://127.0.0.1:$R4_GATEWAY_PORT" \
    cargo test --locked -p r4-e2e -- --skip evm::ecvrf --skip evm::gas --skip evm::receipts
}

# What a newcomer types, through Caddy.
calls() {
  local base=$1 sig first second require
  expect 200 "$base/v1/health"
  body_has r4-core
  expect 200 -H "X-API-Key: demo" "$base/v1/random?n=8&fmt=hex"
  grep -qE '^[0-9a-f]{16}$' "$work/body" || fail "not 16 hex digits: $(cat "$work/body")"
  first=$(cat "$work/body")
  expect 200 -H "X-API-Key: demo" "$base/v1/random?n=8&fmt=hex"
  second=$(cat "$work/body")
  [ "$first" != "$second" ] || fail "the same random bytes twice"
  expect 401 -H "X-API-Key: WRONG" "$base/v1/random?n=8&fmt=hex"
  body_has '"detail":"invalid api key"'
  expect 200 "$base/v1/keys"
  cp "$work/body" "$work/keys.json"
  docker compose exec -T r4-gateway r4 --version
  for sig in ecdsa dilithium dual; do
    case $sig in dilithium) require=mldsa65 ;; *) require=$sig ;; esac
    expect 200 -H "X-API-Key: demo" "$base/v1/vrf?sig=$sig&alpha=68656c6c6f"
    # The container's file system is read-only, so the keys come in by the pinned hash.
    docker compose exec -T r4-gateway r4 verify --key-hash "$(active_key)" --require "$require" - <"$work/body" >"$work/verify" ||
      { cat "$work/verify"; fail "r4 verify refused a receipt with sig=$sig"; }
    sleep 0.2 # the default limit is ten requests a second
  done
  expect 200 "$base/v1/log/checkpoint"
  head_has '^content-type: text/plain; charset=utf-8'
  docker compose exec -T r4-gateway r4 log verify http://127.0.0.1:8082/v1/log || fail "r4 log verify"
  expect 404 "$base/metrics"
  expect 404 "$base/v1/metrics"
  expect 200 "$base/openapi.json"
  expect 200 "$base/docs"
}
active_key() { sed -n 's/.*"active" *: *"\(0x[0-9a-f]*\)".*/\1/p' "$work/keys.json" | sed -n 1p; }

site() {
  local base=$1 file
  for file in "" style.css site.js icon.svg verify.js status.html errors.html fonts/geist.woff2 verify.html; do
    expect 200 "$base/$file"
    case $file in
      # The page has the rest of its policy inside, so that it holds from disk, too.
      verify.html) head_has "^content-security-policy: base-uri 'none'; form-action 'none'; frame-ancestors 'none'" ;;
      *) head_has "^content-security-policy: default-src 'none'" ;;
    esac
    head_has '^x-content-type-options: nosniff'
    head_lacks '^strict-transport-security'
    head_lacks '^server:'
  done
}

# What docker says of a container, and what it should say: user, added capabilities, ports and
# networks are its own, the rest is everybody's.
# shellcheck disable=SC2016  # the variables belong to docker
confinement='user {{.Config.User}}
privileged {{.HostConfig.Privileged}}, read-only {{.HostConfig.ReadonlyRootfs}}
capabilities dropped {{json .HostConfig.CapDrop}}, added {{json .HostConfig.CapAdd}}
security {{.HostConfig.SecurityOpt}}
memory {{.HostConfig.Memory}}, processes {{.HostConfig.PidsLimit}}
restart {{.HostConfig.RestartPolicy.Name}}, stopped after {{.Config.StopTimeout}} s
log {{.HostConfig.LogConfig.Type}} {{json .HostConfig.LogConfig.Config}}
ports{{range $port, $to := .HostConfig.PortBindings}}{{range $to}} {{.HostIp}}:{{.HostPort}}:{{$port}}{{end}}{{end}}
networks{{range $name, $_ := .NetworkSettings.Networks}} {{$name}}{{end}}'

confined() {
  local service=$1 user=$2 added=$3 ports=$4 networks=$5
  docker inspect --format "$confinement" "$(docker compose ps -q "$service")" |
    sed 's/CAP_//' >"$work/is"
  diff -u - "$work/is" <<END || fail "$service is not as confined as it should be (-: should be, +: is)"
user $user
privileged false, read-only true
capabilities dropped ["ALL"], added $added
security [no-new-privileges:true]
memory 268435456, processes 256
restart unless-stopped, stopped after 20 s
log json-file {"max-file":"5","max-size":"10m"}
ports $ports
networks $networks
END
}

inside() {
  local service
  for service in r4-core r4-vrf r4-gateway; do
    [ "$(docker compose ps --format '{{.Health}}' "$service")" = healthy ] || fail "$service is not healthy"
  done
  local node=${COMPOSE_PROJECT_NAME}_node edge=${COMPOSE_PROJECT_NAME}_edge all=0.0.0.0
  confined r4-core 10001:10001 null "127.0.0.1:$R4_CORE_PORT:8080/tcp" "$node"
  confined r4-vrf 10001:10001 null "127.0.0.1:$R4_VRF_PORT:8081/tcp" "$node"
  confined r4-gateway 10001:10001 null "127.0.0.1:$R4_GATEWAY_PORT:8082/tcp" "$edge $node"
  confined caddy "" '["NET_BIND_SERVICE"]' \
    "$all:$R4_HTTP_PORT:$R4_HTTP_PORT/tcp $all:$R4_HTTPS_PORT:$R4_HTTPS_PORT/tcp $all:$R4_HTTPS_PORT:$R4_HTTPS_PORT/udp" "$edge"
}

# Browsers are told to insist on TLS under a public name alone; its certificate comes from Caddy's
# own authority here, so that nobody outside is asked.
public_name() {
  cat >"$work/public.yml" <<END
services:
  caddy: {environment: {DOMAIN: $public, R4_CADDY_GLOBAL: local_certs}}
END
  COMPOSE_FILE="$COMPOSE_FILE:$work/public.yml" docker compose up -d --no-deps caddy >"$work/up.log" 2>&1 ||
    { tail -n 60 "$work/up.log"; fail "docker compose up caddy"; }
  local tls=(--resolve "$public:$R4_HTTPS_PORT:127.0.0.1" "https://$public:$R4_HTTPS_PORT/")
  for _ in $(seq 60); do if [ "$(status "${tls[@]}" || true)" = 200 ]; then break; fi; sleep 0.25; done
  expect 200 "${tls[@]}"
  head_has '^strict-transport-security: max-age=31536000'
  expect 308 --resolve "$public:$R4_HTTP_PORT:127.0.0.1" "http://$public:$R4_HTTP_PORT/"
  head_lacks '^strict-transport-security'
}

# The profile `witness` as docs/log.md says: its keys go into R4_WITNESSES, and the published
# checkpoint then has two lines of the log and two of the witness.
witness() {
  local keys base=$1
  docker compose --profile witness up -d --wait r4-witness >"$work/up.log" 2>&1 ||
    { tail -n 60 "$work/up.log"; fail "docker compose --profile witness up"; }
  keys=$(docker compose exec -T r4-witness r4 witness keys | grep -o 'localhost/witness+[^ ]*' | sed 's|$|@http://r4-witness:8083|' | paste -sd,)
  R4_WITNESSES=$keys R4_WITNESS_INTERVAL=1 R4_RATE_ADDRESS=200/s R4_RATE_KEY=200/s up "$base"
  for _ in $(seq 40); do
    if [ "$(status "$base/v1/log/checkpoint" || true)" = 200 ] && [ "$(grep -c '^— ' "$work/body")" = 4 ]; then break; fi
    sleep 0.5
  done
  [ "$(grep -c '^— localhost/witness ' "$work/body")" = 2 ] || fail "no witness cosigned: $(cut -c1-80 "$work/body")"
  docker compose --profile witness rm -sf r4-witness >/dev/null 2>&1
}

# The profile `observability`, without Grafana, whose image nobody can make of a package: Prometheus
# with our rules, every few seconds instead of minutes, reaches every service and the certificate of
# a public name, can evaluate each rule, has data for the dashboards, and raises no alarm.
observability() {
  local everything=$work/observability prometheus=http://127.0.0.1:$R4_PROMETHEUS_PORT
  # Calls that there is something to show of.
  expect 200 -H "X-API-Key: demo" "$http/v1/random?n=8"
  expect 200 -H "X-API-Key: demo" "$http/v1/random_dual?n=16"
  cp -r deploy/observability "$everything"
  sed -i 's/_interval: 15s/_interval: 1s/; s/_interval: 1m/_interval: 2s/; s/_timeout: .*/_timeout: 1s/' "$everything/prometheus.yml"
  cat >"$work/observability.yml" <<END
services:
  caddy: {environment: {DOMAIN: $public, R4_CADDY_GLOBAL: local_certs}}
  prometheus:
    environment: {DOMAIN: "$public, localhost"}
    volumes: ["$everything:/etc/prometheus/r4:ro"]
  # The authority of Caddy's own certificates, in a file that root alone may read.
  blackbox:
    user: root
    cap_add: [DAC_OVERRIDE]
    environment: {SSL_CERT_FILE: /caddy/caddy/pki/authorities/local/root.crt}
    volumes: ["caddy-data:/caddy:ro"]
END
  COMPOSE_FILE="$COMPOSE_FILE:$work/observability.yml" docker compose --profile observability up -d --no-deps --quiet-pull \
    caddy prometheus blackbox >"$work/up.log" 2>&1 || { tail -n 60 "$work/up.log"; fail "docker compose --profile observability up"; }
  confined prometheus nobody null "127.0.0.1:$R4_PROMETHEUS_PORT:9090/tcp" \
    "${COMPOSE_PROJECT_NAME}_node ${COMPOSE_PROJECT_NAME}_observe"
  # Half a day, the life of Caddy's own certificates, is what the alarm has to see.
  for _ in $(seq 40); do
    if python3 ci/observability.py "$prometheus" >"$work/observed" 2>&1 && grep -q R4CertificateExpires "$work/observed"; then
      cat "$work/observed"
      docker compose --profile observability rm -sf prometheus blackbox >/dev/null 2>&1
      return 0
    fi
    sleep 0.5
  done
  cat "$work/observed"
  docker compose --profile observability logs --no-color --tail 20 prometheus blackbox
  fail "the profile observability"
}

say "without published images, pull leaves our three alone; with one, it is used as it is"
docker compose pull -q r4-core r4-vrf r4-gateway || fail "docker compose pull"
[ "$(docker compose config | grep -c 'pull_policy: build')" = 3 ] || fail "the images are not built on every up"
[ "$(R4_CORE_IMAGE=example/core:1 docker compose config | grep -c 'pull_policy: missing')" = 1 ] || fail "R4_CORE_IMAGE is built"
[ "$(docker compose config | grep -c 'host_ip: 0.0.0.0')" = 3 ] || fail "Caddy is not on IPv4 alone"
[ "$(R4_IPV6=1 docker compose config | grep -c 'host_ip: 0.0.0.0')" = 0 ] || fail "R4_IPV6 does nothing"
cp .env.example "$work/example"
[ "$(docker compose config)" = "$(docker compose --env-file "$work/example" config)" ] || fail ".env.example is not the default"

say "built from this folder, TLS on localhost"
DOMAIN=localhost up "$https" --build
inside
docker cp "$(docker compose ps -q caddy)":/usr/bin/caddy "$work/caddy" >/dev/null 2>&1 || fail "docker cp"
ci/proxy-test.sh "$work/caddy"
calls "$https"
site "$https"
expect 308 "http://localhost:$R4_HTTP_PORT/v1/health"
head_has "^location: https://localhost/v1/health"
e2e R4_E2E_BASE_HTTPS "$https"
say "its TLS, by a scanner, which finds what is weak"
ci/tls-scan.sh --self-test
ci/tls-scan.sh "127.0.0.1:$R4_HTTPS_PORT"

say "the gateway stopped: a problem document, soon"
DOMAIN=localhost docker compose stop r4-gateway >/dev/null 2>&1
expect 503 "$https/v1/health"
head_has '^content-type: application/problem+json'
head_has '^x-request-id: '

say "plain HTTP, no DOMAIN"
up "$http"
calls "$http"
site "$http"
e2e R4_E2E_BASE_HTTP "$http"

say "the clients, the pages in a browser, and the API against its description"
R4_RATE_ADDRESS=1000/s R4_RATE_KEY=10000/s R4_DEMO=10000/m up "$http"
export R4_TEST_URL=$http R4_TEST_API_KEY=demo
ci/clients.sh
ci/browser.sh
ci/schemathesis.sh
# Before the witness: without it a node that asks one is not well.
say "the profile observability"
observability
say "the profile witness"
witness "$http"
docker compose stop --timeout 20 >/dev/null 2>&1
for service in r4-core r4-vrf r4-gateway; do
  left=$(docker inspect --format '{{.State.ExitCode}}' "$(docker compose ps -aq "$service")")
  [ "$left" = 0 ] || fail "$service left with $left after SIGTERM"
done

say "Caddy under a public name"
public_name

say "the core's image alone"
alone=$(docker run -d -p "127.0.0.1:$alone_port:8080" -e API_KEY=demo "$COMPOSE_PROJECT_NAME-core")
base=http://127.0.0.1:$alone_port
for _ in $(seq 60); do if [ "$(status "$base/ready" || true)" = 200 ]; then break; fi; sleep 0.25; done
expect 200 "$base/health"
[ "$(cat "$work/body")" = ok ] || fail "/health says: $(cat "$work/body")"
expect 200 "$base/version"
body_has '"mode": *"sealed"'
body_has '"integrity": *"verified"'
if commit=$(git rev-parse --short=12 HEAD 2>/dev/null); then body_has "\"core_git\": *\"$commit\""; fi
expect 401 "$base/random?n=16&fmt=hex"
expect 200 -H "x-api-key: demo" "$base/random?n=64"
[ "$(wc -c <"$work/body")" = 64 ] || fail "not 64 bytes"
expect 200 "$base/random?n=32&fmt=hex&key=demo"

say "hostile clients, in containers of their own"
docker rm -f "$alone" >/dev/null && alone=
docker compose down -v --timeout 20 >/dev/null 2>&1
R4_TEST_IMAGES=$COMPOSE_PROJECT_NAME ci/hostile-test.sh
say "all passed in $SECONDS s"
