#!/usr/bin/env bash
# Make the virtual environment that requirements.lock describes, once, and print its path.
# usage: tools/venv.sh      It lies outside the clone, under its lock's hash: a second run only prints.
set -euo pipefail

cd "$(dirname "$0")/.."
cache=${GROUNDWORK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/groundwork}
lock=$(sha256sum requirements.lock | cut -c1-12)
venv=$cache/venv-$lock

if [[ ! -e $venv/.complete ]]; then
  echo "python: installing the locked packages into $venv" >&2
  mkdir -p "$cache"
  exec 9>"$cache/venv.lock"
  flock 9
  if [[ ! -e $venv/.complete ]]; then
    rm -rf "$venv"
    "${PYTHON:-python3}" -c 'import sys, ensurepip; assert sys.version_info >= (3, 11)' || {
      echo "python: ${PYTHON:-python3} is older than 3.11 or has no venv module:" \
        "install python3 and python3-venv, or name another one in PYTHON" >&2
      exit 1
    }
    "${PYTHON:-python3}" -m venv "$venv"
    "$venv/bin/pip" install --quiet --require-hashes -r requirements.lock >&2
    touch "$venv/.complete"
  fi
fi
echo "$venv"
