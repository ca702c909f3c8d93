#!/usr/bin/env bash
# Renders deploy/kubernetes/overlays/example with kustomize, and checks what comes out: ci/kubernetes.py. No cluster
# is needed, and nothing is applied. About ten seconds.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

packages=(kubernetes-validate==1.37.0 PyYAML==6.0.3)
venv=$PWD/target/kubernetes
if [ "$(cat "$venv/packages" 2>/dev/null)" != "${packages[*]}" ]; then
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}"
  echo "${packages[*]}" >"$venv/packages"
fi
kustomize=$(type -P kustomize || true)
if [ -z "$kustomize" ]; then
  kustomize=$PWD/target/tools/kustomize/usr/bin/kustomize
  [ -x "$kustomize" ] || ci/newer.sh kustomize "$PWD/target/tools/kustomize"
fi

# No secret is in the tree: neither a file of one, nor what looks like one.
if git ls-files deploy | grep -E '/secrets/'; then echo "these files are secrets"; exit 1; fi
if grep -rnE '[0-9a-f]{32}|^kind: Secret' deploy/kubernetes deploy/swarm --include='*.yaml' --include='*.yml'; then echo "that looks like a secret"; exit 1; fi

cp -r deploy/kubernetes "$work/"
overlay=$work/kubernetes/overlays/example
"$work/kubernetes/secrets.sh" "$overlay"
"$kustomize" build "$overlay" >"$work/rendered"
"$venv/bin/python" ci/kubernetes.py <"$work/rendered"
