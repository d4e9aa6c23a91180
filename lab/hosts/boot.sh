#!/usr/bin/env bash
# Start one host of a lab and become its systemd-nspawn. Runs until the host is powered off.
# usage: boot.sh LAB HOST DIRECTORY BASE
# The root is an overlay mounted in a mount namespace of its own, so it goes when the host's processes go.
set -euo pipefail

lab=$1 host=$2 dir=$3 base=$4

join_group() { # HIERARCHY: go into the host's own control group there
  local group=$1/gw-$lab/$host
  mkdir -p "$group"
  local above
  for above in "$1" "$1/gw-$lab"; do
    if [[ -e $above/cgroup.subtree_control ]]; then
      local controller
      for controller in $(<"$above/cgroup.controllers"); do
        echo "+$controller" >"$above/cgroup.subtree_control" || true
      done
    fi
  done
  # A cgroup v1 cpuset starts empty and takes no process until it is told what it may use.
  if [[ -e $1/cpuset.cpus && -e $1/tasks ]]; then
    local child what
    for child in "$1/gw-$lab" "$group"; do
      for what in cpus mems; do cat "$1/cpuset.$what" >"$child/cpuset.$what"; done
    done
  fi
  echo $$ >"$group/cgroup.procs"
}

if [[ ${5-} != mounted ]]; then
  read -r _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ started _ <"/proc/$$/stat"
  echo "$$ $started" >"$dir/pid"
  if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
    join_group /sys/fs/cgroup
  else
    for hierarchy in /sys/fs/cgroup/*/; do
      # cpu and cpuacct may be links to one hierarchy
      if [[ ! -L ${hierarchy%/} && -e ${hierarchy}cgroup.procs ]]; then join_group "${hierarchy%/}"; fi
    done
  fi
  exec unshare --mount --propagation private -- bash "$0" "$@" mounted
fi

mount -t overlay overlay -o "lowerdir=$base,upperdir=$dir/upper,workdir=$dir/work" "$dir/root"

# The kubelet writes to /proc/sys.
export SYSTEMD_NSPAWN_API_VFS_WRITABLE=yes
exec systemd-nspawn --quiet --boot --directory="$dir/root" \
  --machine="$lab-$host" --hostname="$host" --network-bridge="gw-$lab" \
  --register=no --keep-unit --link-journal=no --resolv-conf=off --timezone=off \
  --capability=all --system-call-filter="@keyring bpf keyctl add_key @mount" \
  --bind=/dev/kmsg \
  --bind="$dir/rancher:/var/lib/rancher" --bind="$dir/kubelet:/var/lib/kubelet" \
  --setenv=SYSTEMD_COLORS=0
