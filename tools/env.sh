#!/usr/bin/env bash
# Print the settings that `pulumi` needs here, as shell.   usage: eval "$(tools/env.sh)"
# The state's place and passphrase default to the dev stack's (in .lab, empty); yours are left alone.
set -euo pipefail

cd "$(dirname "$0")/.."
tools/run.sh python -m lab.engine env
printf 'export PULUMI_BACKEND_URL=%q\n' "${PULUMI_BACKEND_URL:-file://$PWD/.lab/pulumi}"
if [[ -z ${PULUMI_CONFIG_PASSPHRASE_FILE-} ]]; then
  printf 'export PULUMI_CONFIG_PASSPHRASE=%q\n' "${PULUMI_CONFIG_PASSPHRASE-}"
fi
