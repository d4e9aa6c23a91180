#!/usr/bin/env bash
# Power one host of a lab on, and on again when it reboots. Runs until the host is powered off.
# usage: boot.sh LAB HOST DIRECTORY BASE
# The root is an overlay mounted in a mount namespace of its own, so it goes when the host's processes go.
set -euo pipefail

lab=$1 host=$2 dir=$3 base=$4

if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
  hierarchies=(/sys/fs/cgroup)
else
  hierarchies=()
  for path in /sys/fs/cgroup/*; do
    # cpu and cpuacct may be links to one hierarchy
    if [[ ! -L $path && -e $path/cgroup.procs ]]; then hierarchies+=("$path"); fi
  done
fi

join() { # GROUP PID: put a process into the lab's group of that name, in every hierarchy
  local hierarchy above controller what
  for hierarchy in "${hierarchies[@]}"; do
    mkdir -p "$hierarchy/gw-$lab/$1"
    for above in "$hierarchy" "$hierarchy/gw-$lab"; do
      if [[ -e $above/cgroup.controllers ]]; then
        for controller in $(<"$above/cgroup.controllers"); do
          echo "+$controller" >"$above/cgroup.subtree_control" || true
        done
      fi
    done
    # A cgroup v1 cpuset starts empty and takes no process until it is told what it may use.
    if [[ -e $hierarchy/tasks && -e $hierarchy/cpuset.cpus ]]; then
      for above in "$hierarchy/gw-$lab" "$hierarchy/gw-$lab/$1"; do
        for what in cpus mems; do cat "$hierarchy/cpuset.$what" >"$above/cpuset.$what"; done
      done
    fi
    echo "$2" >"$hierarchy/gw-$lab/$1/cgroup.procs"
  done
}

container() {
  local options=(
    --machine="$lab-$host" --hostname="$host" --network-bridge="gw-$lab"
    --register=no --keep-unit --link-journal=no --resolv-conf=off --timezone=off
    --capability=all --system-call-filter="@keyring bpf keyctl add_key @mount" --bind=/dev/kmsg
    --bind="$dir/rancher:/var/lib/rancher" --bind="$dir/kubelet:/var/lib/kubelet"
    --setenv=SYSTEMD_COLORS=0
  )
  # The kubelet writes to /proc/sys.
  export SYSTEMD_NSPAWN_API_VFS_WRITABLE=yes
  exec systemd-nspawn --quiet --boot --directory="$dir/root" "${options[@]}"
}

if [[ ${5-} != apart ]]; then
  read -r _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ started _ <"/proc/$$/stat"
  echo "$$ $started" >"$dir/pid"
  join boot $$
  exec unshare --mount --propagation private -- bash "$0" "$@" apart
fi

mount -t overlay overlay -o "lowerdir=$base,upperdir=$dir/upper,workdir=$dir/work" "$dir/root"
# systemd-nspawn leaves a directory here, and cannot end cleanly unless it is on a tmpfs.
mkdir -p /run/systemd/nspawn
mount -t tmpfs -o mode=0755 tmpfs /run/systemd/nspawn

rebooted=133
status=$rebooted
while ((status == rebooted)); do
  for hierarchy in "${hierarchies[@]}"; do
    if [[ -d $hierarchy/gw-$lab/$host ]]; then
      find "$hierarchy/gw-$lab/$host" -mindepth 1 -depth -type d -exec rmdir {} + || true
    fi
  done
  status=0
  (join "$host" "$BASHPID" && container) || status=$?
done
exit "$status"
