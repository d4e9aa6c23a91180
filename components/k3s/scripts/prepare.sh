# shellcheck shell=bash disable=SC2034,SC2153 # parts of one script share their names
# prepare NODE: the operating system is ready for K3s, and the wanted version lies on the host,
# checked. Nothing that runs is touched.

prepare() {
  STAGE=$STATE/$VERSION
  packages
  kernel
  stage
  prune
  say "ready for $VERSION"
}

packages() {
  local missing=()
  command -v curl >/dev/null || missing+=(curl)
  [[ $SOURCE != https:* || -e /etc/ssl/certs/ca-certificates.crt || -d /etc/pki ]] ||
    missing+=(ca-certificates)
  ((${#missing[@]})) || return 0
  command -v apt-get >/dev/null ||
    die "${missing[*]} missing, and only apt-get is known here: install it and run again"
  # Unattended upgrades hold the lock for minutes.
  apt_get update
  apt_get install --yes --no-install-recommends "${missing[@]}"
  step "packages installed (${missing[*]})"
}

apt_get() {
  local output
  output=$(apt-get -qq -o DPkg::Lock::Timeout=300 "$@" 2>&1 </dev/null) && return 0
  printf '%s\n' "$output" | tail -n 20 | mask >&2
  die "apt-get $1 failed (its last lines are above): repair the package sources and run again"
}

# https://docs.k3s.io/installation/requirements
kernel() {
  local module name value
  settings_file /etc/modules-load.d/groundwork-k3s.conf "$(printf '%s\n' br_netfilter overlay)"
  for module in br_netfilter overlay; do
    # Built in, or in a container that shares the machine's modules, there is nothing to load.
    [[ -d /sys/module/$module ]] || modprobe "$module" 2>/dev/null ||
      say "module $module cannot be loaded here; K3s will say if it misses it"
  done
  settings_file /etc/sysctl.d/90-groundwork-k3s.conf "$SYSCTLS"
  while read -r name _ value; do
    [[ -z $name ]] || sysctl_at_least "$name" "$value"
  done <<<"$SYSCTLS"
  step "kernel set up"
}

# settings_file PATH TEXT
settings_file() {
  place_files "644 $1 $(printf '%s\n' "$2" | base64 -w 0)"
}

# sysctl_at_least NAME VALUE: a limit that is higher already stays
sysctl_at_least() {
  local now file=/proc/sys/${1//.//}
  [[ -e $file ]] || return 0
  now=$(<"$file")
  ((now >= $2)) || { printf '%s' "$2" >"$file"; } 2>/dev/null ||
    die "$1 is $now and cannot be set to $2: allow it (a container needs a writable /proc/sys)"
}

stage() {
  local entry
  install -d -m 700 "$STAGE"
  for entry in "${ARTIFACTS[@]}"; do
    stage_file "${entry%% *}" "${entry##* }"
  done
  chmod 755 "$STAGE/k3s"
  runs_as_wanted
}

# stage_file NAME DIGEST|-: in place and genuine, or fetched and checked before it is put there
stage_file() {
  local name=$1 digest=$2 remote=$1 target=$STAGE/$1
  [[ $name != k3s ]] || remote=$BINARY
  [[ $digest != - ]] || digest=$(cat "$target.sha256" 2>/dev/null || true)
  [[ -n $digest ]] || { publish_digest "$remote" && digest=$DIGEST; }
  if [[ -f $target && $(digest_of "$target") == "$digest" ]]; then
    return 0
  fi
  fetch "$remote" "$target.part"
  if [[ $(digest_of "$target.part") != "$digest" ]]; then
    # What was resumed may have begun as another file: once more, from nothing
    rm -f "$target.part"
    fetch "$remote" "$target.part"
  fi
  genuine "$remote" "$target.part" "$digest"
  sync "$target.part"
  printf '%s\n' "$digest" >"$target.sha256"
  mv -f "$target.part" "$target"
  step "$name staged"
}

genuine() {
  local found
  found=$(digest_of "$2")
  [[ $found != "$3" ]] || return 0
  rm -f "$2"
  die "$1 from $SOURCE has sha256 $found, expected is $3: it is not used; look at the source, or \
correct artifacts.sha256 in the stack file"
}

digest_of() { sha256sum "$1" | cut -d' ' -f1; }

# publish_digest FILE: DIGEST is what the sums file beside it says
publish_digest() {
  local digest name
  rm -f "$STAGE/sums"
  fetch "$SUMS" "$STAGE/sums"
  while read -r digest name; do
    [[ ${name#\*} == "$1" ]] || continue
    DIGEST=$digest
    return 0
  done <"$STAGE/sums"
  die "$SOURCE/$SUMS has no line for $1: pin its sha256 in artifacts.sha256 of the stack file"
}

# fetch NAME FILE: resumes what an earlier run has begun
fetch() {
  local error patience=(--retry 4 --retry-all-errors --retry-delay 2 --connect-timeout 10
    --speed-limit 1024 --speed-time 60)
  if [[ -s $2 ]] && curl -fsSL "${patience[@]}" -C - -o "$2" "$SOURCE/$1" 2>/dev/null; then
    return 0
  fi
  # From nothing: the first time, or because a server knows no ranges or has nothing left to send
  rm -f "$2"
  error=$(curl -fsSL "${patience[@]}" -o "$2" "$SOURCE/$1" 2>&1) && return 0
  die "$SOURCE/$1 cannot be fetched: ${error##*$'\n'}; look at artifacts in the stack file, and at \
the way from this host to it"
}

# A binary for another architecture, or of another version than its folder says, is found here.
runs_as_wanted() {
  local said
  said=$("$STAGE/k3s" --version 2>&1) ||
    die "the staged k3s does not run on this host ($(uname -m)): ${said%%$'\n'*}"
  [[ $said == *"$VERSION"* ]] ||
    die "the staged k3s says it is ${said%%$'\n'*}, wanted is $VERSION: look at the source"
}

# Staged versions that neither run nor are wanted
prune() {
  local directory running
  running=$(recorded running)
  for directory in "$STATE"/v*; do
    [[ ! -d $directory || $directory == "$STAGE" || ${directory##*/} == "${running%% *}" ]] ||
      rm -rf "$directory"
  done
}
