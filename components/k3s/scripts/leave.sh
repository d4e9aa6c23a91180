# shellcheck shell=bash disable=SC2034,SC2153 # parts of one script share their names
# Ways out of a cluster:
#   leave NODE     pods drained, etcd left, K3s uninstalled, the Node deleted. Refused, with nothing
#                  done, when quorum would be lost
#   teardown NODE  the whole cluster goes: uninstalled, and nobody is asked
#   forget NODE    on a living server: the cluster forgets a host that is gone for good

leave() {
  if [[ ! -e $STATE/joined && ! -x $K3S ]]; then
    stop_service
    uninstall
    return 0
  fi
  [[ ${SERVERS[*]} != "$NODE "* || ${#SERVERS[@]} != 1 ]] ||
    die "is the only server: with it the cluster would go. Nothing was done; \`pulumi destroy\` \
removes a cluster"
  await "$GATE_SECONDS" api_connect others || die "$REASON. Nothing was done: a node leaves with \
the help of another server. Bring one up; or, if this host is gone for good, mark it \`lost: true\`"
  await "$GATE_SECONDS" read_nodes || die "$REASON. Nothing was done; run again"
  [[ $ROLE == agent ]] || ! find_node "$NODE" || quorum_survives "$NODE" ||
    die "$REASON. Nothing was done; bring the others back first"
  drain "Correct the budget or the pods, and run again"
  [[ $ROLE == agent ]] || leave_etcd
  stop_service
  delete_object "/api/v1/nodes/$NODE"
  delete_object "$(password_secret)"
  step "forgotten by the cluster"
  uninstall
}

teardown() {
  stop_service
  uninstall
}

forget() {
  if [[ ! -e $STATE/joined ]]; then
    say "no cluster on this host yet that could have known $NODE"
    return 0
  fi
  await "$GATE_SECONDS" api_connect others || die "$REASON: bring a server up, then run again"
  await "$GATE_SECONDS" read_nodes || die "$REASON"
  if find_node "$NODE" && [[ $READY == True ]]; then
    die "is Ready, so it lives: remove \`lost: true\`, or switch the host off for good"
  fi
  leave_etcd
  delete_object "/api/v1/nodes/$NODE"
  delete_object "$(password_secret)"
  step "forgotten by the cluster"
}
