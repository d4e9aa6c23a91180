#!/usr/bin/env bash
# Print the settings that `pulumi` needs here, as shell.   usage: eval "$(tools/env.sh)"
# A backend and a passphrase are set only for whoever has none: the dev stack's, in .lab, empty.
set -euo pipefail

cd "$(dirname "$0")/.."
exec tools/run.sh python -m lab.engine env
