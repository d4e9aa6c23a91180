#!/usr/bin/env bash
# Remove the lab: its hosts with all that runs on them, its bridge and the dev stack's state.
# usage: tools/down.sh     Safe to run again, and after a crash.
set -euo pipefail

cd "$(dirname "$0")/.."
tools/run.sh python -m lab down --name dev
rm -rf .lab/state
rmdir .lab 2>/dev/null || true
