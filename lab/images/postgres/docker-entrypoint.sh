#!/usr/bin/env bash
# Entry point of the Postgres image: makes the data directory at first, and then is the server.
# usage: docker-entrypoint.sh [postgres] [SERVER OPTION...] | docker-entrypoint.sh COMMAND [ARG...]
#
# It keeps the contract of docker.io/library/postgres: POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB
# and POSTGRES_INITDB_ARGS (each also as NAME_FILE), POSTGRES_HOST_AUTH_METHOD, PGDATA, and, run
# once in the order of names, *.sh, *.sql, *.sql.gz and *.sql.xz of /docker-entrypoint-initdb.d.
#
# A data directory is made inside PGDATA/.initialising and moved up when it is whole, PG_VERSION
# last. So a start that was killed is told from a finished one, and the next makes it anew.
set -Eeuo pipefail

readonly SCRIPTS=/docker-entrypoint-initdb.d
readonly SOCKETS=/var/run/postgresql

main() {
  if (($# == 0)) || [[ $1 == -* ]]; then
    set -- postgres "$@"
  fi
  if [[ $1 != postgres ]] || asks_for_help "$@"; then
    exec "$@"
  fi
  if ((EUID == 0)); then
    step_down "$@"
  fi
  prepare_folder
  if [[ ! -s $PGDATA/PG_VERSION ]]; then
    # The first process of a container ignores what it does not trap.
    trap 'exit 143' TERM INT
    (initialise "$@")
  fi
  # What is left of it after a kill between the last move and its removal: an empty folder.
  rm -rf "$PGDATA/.initialising"
  unset POSTGRES_PASSWORD
  exec "$@"
}

say() { echo "postgres image: $*"; }

die() {
  say "$*" >&2
  exit 1
}

asks_for_help() {
  local argument
  for argument; do
    case $argument in
      -\? | --help | --describe-config | -V | --version) return 0 ;;
    esac
  done
  return 1
}

# The server refuses to run as root. The volume may have just been made for root.
step_down() {
  mkdir -p "$PGDATA"
  find "$PGDATA" \! -user postgres -exec chown postgres:postgres {} +
  chown postgres:postgres "$SOCKETS"
  exec setpriv --reuid=postgres --regid=postgres --clear-groups "${BASH_SOURCE[0]}" "$@"
}

prepare_folder() {
  mkdir -p "$PGDATA" \
    || die "PGDATA=$PGDATA cannot be made by uid $EUID; make the volume writable for it (fsGroup)"
  # The server demands that the folder is its own; being in its group is not enough.
  [[ -O $PGDATA ]] \
    || die "PGDATA=$PGDATA does not belong to uid $EUID; set PGDATA to a folder below the volume's"
  # A volume with an fsGroup is opened to the group at each mount, which the server refuses.
  chmod 0700 "$PGDATA"
}

initialise() {
  read_settings
  clear_unfinished
  local work=$PGDATA/.initialising target=$PGDATA
  mkdir -m 0700 "$work"
  export PGDATA=$work
  know_own_name
  make_cluster
  fill_cluster "$@"
  finish "$work" "$target"
  say "data directory $target is ready"
}

# setting NAME [DEFAULT]: the variable, or what the file named by NAME_FILE holds.
setting() {
  local name=$1 file=$1_FILE
  if [[ -n ${!name:-} && -n ${!file:-} ]]; then
    die "$name and $file are both set; set one of them"
  elif [[ -n ${!file:-} ]]; then
    [[ -r ${!file} ]] || die "$file=${!file} cannot be read by uid $EUID"
    echo "$(<"${!file}")"
  else
    echo "${!name:-${2:-}}"
  fi
}

read_settings() {
  POSTGRES_USER=$(setting POSTGRES_USER postgres)
  POSTGRES_DB=$(setting POSTGRES_DB "$POSTGRES_USER")
  POSTGRES_PASSWORD=$(setting POSTGRES_PASSWORD)
  POSTGRES_INITDB_ARGS=$(setting POSTGRES_INITDB_ARGS)
  POSTGRES_HOST_AUTH_METHOD=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  export POSTGRES_USER POSTGRES_DB POSTGRES_PASSWORD
  if [[ -z $POSTGRES_PASSWORD && $POSTGRES_HOST_AUTH_METHOD != trust ]]; then
    die "no password for $POSTGRES_USER: set POSTGRES_PASSWORD_FILE or POSTGRES_PASSWORD"
  fi
}

# Only what an earlier start left unfinished is removed; its own folder, the mark of that, last.
clear_unfinished() {
  local entries
  if [[ -d $PGDATA/.initialising ]]; then
    say "an earlier start was cut off while it made $PGDATA; starting over"
    find "$PGDATA" -mindepth 1 -maxdepth 1 \! -name lost+found \! -name .initialising \
      -exec rm -rf {} +
    rm -rf "$PGDATA/.initialising"
  fi
  entries=$(find "$PGDATA" -mindepth 1 -maxdepth 1 \! -name lost+found)
  [[ -z $entries ]] \
    || die "PGDATA=$PGDATA holds files but no database (no PG_VERSION); empty it or name another"
}

# initdb asks for the name of its user; the image knows no name for a uid it was given.
know_own_name() {
  if ! grep -q "^[^:]*:[^:]*:$EUID:" /etc/passwd; then
    NSS_WRAPPER_PASSWD=$(mktemp)
    NSS_WRAPPER_GROUP=$(mktemp)
    echo "postgres:x:$EUID:$(id -g):postgres:$PGDATA:/bin/false" >"$NSS_WRAPPER_PASSWD"
    echo "postgres:x:$(id -g):" >"$NSS_WRAPPER_GROUP"
    export LD_PRELOAD=libnss_wrapper.so NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP
  fi
}

make_cluster() {
  local -a arguments=()
  # As the contract has it, the arguments are one string that may hold quotes.
  eval "arguments=($POSTGRES_INITDB_ARGS)"
  TZ=${TZ:-UTC} initdb --no-sync --pgdata="$PGDATA" --username="$POSTGRES_USER" \
    --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") --auth-local=trust --auth-host=scram-sha-256 \
    --set=listen_addresses='*' --set=unix_socket_directories="$SOCKETS,/tmp" "${arguments[@]}"
  echo "host all all all $POSTGRES_HOST_AUTH_METHOD" >>"$PGDATA/pg_hba.conf"
}

# The server runs without a network while it is filled, so nobody meets it half done.
fill_cluster() {
  shift
  export PGUSER=$POSTGRES_USER PGHOST=/tmp
  pg_ctl --wait --mode=fast start \
    -o "$(printf '%q ' "$@" -c listen_addresses= -c unix_socket_directories=/tmp)"
  trap 'pg_ctl --wait --mode=immediate stop || true' EXIT
  if [[ $POSTGRES_DB != postgres ]]; then
    docker_process_sql --dbname=postgres --set=name="$POSTGRES_DB" <<<'CREATE DATABASE :"name";'
  fi
  run_scripts
  trap - EXIT
  PGPASSWORD='' pg_ctl --wait --mode=fast stop
}

# Scripts that are sourced use this function, so it bears the contract's name.
docker_process_sql() {
  psql --no-psqlrc --no-password --set=ON_ERROR_STOP=1 --dbname="$POSTGRES_DB" "$@"
}

run_scripts() {
  local script
  for script in "$SCRIPTS"/*; do
    [[ -e $script ]] || continue
    say "running $script"
    case $script in
      *.sh)
        if [[ -x $script ]]; then
          "$script"
        else
          # shellcheck source=/dev/null
          . "$script"
        fi
        ;;
      *.sql) docker_process_sql --file="$script" ;;
      *.sql.gz) gunzip -c "$script" | docker_process_sql ;;
      *.sql.xz) xzcat "$script" | docker_process_sql ;;
      *) say "$script left out: only *.sh, *.sql, *.sql.gz and *.sql.xz are run" ;;
    esac
  done
}

# finish FROM TO: content is on the disk first, then each move is a rename in one file system.
finish() {
  local entry
  initdb --sync-only --pgdata="$1"
  shopt -s dotglob nullglob
  for entry in "$1"/*; do
    [[ ${entry##*/} == PG_VERSION ]] || mv "$entry" "$2/"
  done
  mv "$1/PG_VERSION" "$2/"
  rmdir "$1"
  initdb --sync-only --pgdata="$2"
}

main "$@"
