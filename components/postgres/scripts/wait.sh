#!/bin/sh
# Return as soon as a PostgreSQL server takes connections; fail when it has not for SECONDS.
# usage: wait.sh HOST PORT SECONDS
set -eu

attempts=$(($3 / 2))
# Whoever is named is not logged in; without a name a user that the image does not know stays unheard.
until pg_isready --quiet --host="$1" --port="$2" --username=wait; do
  attempts=$((attempts - 1))
  if [ "$attempts" -le 0 ]; then
    echo "no PostgreSQL server answered at $1:$2 within $3 s" >&2
    exit 1
  fi
  sleep 2
done
echo "PostgreSQL answers at $1:$2"
