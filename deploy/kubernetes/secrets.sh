#!/usr/bin/env bash
# Makes the files that an overlay's secrets are made of, in its folder `secrets`; what is there stays.
# Usage: deploy/kubernetes/secrets.sh OVERLAY
set -euo pipefail
folder=${1:?the folder of the overlay}/secrets
umask 077
mkdir -p "$folder"
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
create() { [ -s "$folder/$1" ] || printf '%s' "$2" >"$folder/$1"; }
for name in api_key internal_key admin_token password; do create "$name" "$(random)"; done
create redis_url "redis://:$(cat "$folder/password")@redis:6379"
create database_url "postgres://r4:$(cat "$folder/password")@postgres:5432/r4"
