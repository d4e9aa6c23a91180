# shellcheck shell=bash disable=SC2034,SC2153 # parts of one script share their names
# Gates: what must hold before and after a change. A condition that does not hold says why in
# REASON; a gate that stays shut reports the unit and its journal.

unit() { if [[ $ROLE == server ]]; then printf k3s; else printf k3s-agent; fi; }

service_active() {
  local state
  state=$(systemctl is-active "$(unit).service" || true)
  [[ $state == active ]] && return 0
  REASON="$(unit).service is $state"
  return 1
}

# A server that starts a cluster: its API answers. Others may join from here on.
api_serves() {
  service_active || return 1
  api_credentials
  answers "$NODE_ADDRESS" && return 0
  REASON="its API does not answer /readyz"
  return 1
}

# The node is Ready, at the wanted version, by a report younger than SINCE (UTC, RFC 3339)
own_node_green() {
  service_active || return 1
  if [[ $ROLE == server ]]; then
    api_serves || return 1
  fi
  api_connect any && read_nodes || return 1
  find_node "$NODE" || { REASON="the API knows no node $NODE yet" && return 1; }
  if [[ $RUNS != "$VERSION" ]]; then
    REASON="node $NODE reports version $RUNS, wanted is $VERSION"
  elif [[ $READY != True ]]; then
    REASON="node $NODE is not Ready (Ready=${READY:-unknown})"
  elif [[ -n ${SINCE:-} && $HEARTBEAT < $SINCE ]]; then
    REASON="node $NODE has not reported since the restart at $SINCE"
  elif [[ $ROLE == server && $VOTER != True ]]; then
    REASON="server $NODE is no voter of etcd yet (EtcdIsVoter=${VOTER:-unknown})"
  else
    return 0
  fi
  return 1
}

# Every registered server votes, besides what own_node_green asks
servers_vote() {
  own_node_green || return 1
  [[ $ROLE == agent ]] || every_server_votes ""
}

# every_server_votes [EXCEPT]
every_server_votes() {
  local name
  while IFS='|' read -r name READY VOTER ETCD _; do
    [[ $name != "$1" && $ETCD == true && $VOTER != True ]] || continue
    REASON="server $name is no voter of etcd (EtcdIsVoter=${VOTER:-unknown})"
    return 1
  done <<<"$NODES"
}

# Nothing else is away that would make this change one too many
others_green() {
  local entry name address away=0 first=""
  api_connect any && read_nodes && every_server_votes "$NODE" || return 1
  for entry in "${SERVERS[@]}"; do
    read -r name address <<<"$entry"
    [[ $name != "$NODE" ]] || continue
    find_node "$name" || { REASON="server $name is not in the cluster" && return 1; }
    [[ $READY == True ]] || { REASON="server $name is not Ready" && return 1; }
    # Ready lags behind a server that has just died by most of a minute.
    answers "$address" || { REASON="server $name does not answer /readyz" && return 1; }
  done
  while IFS='|' read -r name READY VOTER ETCD _; do
    [[ $name != "$NODE" && $ETCD != true && $READY != True && -n $name ]] || continue
    away=$((away + 1)) first=${first:-$name}
  done <<<"$NODES"
  ((away <= ALLOWED_AWAY)) && return 0
  REASON="$away other agent(s) are not Ready ($first first), allowed are $ALLOWED_AWAY"
  return 1
}

# must_hold SECONDS CONDITION WAYOUT: the gate; shut, it ends the script with all there is to know
must_hold() {
  await "$1" "$2" && return 0
  local reason=$REASON
  report
  die "$reason, after $1 s. $3"
}

report() {
  {
    printf -- '--- %s: systemctl status %s\n' "$NODE" "$(unit)"
    systemctl status --no-pager --lines=0 "$(unit).service" 2>&1 || true
    printf -- '--- %s: last lines of its journal\n' "$NODE"
    journalctl --no-pager --quiet --output=cat --lines=40 --unit "$(unit).service" 2>&1 || true
    printf -- '---\n'
  } | mask >&2
}
