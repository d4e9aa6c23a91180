# shellcheck shell=bash disable=SC2034,SC2153 # parts of one script share their names
# join NODE: the host becomes a member of the cluster. On a member that runs, nothing: `roll` makes
# changes there. On a member that is down, or was left in the middle of a change, it mends.

join() {
  require_stage
  if [[ $(recorded joined) == "$CA_HASH" ]]; then
    rejoin
  else
    first_join
  fi
}

rejoin() {
  if forgotten; then
    say "the cluster has forgotten $NODE while it was away: it joins anew"
    rejoin_from_nothing
    return 0
  fi
  if [[ ! -e $STATE/changing ]] && service_active; then
    release
    say "is a member; nothing to do"
    return 0
  fi
  say "is a member, but down or half changed: mending"
  mend
}

# forgotten: another server answers, and says there is no such node
forgotten() {
  api_connect others && read_nodes && [[ -n $NODES ]] && ! find_node "$NODE"
}

rejoin_from_nothing() {
  timeout 90 systemctl stop "$(unit).service" || true
  # A removed member of etcd may not come back with its old data; an agent keeps its volumes.
  rm -rf "$DATA/server/db"
  forget_record joined
  forget_record labels
  forget_record taints
  first_join
}

mend() {
  record changing "$(wanted_state)"
  place_everything
  restart_service
  must_hold "$GATE_SECONDS" own_node_green "Correct what the journal above says, and run again"
  record_running
  release
  step "up again"
}

# release: a change that was taken back runs no `roll`: what it left cordoned comes back here
release() {
  [[ -n $(recorded cordoned) ]] || return 0
  await "$GATE_SECONDS" api_connect any || die "$REASON: it is needed to uncordon $NODE; run again"
  uncordon
  say "uncordoned"
}

first_join() {
  decide
  clear_traces
  place_everything
  step "files placed"
  restart_service
  if [[ $HOW == start ]]; then
    must_hold "$GATE_SECONDS" api_serves "Correct what the journal above says, and run again"
  else
    must_hold "$GATE_SECONDS" servers_vote "Correct what the journal above says, and run again"
  fi
  record_running
  record joined "$CA_HASH"
  step "member of the cluster"
}

# decide: HOW is `start` a cluster, `join` the living one, or `resume` a datastore that is here.
# A second cluster must never come into being because a host was rebuilt, or sorted first.
decide() {
  local join=$CONFIG/config.yaml.d/10-join.yaml
  if find_living; then
    HOW="join"
    put 600 "$join" "$(join_yaml "$LIVING" | base64 -w 0)"
    say "joins the cluster at $LIVING"
  elif [[ -d $DATA/server/db/etcd && -e $join ]]; then
    HOW="start"
    say "no other server answers; goes on with the datastore on this host"
  elif [[ $MAY_START == yes ]]; then
    HOW="start"
    silent_servers_are_down
    place_authorities
    put 600 "$join" "$(printf 'cluster-init: true\n' | base64 -w 0)"
    say "no other server answers: starts the cluster"
  elif await "$GATE_SECONDS" find_living; then
    decide
  else
    die "$REASON, after $GATE_SECONDS s: bring a server up, then run again"
  fi
}

join_yaml() {
  printf 'server: %s\n' "$(https "$1")"
  [[ $ROLE == agent ]] || printf 'token: %s\n' "$JOIN_TOKEN"
}

# find_living: LIVING is the address of another server that serves this cluster's CA
find_living() {
  local entry name address status
  UNHEARD=()
  for entry in "${SERVERS[@]}"; do
    read -r name address <<<"$entry"
    [[ $name != "$NODE" ]] || continue
    status=0
    curl -sSk -m 5 -o "$RUN/cacerts" "$(https "$address")/cacerts" 2>/dev/null || status=$?
    case $status in
      0) same_authority "$name" "$address" && LIVING=$address && return 0 ;;
      28) UNHEARD+=("$name") ;;
    esac
  done
  REASON="no other server of the cluster answers (asked: ${SERVERS[*]})"
  return 1
}

# The hash pins the CA that the token pins as well: -k above trusts nobody.
same_authority() {
  local found
  found=$(sha256sum "$RUN/cacerts" | cut -d' ' -f1)
  rm -f "$RUN/cacerts"
  [[ $found != "$CA_HASH" ]] || return 0
  die "at $2 ($1) another cluster answers (CA $found): correct the address, or remove that K3s"
}

# Refused is down; silence may be a cluster behind a broken network.
silent_servers_are_down() {
  ((${#UNHEARD[@]} == 0)) ||
    die "cannot tell whether a cluster lives: ${UNHEARD[*]} does not answer on port 6443, not even \
to refuse. Bring it up, open the port, or mark it \`lost: true\`"
}

place_authorities() {
  install -d -m 755 /var/lib/rancher "$DATA"
  install -d -m 700 "$DATA/server" "$DATA/server/tls" "$DATA/server/tls/etcd"
  place_files "${CAS[@]}"
}

# A host that was rebuilt empty: the cluster still knows the old one by this name.
clear_traces() {
  [[ $HOW == join && ! -e /etc/rancher/node/password ]] || return 0
  await "$GATE_SECONDS" api_connect others || die "$REASON: it is needed to look for traces of an older $NODE"
  await "$GATE_SECONDS" read_nodes || die "$REASON"
  find_node "$NODE" || return 0
  [[ -z $ADDRESS || $ADDRESS == "$NODE_ADDRESS" ]] ||
    die "the cluster has a node $NODE at $ADDRESS, this host is $NODE_ADDRESS: give it another name"
  say "the cluster knows an older $NODE: clearing its traces"
  [[ $ROLE == agent ]] || leave_etcd
  [[ $ROLE == agent ]] || delete_object "/api/v1/nodes/$NODE"
  delete_object "$(password_secret)"
}
