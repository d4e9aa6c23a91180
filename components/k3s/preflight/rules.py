"""What a host must be like: each rule yields what is wrong and the way out."""

from collections.abc import Callable, Iterator

from components.k3s.nodes import Node
from components.k3s.preflight.facts import Facts
from components.k3s.spec import Cluster
from components.k3s.version import obstacle

Finding = tuple[str, str]
Rule = Callable[[Cluster, str, Facts], Iterator[Finding]]

# https://docs.k3s.io/installation/requirements: 2 GB and 512 MB, less what a kernel keeps
_MEMORY_MIB = {"server": 1700, "agent": 440}
_FRESH_DISK_MIB = 4096
_STAGING_DISK_MIB = 1024
SKEW_SECONDS = 30
_PORTS = {"tcp/10250", "tcp/10248", "tcp/10249", "tcp/10256"}
_SERVER_PORTS = {"tcp/6443", "tcp/6444", "tcp/2379", "tcp/2380", "tcp/10257", "tcp/10259"}
_FLANNEL_PORTS = {"vxlan": {"udp/8472"}, "wireguard-native": {"udp/51820"}, "host-gw": set()}
_CONTROLLERS = {"cpu", "cpuset", "memory", "pids"}


def runs_systemd(_cluster: Cluster, _name: str, facts: Facts) -> Iterator[Finding]:
    """K3s is a unit of systemd."""
    if not facts["systemd"]:
        yield (
            f"{facts.system or 'an unknown system'} without systemd",
            "use a distribution with systemd: Debian and Ubuntu are tested",
        )


def is_the_architecture(cluster: Cluster, name: str, facts: Facts) -> Iterator[Finding]:
    """The binary that will be staged runs here."""
    wanted = cluster.nodes[name].architecture
    if facts.architecture != wanted:
        yield (
            f"is {facts.architecture}, the stack file says {wanted}",
            f"set nodes.{name}.architecture",
        )


def has_the_address(cluster: Cluster, name: str, facts: Facts) -> Iterator[Finding]:
    """The kubelet announces an address that is this host's."""
    mine, address = facts["addresses"].split(), str(cluster.nodes[name].address)
    if mine and address not in mine:
        yield (
            f"does not have the address {address}, it has {', '.join(mine)}",
            f"correct nodes.{name}.address; where SSH goes elsewhere, say so in sshHost",
        )


def has_memory(cluster: Cluster, name: str, facts: Facts) -> Iterator[Finding]:
    """Enough for the role."""
    role = cluster.nodes[name].role.value
    if facts.memory_mib < _MEMORY_MIB[role]:
        yield (
            f"{facts.memory_mib} MiB of memory, {_MEMORY_MIB[role]} is the least for role {role}",
            "give it more, or another role",
        )


def has_disk(_cluster: Cluster, _name: str, facts: Facts) -> Iterator[Finding]:
    """Enough for the version to come, and on a fresh host for images."""
    needed = _STAGING_DISK_MIB if facts["joined"] else _FRESH_DISK_MIB
    if facts.disk_free_mib < needed:
        yield (
            f"{facts.disk_free_mib} MiB free below /var/lib, {needed} are needed",
            "free some or enlarge the disk",
        )


def has_controllers(_cluster: Cluster, _name: str, facts: Facts) -> Iterator[Finding]:
    """The kubelet limits pods by these."""
    missing = sorted(_CONTROLLERS - set(facts["cgroups"].split()))
    if missing:
        yield (
            f"the kernel lacks the cgroup controllers {', '.join(missing)}",
            "enable them on its command line (cgroup_enable=...) and reboot",
        )


def has_a_route(_cluster: Cluster, _name: str, facts: Facts) -> Iterator[Finding]:
    """K3s finds the node's interface by it."""
    if facts["default_route"] != "yes":
        yield (
            "no default route, which K3s wants even where nothing is reached by it",
            "add one, if need be over a dummy interface (docs.k3s.io, air-gap)",
        )


def has_its_ports(cluster: Cluster, name: str, facts: Facts) -> Iterator[Finding]:
    """Nobody else listens where K3s will."""
    if facts.installed:
        return
    for port in sorted(_wanted_ports(cluster, cluster.nodes[name]) & facts.ports):
        number = port.split("/")[1]
        owner = facts.owners.get(number)
        who = f"by {owner}" if owner else "by another program"
        yield f"port {port} is in use {who}", "stop it, or move it to another port"


def _wanted_ports(cluster: Cluster, node: Node) -> set[str]:
    mine = _PORTS | _FLANNEL_PORTS[cluster.network.flannel_backend]
    return mine | _SERVER_PORTS if node.is_server else mine


def has_no_foreign_k3s(_cluster: Cluster, _name: str, facts: Facts) -> Iterator[Finding]:
    """A K3s that this stack did not install is not touched."""
    if facts.installed and not facts["unit_ours"] and not facts["joined"]:
        yield (
            "a K3s that this stack did not install is here",
            "remove it (k3s-uninstall.sh), or take the host out of the stack file",
        )


def keeps_time(_cluster: Cluster, _name: str, facts: Facts) -> Iterator[Finding]:
    """Certificates and etcd leases depend on clocks."""
    skew = facts.clock_skew_seconds
    if abs(skew) > SKEW_SECONDS:
        way = "ahead of" if skew > 0 else "behind"
        yield (
            f"its clock is {abs(skew):.0f} s {way} this machine's",
            "synchronize both (systemd-timesyncd or chrony)",
        )


def can_install(_cluster: Cluster, _name: str, facts: Facts) -> Iterator[Finding]:
    """Curl is there, or can be had."""
    if not facts["curl"] and not facts["apt"]:
        yield "no curl, and no apt-get to install it with", "install curl"


def can_change_version(cluster: Cluster, _name: str, facts: Facts) -> Iterator[Finding]:
    """The way from what runs to what is wanted is one that a cluster survives."""
    running = facts.running_version
    reason = obstacle(running, cluster.version) if running else None
    if reason:
        what, _, way = reason.partition(": ")
        yield what, way


RULES: tuple[Rule, ...] = (
    runs_systemd,
    is_the_architecture,
    has_the_address,
    has_memory,
    has_disk,
    has_controllers,
    has_a_route,
    has_its_ports,
    has_no_foreign_k3s,
    keeps_time,
    can_install,
    can_change_version,
)
