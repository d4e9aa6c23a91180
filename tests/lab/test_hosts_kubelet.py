"""A host of a lab has what K3s asks of one, though it is a container."""

import subprocess
from pathlib import Path

import pytest
import yaml

from lab.hosts import status
from tests.lab.labs import said

pytestmark = pytest.mark.usefixtures("machine")


@pytest.fixture(scope="module")
def lab(lab_of):
    return lab_of(servers=1, agents=1, k3s=())


KUBELETS_NEEDS = {
    "overlay mounts": "cd /var/lib/rancher/x && mount -t overlay overlay "
    "-o lowerdir=l,upperdir=u,workdir=w m && umount m",
    "nat": "iptables -t nat -A POSTROUTING -s 10.42.0.0/16 -j MASQUERADE && iptables -t nat -F",
    "vxlan": "ip link add v0 type vxlan id 1 dstport 8472 local 127.0.0.1 && ip link delete v0",
    "bridges": "ip link add br0 type bridge && ip link delete br0",
    "veth": "ip link add ve0 type veth peer name ve1 && ip link delete ve0",
    "network namespaces": "ip netns add n1 && ip netns delete n1",
    "forwarding": "echo 1 >/proc/sys/net/ipv4/ip_forward",
    "bridged packets in iptables": "echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables",
    "the kernel's log": "test -c /dev/kmsg && exec 3</dev/kmsg",
    "control groups": "cd /sys/fs/cgroup/memory 2>/dev/null || cd /sys/fs/cgroup; "
    "mkdir kubepods && rmdir kubepods",
    "containers": "containerd --version && runc --version && ls /usr/lib/cni/portmap",
}


@pytest.mark.parametrize("command", KUBELETS_NEEDS.values(), ids=KUBELETS_NEEDS)
def test_a_host_has_what_a_kubelet_needs(s1, command):
    said(s1, "sudo mkdir -p /var/lib/rancher/x/{l,u,w,m}")

    said(s1, "sudo bash", stdin=command)


def test_kernel_settings_of_the_whole_machine_are_each_hosts_own(s1, a1):
    paths = "/proc/sys/vm/overcommit_memory /proc/sys/kernel/panic"
    machines = subprocess.run(["cat", *paths.split()], capture_output=True, text=True, check=True)
    wrote = said(s1, f"for f in {paths}; do echo 7 | sudo tee $f; done; cat {paths}")

    assert wrote.split() == ["7"] * 4
    assert said(a1, f"cat {paths}") == machines.stdout.strip()


K3S = """#!/bin/sh
echo "k3s version v1.2.3+k3s1 (0123456789ab)"
echo "{}"
"""


def install_k3s(host, second_line):
    """A program that answers to --version like K3s."""
    path = "/usr/local/bin/k3s"
    said(host, f"sudo tee {path} && sudo chmod 755 {path}", stdin=K3S.format(second_line))


def test_k3s_gets_the_settings_a_container_needs(s1):
    install_k3s(s1, "go version go1.25.5")
    needed = []
    if not Path("/sys/fs/cgroup/cgroup.controllers").exists():
        needed.append("fail-cgroupv1=false")
    own = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    if not int(own["CapEff"], 16) >> 24 & 1:
        needed.append("feature-gates=KubeletInUserNamespace=true")

    said(s1, "sudo /usr/lib/groundwork-lab/k3s-settings")

    text = said(s1, "cat /etc/rancher/k3s/config.yaml.d/90-lab.yaml 2>/dev/null; true")
    assert (yaml.safe_load(text) or {}).get("kubelet-arg+", []) == needed
    said(s1, "sudo rm -rf /etc/rancher /var/lib/rancher/k3s")


def test_the_stand_in_is_told_from_k3s(lab, s1):
    install_k3s(s1, "This is a stand-in for K3s.")

    said(s1, "sudo /usr/lib/groundwork-lab/k3s-settings")

    assert s1.run("ls /etc/rancher").returncode != 0
    assert "v1.2.3+k3s1 (stand-in)" in status.table(lab)
    said(s1, "sudo rm /usr/local/bin/k3s")
