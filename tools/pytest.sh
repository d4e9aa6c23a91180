#!/usr/bin/env bash
# Run tests with the locked packages.   usage: tools/pytest.sh PATH [PYTEST-OPTION...]
set -euo pipefail

cd "$(dirname "$0")/.."
exec tools/run.sh python -m pytest --quiet "$@"
