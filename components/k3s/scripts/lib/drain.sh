# shellcheck shell=bash disable=SC2034,SC2153 # parts of one script share their names
# Moving a node's pods away, and bringing it back. Budgets (PDBs) are respected, time is bounded.
# That the cordon is ours is recorded before it is set, so that a killed script leaves no riddle.

# other_places: how many other nodes would take an ordinary pod
other_places() {
  local name count=0
  while IFS='|' read -r name READY _ _ CORDONED _ _ _ EFFECTS; do
    [[ -n $name && $name != "$NODE" && $READY == True && $CORDONED != true ]] || continue
    [[ $EFFECTS == *NoSchedule* || $EFFECTS == *NoExecute* ]] || count=$((count + 1))
  done <<<"$NODES"
  printf '%s' "$count"
}

# drain WAYOUT: cordon and evict. On failure the node is as it was, and the script ends.
drain() {
  local output
  if ((DRAIN_SECONDS == 0)); then
    say "no drain: drainTimeoutSeconds is 0"
    return 0
  fi
  find_node "$NODE" || return 0
  if [[ $(other_places) == 0 ]]; then
    say "no drain: no other node takes pods, so there is nowhere to move them"
    return 0
  fi
  cordon
  if ! output=$(drain_pods 2>&1); then
    printf '%s\n' "$output" | tail -n 20 | mask >&2
    budgets | mask >&2
    uncordon
    die "its pods could not be moved within $DRAIN_SECONDS s; it is uncordoned and unchanged. $1"
  fi
  step "drained"
}

cordon() {
  [[ $CORDONED != true ]] || return 0
  record cordoned "$NODE"
  kube cordon "$NODE" >/dev/null || die "cannot be cordoned: the API refuses; run again"
}

drain_pods() {
  local binary
  binary=$(kubectl_binary)
  KUBECONFIG=$RUN/api/kubeconfig timeout -k 5 $((DRAIN_SECONDS + 30)) "$binary" kubectl drain \
    "$NODE" --ignore-daemonsets --delete-emptydir-data --timeout="${DRAIN_SECONDS}s"
}

# Which budgets allow no eviction now
budgets() {
  local fields='{range .items[?(@.status.disruptionsAllowed==0)]}{.metadata.namespace}/'
  fields+='{.metadata.name} ({.status.currentHealthy} healthy, {.status.desiredHealthy} needed)'
  fields+='{"\n"}{end}'
  kube get poddisruptionbudgets -A -o "jsonpath=$fields" 2>/dev/null |
    while IFS= read -r line; do
      printf 'PodDisruptionBudget %s allows no eviction\n' "$line"
    done
}

# uncordon: only what we cordoned
uncordon() {
  [[ -n $(recorded cordoned) ]] || return 0
  kube uncordon "$NODE" >/dev/null || die "cannot be uncordoned: the API refuses; run again"
  forget_record cordoned
}
