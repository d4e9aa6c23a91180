#!/usr/bin/env bash
# Run a command with the locked packages on PATH.   usage: tools/run.sh COMMAND [ARG...]
set -euo pipefail

venv=$("$(dirname "$0")/venv.sh")
PATH=$venv/bin:$PATH exec "$@"
