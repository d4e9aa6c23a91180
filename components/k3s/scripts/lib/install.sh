# shellcheck shell=bash disable=SC2034,SC2153 # parts of one script share their names
# The files of a K3s node, from the staged version and the payload to where K3s looks for them.

# The digest of what a restart is needed for: compared with that of the last good start
wanted_digest() { printf '%s\n' "${FILES[@]}" | sort | sha256sum | cut -d' ' -f1; }

wanted_state() { printf '%s %s' "$VERSION" "$(wanted_digest)"; }

require_stage() {
  local entry
  for entry in "${ARTIFACTS[@]}"; do
    [[ -f $STATE/$VERSION/${entry%% *} ]] ||
      die "${entry%% *} of $VERSION is not staged in $STATE/$VERSION: \`prepare\` of this host has to run \
again; raise its \`generation\` in the stack file"
  done
}

place_files() {
  local entry mode path data
  for entry in "$@"; do
    read -r mode path data <<<"$entry"
    holds "$mode" "$path" "$data" || put "$mode" "$path" "$data"
  done
}

files_in_place() {
  local entry mode path data
  for entry in "$@"; do
    read -r mode path data <<<"$entry"
    holds "$mode" "$path" "$data" || return 1
  done
}

binary_in_place() { cmp -s "$STATE/$VERSION/k3s" "$K3S"; }

# The running process keeps the old file; the name changes hands in one step.
place_binary() {
  if ! binary_in_place; then
    mkdir -p "${K3S%/*}"
    install -m 755 "$STATE/$VERSION/k3s" "$K3S.groundwork-new"
    sync "$K3S.groundwork-new"
    mv -f "$K3S.groundwork-new" "$K3S"
  fi
  local tool
  # A tool that the host has already stays the one that its name means.
  for tool in kubectl crictl ctr; do
    [[ -L ${K3S%/*}/$tool ]] || command -v "$tool" >/dev/null || ln -s k3s "${K3S%/*}/$tool"
  done
}

# Image archives of the version; K3s imports what lies here when it starts.
place_images() {
  local entry name images=$DATA/agent/images
  for entry in "${ARTIFACTS[@]:1}"; do
    name=${entry%% *}
    install -d -m 755 "$images"
    if ! cmp -s "$STATE/$VERSION/$name" "$images/$name"; then
      ln -f "$STATE/$VERSION/$name" "$images/$name.groundwork-new" 2>/dev/null ||
        cp "$STATE/$VERSION/$name" "$images/$name.groundwork-new"
      mv -f "$images/$name.groundwork-new" "$images/$name"
    fi
  done
}

place_everything() {
  place_images
  place_files "${FILES[@]}" "${LIVE[@]}"
  place_binary
  systemctl daemon-reload
  systemctl enable --quiet "$(unit).service"
}

# The start itself is not waited for: the gate does that, and can say what is missing.
restart_service() {
  SINCE=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  systemctl reset-failed "$(unit).service" 2>/dev/null || true
  systemctl restart --no-block "$(unit).service"
}

# After this, the host is known to run what the stack wants.
record_running() {
  record running "$(wanted_state)"
  forget_record changing
}
