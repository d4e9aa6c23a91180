#!/bin/sh
# Make one database and its owner what they should be, however often this runs.
# usage: database.sh DATABASE ROLE
# PGHOST and PGUSER name the server and its superuser; the superuser's password is in
# $SECRETS/superuser/password and the role's in $SECRETS/role/password.
set -eu

scripts=$(dirname "$0")
PGPASSWORD=$(cat "$SECRETS/superuser/password")
export PGPASSWORD
psql --no-psqlrc --quiet --dbname=postgres --set=ON_ERROR_STOP=1 \
  --set=database="$1" --set=role="$2" --file="$scripts/database.sql"
echo "database $1 belongs to $2"
