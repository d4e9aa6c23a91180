#!/usr/bin/env bash
# From a fresh clone to an application that answers over HTTPS: packages, engine, lab, `pulumi up`.
# usage: tools/up.sh      Safe to run again: what is there is kept, what is missing is made.
set -euo pipefail

cd "$(dirname "$0")/.."
stack=dev
# The lab's state stays beside the lab, whatever backend the caller uses for real servers.
export PULUMI_BACKEND_URL=file://$PWD/.lab/state PULUMI_CONFIG_PASSPHRASE=

step() {
  printf '\n== %s (%d s since the start)\n' "$1" "$SECONDS"
}

step "packages and engine"
settings=$(tools/env.sh)
eval "$settings"
mkdir -p .lab/state

step "lab hosts"
python -m lab up --name "$stack" --servers 1 --agents 1

step "pulumi up --stack $stack"
pulumi stack select --create "$stack" >/dev/null
pulumi up --stack "$stack" --yes --skip-preview --suppress-outputs
step "done"
python -m ops guide --stack "$stack"
