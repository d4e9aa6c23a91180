# shellcheck shell=bash disable=SC2034,SC2153 # parts of one script share their names
# Members of etcd: who votes, and how one leaves without losing quorum.

# quorum_survives NAME: whether those who stay, without NAME, are a majority of healthy voters
quorum_survives() {
  local name address stay=0 healthy=0
  while IFS='|' read -r name READY VOTER ETCD _ _ address _; do
    [[ $ETCD == true && $name != "$1" ]] || continue
    stay=$((stay + 1))
    # Conditions lag behind a server that has just died by most of a minute, so it is asked as well.
    if [[ $READY == True && $VOTER == True ]] && answers "$address"; then
      healthy=$((healthy + 1))
    fi
  done <<<"$NODES"
  ((stay > 0)) || { REASON="$1 is the only server: its data would be gone" && return 1; }
  ((healthy * 2 > stay)) && return 0
  REASON="of the $stay servers that stay, only $healthy are healthy: etcd would lose its quorum"
  return 1
}

# leave_etcd: the member of $NODE is removed, by K3s' own controller on a server that stays
leave_etcd() {
  find_node "$NODE" && [[ $ETCD == true ]] || return 0
  quorum_survives "$NODE" || die "$REASON. Nothing was done; bring the others back first"
  kube annotate node "$NODE" etcd.k3s.cattle.io/remove=true --overwrite >/dev/null ||
    die "the API refuses to annotate node $NODE; run again"
  await 90 left_etcd || stays
  step "left etcd"
}

# stays: what was asked of etcd is withdrawn, or it would happen some time later, unattended
stays() {
  local reason=$REASON
  kube annotate node "$NODE" etcd.k3s.cattle.io/remove- >/dev/null || true
  uncordon
  die "$reason, after 90 s: etcd refuses while it is unhealthy. It is a member as before; look at \
\`journalctl -u k3s\` on a server that stays, then run again"
}

left_etcd() {
  local field='{.metadata.annotations.etcd\.k3s\.cattle\.io/removed-node-name}' found
  api_connect others || return 1
  found=$(kube get node "$NODE" --ignore-not-found -o "jsonpath=x$field" 2>/dev/null) || return 1
  [[ $found != x ]] && return 0
  REASON="the etcd member of $NODE is not removed yet"
  return 1
}
