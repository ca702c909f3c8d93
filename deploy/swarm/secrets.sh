#!/usr/bin/env bash
# Makes the secrets that stack.yml names and this swarm does not have. Nobody sees them: API keys for
# callers are made with `r4 keys create`. R4_SECRETS and R4_SHARED_SECRETS are their versions.
set -euo pipefail

random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
there() { docker secret inspect "$1" >/dev/null 2>&1; }
create() { printf '%s' "$2" | docker secret create "$1" - >/dev/null && echo "made $1"; }

for name in api_key internal_key admin_token; do
  name=r4_${name}_${R4_SECRETS:-1}
  there "$name" || create "$name" "$(random)"
done

version=${R4_SHARED_SECRETS:-1} found=0
for name in shared_password redis_url database_url; do
  if there "r4_${name}_$version"; then found=$((found + 1)); fi
done
case $found in
  3) ;;
  0)
    password=$(random)
    create "r4_shared_password_$version" "$password"
    create "r4_redis_url_$version" "redis://:$password@redis:6379"
    create "r4_database_url_$version" "postgres://r4:$password@postgres:5432/r4"
    ;;
  *)
    echo "some of r4_shared_password_$version, r4_redis_url_$version and r4_database_url_$version are missing;" \
      "they belong together: make the others by hand, or choose another R4_SHARED_SECRETS" >&2
    exit 1
    ;;
esac
