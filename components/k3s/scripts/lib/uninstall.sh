# shellcheck shell=bash disable=SC2034,SC2153 # parts of one script share their names
# Everything that K3s and these scripts have put on a host, taken away again. Each wait is bounded,
# each step is harmless when there is nothing left to do.

# Exactly the processes of the K3s on this host: those of hosts nested in it, which a container
# runtime here may run, live in another PID namespace.
k3s_processes() {
  local here pid
  here=$(readlink /proc/self/ns/pid)
  for pid in /proc/[0-9]*; do
    [[ $(readlink "$pid/ns/pid" 2>/dev/null) == "$here" ]] || continue
    if [[ $(readlink "$pid/exe" 2>/dev/null) == @("$DATA"/*|"$K3S"|"$K3S (deleted)") ]] ||
      tr '\0' ' ' 2>/dev/null <"$pid/cmdline" | grep -qE '(^| |=)(unix://)?/run/k3s/'; then
      printf '%s\n' "${pid#/proc/}"
    fi
  done
}

# with_descendants: PIDs on stdin -> the same and all that they have started
with_descendants() {
  local -A parent=() wanted=()
  local pid stat up
  while read -r pid; do wanted[$pid]=1; done
  for stat in /proc/[0-9]*/stat; do
    { read -r stat <"$stat"; } 2>/dev/null || continue
    pid=${stat%% *} stat=${stat##*) }
    read -r _ up _ <<<"$stat"
    parent[$pid]=$up
  done
  for pid in "${!parent[@]}"; do
    up=$pid
    while [[ -n ${parent[$up]:-} && -z ${wanted[$up]:-} ]]; do up=${parent[$up]}; done
    [[ -z ${wanted[$up]:-} ]] || printf '%s\n' "$pid"
  done
}

stop_service() {
  local name
  for name in k3s k3s-agent; do
    [[ -e /etc/systemd/system/$name.service ]] || continue
    timeout 60 systemctl disable --quiet --now "$name.service" ||
      timeout 10 systemctl kill --signal=KILL "$name.service" || true
  done
}

end_processes() {
  local round pids
  for ((round = 0; round < 20; round++)); do
    pids=$(k3s_processes | with_descendants)
    [[ -n $pids ]] || return 0
    # shellcheck disable=SC2086 # a list
    kill -KILL $pids 2>/dev/null || true
    sleep 0.5
  done
  die "processes of K3s do not end: ${pids//$'\n'/ }; reboot the host and run again"
}

# mounts_below DIRECTORY: deepest first, so that each can be unmounted
mounts_below() {
  local where rest
  while read -r _ where rest; do
    printf -v where '%b' "$where"
    [[ $where != "$1"/* ]] || printf '%s\n' "$where"
  done </proc/self/mounts | sort -r
}

unmount_below() {
  local round where
  for ((round = 0; round < 10; round++)); do
    while IFS= read -r where; do
      umount -- "$where" 2>/dev/null || umount -l -- "$where" 2>/dev/null || true
    done < <(mounts_below "$1")
    [[ -n $(mounts_below "$1") ]] || return 0
    sleep 0.5
  done
  die "still mounted below $1: $(mounts_below "$1" | head -n 1); nothing below is deleted; unmount \
it and run again"
}

# remove_tree DIRECTORY: a mount point of the administrator's stays, empty
remove_tree() {
  [[ -e $1 ]] || return 0
  unmount_below "$1"
  if mountpoint -q "$1"; then
    find "$1" -mindepth 1 -xdev -delete
  else
    rm -rf --one-file-system "$1"
  fi
}

remove_interfaces() {
  local name netns
  command -v ip >/dev/null || return 0
  for netns in /run/netns/cni-*; do
    [[ ! -e $netns ]] || ip netns delete "${netns##*/}" 2>/dev/null || rm -f "$netns" || true
  done
  while IFS=' @:' read -r _ name _; do
    [[ -z $name ]] || ip link delete "$name" 2>/dev/null || true
  done < <(ip -o link show master cni0 2>/dev/null || true)
  for name in cni0 flannel.1 flannel-v6.1 flannel-wg flannel-wg-v6 kube-ipvs0; do
    ip link delete "$name" 2>/dev/null || true
  done
  if [[ -n ${VIP:-} ]]; then
    ip address delete "$VIP" dev "$VIP_INTERFACE" 2>/dev/null || true
  fi
}

# The host's own rules stay: only lines that name K3s' chains go.
remove_firewall_rules() {
  local tool save
  PATH=$PATH:$DATA/data/current/bin/aux
  for tool in iptables ip6tables; do
    command -v "$tool-save" >/dev/null || continue
    save=$("$tool-save" 2>/dev/null) || continue
    grep -qE 'KUBE-|CNI-|[Ff][Ll][Aa][Nn][Nn][Ee][Ll]' <<<"$save" || continue
    grep -vE 'KUBE-|CNI-|[Ff][Ll][Aa][Nn][Nn][Ee][Ll]' <<<"$save" | "$tool-restore" ||
      say "rules of K3s are left in $tool: a reboot removes them"
  done
}

remove_files() {
  local tool directory
  for directory in "$DATA" /var/lib/kubelet /run/k3s /run/flannel "$CONFIG" /etc/rancher/node \
    /var/lib/cni /var/log/pods /var/log/containers /var/tmp/groundwork; do
    remove_tree "$directory"
  done
  for tool in kubectl crictl ctr; do
    [[ $(readlink "${K3S%/*}/$tool") != k3s ]] || rm -f "${K3S%/*}/$tool"
  done
  rm -f "$K3S" "$K3S.groundwork-new" /etc/cni/net.d/10-flannel.conflist \
    /etc/systemd/system/{k3s,k3s-agent}.service \
    /etc/modules-load.d/groundwork-k3s.conf /etc/sysctl.d/90-groundwork-k3s.conf
  rmdir /etc/cni/net.d /etc/cni /etc/rancher /var/lib/rancher 2>/dev/null || true
  systemctl daemon-reload
  systemctl reset-failed k3s.service k3s-agent.service 2>/dev/null || true
}

# What keeps the binary and our records for last: until then a killed removal can be resumed.
uninstall() {
  remove_firewall_rules
  end_processes
  unmount_below /run/k3s
  unmount_below /var/lib/kubelet
  unmount_below "$DATA"
  unmount_below /run/netns
  remove_interfaces
  remove_files
  rm -rf "$STATE"
  rmdir /var/lib/groundwork 2>/dev/null || true
  rm -rf "$RUN"
  step "uninstalled"
}
