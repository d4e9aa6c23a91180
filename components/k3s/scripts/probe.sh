# shellcheck shell=bash
# What is so on this host: read-only facts, `name value` a line, for preflight to judge.
set -uo pipefail
export LC_ALL=C PATH="$PATH:/usr/local/bin:/usr/sbin:/sbin"

fact() { printf '%s %s\n' "$1" "${2//$'\n'/ }"; }

first_line() { head -n 1 "$1" 2>/dev/null || true; }

identity() {
  local ID="" VERSION_ID="" ID_LIKE=""
  # shellcheck disable=SC1091 # the host's
  [[ ! -r /etc/os-release ]] || . /etc/os-release
  fact os "$ID $VERSION_ID $ID_LIKE"
  fact machine "$(uname -m)"
  fact kernel "$(uname -r)"
  fact hostname "$(uname -n)"
  fact machine_id "$(first_line /etc/machine-id)"
  fact container "$(first_line /run/systemd/container)"
  fact product_uuid "$(first_line /sys/class/dmi/id/product_uuid)"
}

resources() {
  local free
  fact cpus "$(nproc)"
  fact memory_kib "$(field_of MemTotal: /proc/meminfo)"
  fact swap_kib "$(field_of SwapTotal: /proc/meminfo)"
  free=$(df --output=avail -k /var/lib 2>/dev/null | tail -n 1)
  fact disk_free_kib "${free// /}"
  if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
    fact cgroups "$(</sys/fs/cgroup/cgroup.controllers)"
  else
    fact cgroups "$(enabled_controllers)"
  fi
}

enabled_controllers() {
  local name on
  while read -r name _ _ on; do
    [[ $on != 1 ]] || printf '%s ' "$name"
  done </proc/cgroups
}

# field_of NAME FILE: the second word of the line that begins with NAME
field_of() {
  local name value
  while read -r name value _; do
    [[ $name != "$1" ]] || printf '%s' "$value"
  done <"$2"
}

# Listening sockets, protocol/port; from the kernel's tables, since no tool is sure to be there
ports() {
  local table local_address state listed=()
  for table in tcp tcp6 udp udp6; do
    while read -r _ local_address _ state _; do
      [[ $local_address == *:* ]] || continue
      [[ $table != tcp* || $state == 0A ]] || continue
      listed+=("${table%6}/$((16#${local_address##*:}))")
    done <"/proc/net/$table"
  done 2>/dev/null
  fact ports "$(printf '%s\n' "${listed[@]}" | sort -u | tr '\n' ' ')"
  # Who listens, where the tool is there to ask
  fact owners "$(ss -Hltnup 2>/dev/null |
    sed -nE 's/.*:([0-9]+) .*users:\(\("([^"]+)".*/\1=\2/p' | sort -u | tr '\n' ' ')"
}

network() {
  local destination device found=no
  while read -r _ destination _; do
    [[ $destination != 00000000 ]] || found=yes
  done </proc/net/route
  while read -r destination _ _ _ _ _ _ _ _ device; do
    [[ ! $destination =~ ^0{32}$ || $device == lo ]] || found=yes
  done < <(cat /proc/net/ipv6_route 2>/dev/null)
  fact default_route "$found"
  fact addresses "$(hostname -I 2>/dev/null || true)"
}

# The K3s that is here already, and whose
k3s() {
  local unit data=/var/lib/rancher/k3s authority
  for unit in k3s k3s-agent; do
    [[ -e /etc/systemd/system/$unit.service ]] || continue
    fact unit "$unit"
    fact unit_active "$(systemctl is-active "$unit" 2>/dev/null)"
    grep -q '^# Groundwork' "/etc/systemd/system/$unit.service" && fact unit_ours yes
  done
  for authority in "$data/server/tls/server-ca.crt" "$data/agent/server-ca.crt"; do
    [[ ! -e $authority ]] || { fact authority "$(sha256sum "$authority" | cut -d' ' -f1)" && break; }
  done
  [[ ! -d $data/server/db/etcd ]] || fact datastore yes
  [[ ! -x /usr/local/bin/k3s ]] || fact binary yes
  fact running "$(cat /var/lib/groundwork/k3s/running 2>/dev/null)"
  fact joined "$(cat /var/lib/groundwork/k3s/joined 2>/dev/null)"
}

packages() {
  command -v curl >/dev/null && fact curl yes
  command -v apt-get >/dev/null && fact apt yes
  if command -v flock >/dev/null && [[ -e /var/lib/dpkg/lock-frontend ]]; then
    fuser_free /var/lib/dpkg/lock-frontend || fact apt_locked yes
  fi
  fact selinux "$(first_line /sys/fs/selinux/enforce)"
  [[ -d /run/systemd/system ]] && fact systemd yes
}

# dpkg locks by fcntl, which the kernel lists by inode
fuser_free() {
  local inode
  inode=$(stat -c %i "$1")
  ! grep -qE ":$inode [0-9]+ EOF" /proc/locks 2>/dev/null
}

identity
resources
ports
network
k3s
packages
fact clock "$(date +%s.%N)"
