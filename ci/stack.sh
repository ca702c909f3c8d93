# shellcheck shell=bash
# What the scripts that start a node of their own in containers have in common. To be sourced in the top
# folder: `. ci/stack.sh NAME PORT`.
#
# It sets $work, a folder; $http, $https and $gateway, the node's addresses; and for docker compose the
# project's name, its files (docker-compose.yml, and $work/stack.yml with the names of the images) and its
# settings ($work/env). When the script ends, however that comes, all of it is gone.
#
# R4_TEST_IMAGES=PREFIX takes the images PREFIX-core, PREFIX-vrf and PREFIX-gateway, and leaves them, instead
# of building and removing its own. Other ports than those from PORT on: R4_TEST_HTTP_PORT, R4_TEST_HTTPS_PORT,
# R4_TEST_CORE_PORT, R4_TEST_VRF_PORT, R4_TEST_GATEWAY_PORT.

stack=$1
# No setting of the person who runs this counts, neither from .env nor from the environment, and no
# other node is disturbed.
while read -r key; do unset "$key"; done < <(sed -n 's/^\([A-Z0-9_]*\)=.*/\1/p' .env.example)
work=$(mktemp -d)
: >"$work/env"
export COMPOSE_PROJECT_NAME="r4$stack$$" COMPOSE_ENV_FILES=$work/env COMPOSE_FILE="docker-compose.yml:$work/stack.yml"
export R4_HTTP_PORT=${R4_TEST_HTTP_PORT:-$2} R4_HTTPS_PORT=${R4_TEST_HTTPS_PORT:-$(($2 + 443))}
export R4_CORE_PORT=${R4_TEST_CORE_PORT:-$(($2 + 80))} R4_VRF_PORT=${R4_TEST_VRF_PORT:-$(($2 + 81))}
export R4_GATEWAY_PORT=${R4_TEST_GATEWAY_PORT:-$(($2 + 82))}
# shellcheck disable=SC2034  # for those who source this
http=http://127.0.0.1:$R4_HTTP_PORT https=https://localhost:$R4_HTTPS_PORT gateway=http://127.0.0.1:$R4_GATEWAY_PORT
images=${R4_TEST_IMAGES:-$COMPOSE_PROJECT_NAME}
policy=
[ -z "${R4_TEST_IMAGES:-}" ] || policy=", pull_policy: missing"
# An operator's images keep their names.
cat >"$work/stack.yml" <<YAML
services:
  r4-core: {image: $images-core$policy}
  r4-vrf: {image: $images-vrf$policy}
  r4-gateway: {image: $images-gateway$policy}
  r4-witness: {image: $images-vrf}
  r4-backup: {image: $images-vrf}
  r4-restore: {image: $images-vrf$policy}
YAML

say() { printf '%s: %s\n' "$(basename "$0" .sh)" "$*"; }
reason="a command failed; its output is above the logs"
fail() { reason=$*; say "failed: $reason"; exit 1; }

own_images() { docker image ls --format '{{.Repository}}' --filter "reference=$COMPOSE_PROJECT_NAME-*"; }

# What a script has to end besides; it may have one of its own.
stack_ends() { :; }
# What the node said, when something failed.
stack_logs() { docker compose logs --no-color --tail 25; }

finish() {
  local code=$?
  trap - EXIT
  if [ "$code" != 0 ]; then
    docker compose ps -a || true
    stack_logs || true
  fi
  stack_ends || { reason="something does not end"; code=1; }
  docker compose --profile "*" down -v --remove-orphans --timeout 20 >/dev/null 2>&1 || { reason="docker compose down"; code=1; }
  own_images | xargs -r docker image rm -f >/dev/null || true
  [ -z "$(own_images)" ] || { reason="images are left over"; code=1; }
  rm -rf "$work"
  [ "$code" = 0 ] || say "FAILED: $reason"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

# All that the services have said, in $work/logs: searched there, and not in a pipe, which a search may leave too soon.
all_logs() {
  docker compose logs --no-color >"$work/logs" 2>&1
  grep -q 'r4-core listening' "$work/logs" || fail "the logs are not the node's: $(tail -n 20 "$work/logs")"
}
# answers URL: waits until it does.
answers() {
  for _ in $(seq 60); do if curl -skf --max-time 5 -o /dev/null "$1"; then return 0; fi; sleep 0.5; done
  return 1
}
# up URL [arguments of docker compose up]: starts the node, which then answers at URL.
up() {
  local started=$SECONDS
  docker compose up -d --quiet-pull "${@:2}" >"$work/up.log" 2>&1 || { tail -n 60 "$work/up.log"; fail "docker compose up"; }
  answers "$1/v1/health" || fail "$1/v1/health does not answer: $(curl -sk --max-time 5 "$1/v1/health")"
  say "up after $((SECONDS - started)) s"
}
