#!/usr/bin/env bash
# What needs no run: format, lint, types, shell.   usage: tools/check.sh
set -euo pipefail

cd "$(dirname "$0")/.."
venv=$(tools/venv.sh)
export PATH=$venv/bin:$PATH

step() {
  local started=$SECONDS
  "${@:2}"
  echo "check: $1, $((SECONDS - started)) s"
}

mapfile -t shell < <(git ls-files '*.sh' .ci/run)
step "format" ruff format --quiet --check .
step "lint" ruff check --quiet .
step "types" mypy --no-error-summary
step "shell (${#shell[@]} scripts)" shellcheck --external-sources "${shell[@]}"
