# shellcheck shell=bash disable=SC2034,SC2153 # parts of one script share their names
# What every host script begins with: payload, reports, atomic files, the lock.
#
# A script travels on stdin to `bash -s -- VERB NODE`, and its data follow it, a line each:
#   var NAME BASE64            a value
#   mask BASE64                a secret: never to be seen in what is printed
#   server NAME ADDRESS        a server of this cluster
#   artifact FILE SHA256|-     what a version consists of; the first is the binary
#   file MODE PATH BASE64      K3s reads it when it starts
#   live MODE PATH BASE64      takes effect without a restart
#   ca MODE PATH BASE64        only for the server that starts the cluster
set -Eeuo pipefail
umask 077
export LC_ALL=C DEBIAN_FRONTEND=noninteractive PATH="$PATH:/usr/local/bin:/usr/sbin:/sbin"

STATE=/var/lib/groundwork/k3s # survives a reboot
RUN=/run/groundwork           # does not; credentials are here, for as long as a script runs
DATA=/var/lib/rancher/k3s
CONFIG=/etc/rancher/k3s
K3S=/usr/local/bin/k3s

SECRETS=() SERVERS=() ARTIFACTS=() FILES=() LIVE=() CAS=()
VERB=${1:-} NODE=${2:-} REASON="" BEGUN=0 FINISHED=""

decode() { printf '%s' "$1" | base64 -d; }

read_payload() {
  local kind one two three
  while IFS=' ' read -r kind one two three; do
    case $kind in
      var)
        [[ $one =~ ^[A-Z][A-Z0-9_]*$ ]] || die "payload: $one is no name"
        printf -v "$one" '%s' "$(decode "$two")"
        ;;
      mask) SECRETS+=("$(decode "$one")") ;;
      server) SERVERS+=("$one $two") ;;
      artifact) ARTIFACTS+=("$one $two") ;;
      file) FILES+=("$one $two $three") ;;
      live) LIVE+=("$one $two $three") ;;
      ca) CAS+=("$one $two $three") ;;
      '') ;;
      *) die "payload: unknown line $kind" ;;
    esac
  done
}

say() { printf '%s: %s\n' "$VERB" "$*" | mask; }

# step TEXT: what has just been done, and how long it took
step() {
  say "$1 $((SECONDS - BEGUN)) s"
  BEGUN=$SECONDS
}

# die TEXT: what is wrong and the way out; names the host and the step
die() {
  FINISHED=said
  printf 'groundwork: %s %s: %s\n' "$VERB" "$NODE" "$*" | mask >&2
  exit 1
}

# mask: a filter; secrets become ***, and no line grows beyond what a log takes
mask() {
  local line secret
  while IFS= read -r line || [[ -n $line ]]; do
    for secret in "${SECRETS[@]}"; do
      [[ -z $secret ]] || line=${line//"$secret"/***}
    done
    printf '%s\n' "${line:0:1000}"
  done
}

# put MODE PATH BASE64: the file, whole or not at all
put() {
  (umask 022 && mkdir -p "${2%/*}")
  decode "$3" >"$2.groundwork-new"
  chmod "$1" "$2.groundwork-new"
  sync "$2.groundwork-new"
  mv -f "$2.groundwork-new" "$2"
}

# holds MODE PATH BASE64: whether the file is there as wanted
holds() {
  [[ -f $2 && $(stat -c %a "$2") == "${1#0}" ]] && decode "$3" | cmp -s - "$2"
}

# record NAME TEXT: a fact about this host that outlives the script
record() { put 600 "$STATE/$1" "$(printf '%s\n' "$2" | base64 -w 0)"; }

recorded() { [[ ! -e $STATE/$1 ]] || cat "$STATE/$1"; }

forget_record() { rm -f "$STATE/$1"; }

# await SECONDS CONDITION...: until it holds; REASON says why it does not
await() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < deadline)) || return 1
    sleep 1
  done
}

# Two scripts on one host: the older one may still run after its connection was cut.
lock() {
  mkdir -p "$RUN" "$STATE"
  exec 9>"$RUN/lock"
  flock -w 900 9 || die "another Groundwork script has held $RUN/lock for 15 min; look at it with \
\`ps\` on the host, end it, and run again"
}

unexpected() {
  local status=$1 line=$2 command=$3
  [[ -n $FINISHED ]] || printf 'groundwork: %s %s: line %s: exit status %s of: %s\n' \
    "$VERB" "$NODE" "$line" "$status" "${command%%$'\n'*}" | mask >&2
  FINISHED=said
}

leave_nothing() { rm -rf "$RUN/api"; }

# main VERB NODE: the last line of every script calls this, with the payload still to be read
main() {
  trap 'unexpected $? $LINENO "$BASH_COMMAND"' ERR
  trap leave_nothing EXIT
  trap 'exit 143' TERM
  trap 'exit 129' HUP
  read_payload
  lock
  "$VERB"
}
