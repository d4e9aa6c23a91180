#!/usr/bin/env bash
# Make the root file system that all hosts of a lab share: Debian with systemd, sshd and what K3s needs.
# usage: base.sh MIRROR TARGET      This file is the whole recipe: changing it makes another image.
set -euo pipefail

mirror=$1 target=$2
packages=(
  systemd systemd-sysv dbus openssh-server sudo ca-certificates curl procps kmod util-linux
  iproute2 iputils-ping iptables nftables ipset ebtables conntrack ethtool socat
  containerd runc containernetworking-plugins
)
include=$(IFS=, && echo "${packages[*]}")
debootstrap --variant=minbase --include="$include" bookworm "$target" "$mirror"

chroot "$target" useradd --create-home --shell /bin/bash --password '*' ops

# K3s brings its own containerd; the rest would only start things a host of the lab has no use for.
rm "$target"/etc/systemd/system/multi-user.target.wants/containerd.service
for unit in console-getty getty@tty1 e2scrub_reap apt-daily apt-daily-upgrade systemd-pstore cni-dhcp; do
  ln -sf /dev/null "$target/etc/systemd/system/$unit.service"
done
for unit in apt-daily apt-daily-upgrade dpkg-db-backup e2scrub_all fstrim; do
  ln -sf /dev/null "$target/etc/systemd/system/$unit.timer"
done
# These would set kernel variables of the whole machine.
for settings in "$target"/usr/lib/sysctl.d/*.conf; do
  ln -sf /dev/null "$target/etc/sysctl.d/${settings##*/}"
done

# Every host has its own identity; packages are never installed on one.
rm -f "$target"/etc/ssh/ssh_host_*_key* "$target"/var/lib/dbus/machine-id "$target"/var/cache/apt/*.bin
: >"$target/etc/machine-id"
find "$target/var/cache/apt/archives" "$target/var/lib/apt/lists" "$target/var/log" -type f -delete
