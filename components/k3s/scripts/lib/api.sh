# shellcheck shell=bash disable=SC2034,SC2153 # parts of one script share their names
# The cluster's API, with the maintenance certificate: reached by curl and by `k3s kubectl`.
# The credentials lie in memory, for root alone, while the script runs.

API="" NODES=""

# answers ADDRESS: whether a server of this cluster is ready there
answers() {
  local reply
  reply=$(api_curl 5 "$1" /readyz 2>/dev/null) && [[ $reply == ok ]]
}

# api_curl SECONDS ADDRESS PATH [OPTION...]
api_curl() {
  local seconds=$1 url
  url=$(https "$2")$3
  shift 3
  curl -sS -f -m "$seconds" --cacert "$RUN/api/ca.crt" \
    --cert "$RUN/api/client.crt" --key "$RUN/api/client.key" "$@" "$url"
}

https() {
  if [[ $1 == *:* ]]; then
    printf 'https://[%s]:6443' "$1"
  else
    printf 'https://%s:6443' "$1"
  fi
}

api_credentials() {
  install -d -m 700 "$RUN/api"
  printf '%s\n' "$SERVER_CA" >"$RUN/api/ca.crt"
  printf '%s\n' "$CLIENT_CERTIFICATE" >"$RUN/api/client.crt"
  printf '%s\n' "$CLIENT_KEY" >"$RUN/api/client.key"
}

# api_connect any|others: find a server that answers; on a server, its own API is asked first
api_connect() {
  local entry name address ordered=()
  api_credentials
  for entry in "${SERVERS[@]}"; do
    read -r name address <<<"$entry"
    if [[ $name != "$NODE" ]]; then
      ordered+=("$address")
    elif [[ $1 == any ]]; then
      ordered=("$address" "${ordered[@]}")
    fi
  done
  for address in "${ordered[@]}"; do
    if answers "$address"; then
      API=$address
      kubeconfig "$address"
      return 0
    fi
  done
  REASON="no server answers at its address, port 6443 (asked: ${ordered[*]:-none})"
  return 1
}

kubeconfig() {
  cat >"$RUN/api/kubeconfig" <<EOF
apiVersion: v1
kind: Config
current-context: maintenance
clusters: [{name: c, cluster: {server: "$(https "$1")", certificate-authority: $RUN/api/ca.crt}}]
users: [{name: u, user: {client-certificate: $RUN/api/client.crt, client-key: $RUN/api/client.key}}]
contexts: [{name: maintenance, context: {cluster: c, user: u}}]
EOF
}

# kubectl_binary: the installed K3s, or a staged one
kubectl_binary() {
  local candidate
  for candidate in "$K3S" "$STATE"/v*/k3s; do
    [[ ! -x $candidate ]] || { printf '%s' "$candidate" && return 0; }
  done
  return 1
}

kube() {
  local binary
  binary=$(kubectl_binary) || { REASON="no K3s binary on this host" && return 1; }
  KUBECONFIG=$RUN/api/kubeconfig timeout 60 "$binary" kubectl --request-timeout=20s "$@"
}

# Names hold no `|`, so neither does a line: name, Ready, voter, server, cordoned, version, address
NODE_FIELDS='{range .items[*]}{.metadata.name}{"|"}'
NODE_FIELDS+='{.status.conditions[?(@.type=="Ready")].status}{"|"}'
NODE_FIELDS+='{.status.conditions[?(@.type=="EtcdIsVoter")].status}{"|"}'
NODE_FIELDS+='{.metadata.labels.node-role\.kubernetes\.io/etcd}{"|"}'
NODE_FIELDS+='{.spec.unschedulable}{"|"}{.status.nodeInfo.kubeletVersion}{"|"}'
NODE_FIELDS+='{.status.addresses[?(@.type=="InternalIP")].address}{"|"}'
NODE_FIELDS+='{.status.conditions[?(@.type=="Ready")].lastHeartbeatTime}{"|"}'
NODE_FIELDS+='{.spec.taints[*].effect}{"\n"}{end}'

# read_nodes: NODES holds a line of fields for each node. Fails, with REASON, when it cannot.
read_nodes() {
  NODES=""
  if ! NODES=$(kube get nodes -o "jsonpath=$NODE_FIELDS" 2>&1); then
    REASON="the nodes cannot be read from $API: ${NODES##*$'\n'}"
    NODES=""
    return 1
  fi
}

# find_node NAME: the fields of that node of NODES, as variables
find_node() {
  local name
  while IFS='|' read -r name READY VOTER ETCD CORDONED RUNS ADDRESS HEARTBEAT EFFECTS; do
    [[ $name != "$1" ]] || return 0
  done <<<"$NODES"
  READY="" VOTER="" ETCD="" CORDONED="" RUNS="" ADDRESS="" HEARTBEAT="" EFFECTS=""
  return 1
}

# delete_object PATH: gone, or never there
delete_object() {
  local status
  status=$(curl -sS -o /dev/null -w '%{http_code}' -m 20 -X DELETE \
    --cacert "$RUN/api/ca.crt" --cert "$RUN/api/client.crt" --key "$RUN/api/client.key" \
    "$(https "$API")$1") || true
  [[ $status == 200 || $status == 202 || $status == 404 ]] ||
    die "$API refuses to delete $1 (HTTP $status); run again, or delete it with kubectl"
}

password_secret() { printf '/api/v1/namespaces/kube-system/secrets/%s.node-password.k3s' "$NODE"; }
