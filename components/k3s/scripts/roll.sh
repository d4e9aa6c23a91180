# shellcheck shell=bash disable=SC2034,SC2153 # parts of one script share their names
# roll NODE: a member that runs comes to run the wanted version with the wanted configuration.
# Nothing to change is the ordinary case, and quick. A node is never changed while another is away.

roll() {
  require_stage
  [[ $(recorded joined) == "$CA_HASH" ]] ||
    die "is no member of the cluster: \`join\` has to run first; raise its \`generation\`"
  place_files "${LIVE[@]}"
  if as_wanted; then
    settle
    say "runs $VERSION as wanted"
  else
    change
    settle
    say "changed to $VERSION"
  fi
}

as_wanted() {
  [[ $(recorded running) == "$(wanted_state)" && ! -e $STATE/changing ]] &&
    files_in_place "${FILES[@]}" && binary_in_place && service_active
}

# settle: the gate, then what can be set on a living node
settle() {
  must_hold "$GATE_SECONDS" own_node_green "Correct what the journal above says, and run again"
  reconcile_marks label "$LABELS"
  reconcile_marks taint "$TAINTS"
  uncordon
}

change() {
  local before
  before=$(recorded running)
  must_hold "$GATE_SECONDS" others_green "Nothing was changed here. Bring it back, or mark it \`lost: true\`"
  step "the others are well"
  [[ ${before%% *} == "$VERSION" ]] || snapshot
  drain "Correct the budget or the pods, and run again"
  record changing "$(wanted_state)"
  place_everything
  restart_service
  step "restarted"
  await_change
  record_running
}

await_change() {
  must_hold "$GATE_SECONDS" own_node_green \
    "It stays cordoned, and no other node is touched. Correct what the journal above says, run again"
  # What crashes soon after its start must not pass.
  sleep 3
  must_hold "$GATE_SECONDS" own_node_green "It crashed after its start; see the journal above"
  step "green"
}

# One snapshot before the first server changes its version: the way back.
snapshot() {
  local output
  [[ $SNAPSHOT == yes ]] || return 0
  output=$(timeout 300 "$K3S" etcd-snapshot save --name "before-${VERSION//+/-}" 2>&1) || {
    printf '%s\n' "$output" | tail -n 5 | mask >&2
    die "no etcd snapshot could be taken, and without one nothing is changed; see above"
  }
  step "etcd snapshot taken"
}
