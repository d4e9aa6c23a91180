"""What must hold between the parts of a cluster: each rule yields a line for each mistake."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import TYPE_CHECKING

from components.k3s.network import ExternalEndpoint, VipEndpoint

if TYPE_CHECKING:
    from components.base import Network
    from components.k3s.spec import Cluster

# etcd's writes go to a majority: https://etcd.io/docs/v3.6/faq/#what-is-maximum-cluster-size
_MOST_SERVERS = 7


def etcd_can_vote(cluster: "Cluster") -> Iterator[str]:
    """An odd number of servers, of which a majority lives."""
    total, living = len(cluster.servers), len(cluster.living_servers)
    if total == 0:
        yield "nodes: no server; give at least one node the role server"
    elif total % 2 == 0 and living % 2 == 0:
        yield (
            f"nodes: {total} servers; etcd needs an odd number (1, 3, 5) to keep quorum: "
            "make one an agent or add one"
        )
    elif living > _MOST_SERVERS:
        yield f"nodes: {living} servers; over {_MOST_SERVERS} make etcd slower: use agents"
    if total and living <= total - living:
        yield (
            f"nodes: {total - living} of {total} servers are lost, so etcd has no quorum left to "
            "forget them with: restore a snapshot, or bring one back"
        )


def addresses_are_distinct(cluster: "Cluster") -> Iterator[str]:
    """No two hosts at one address, nor behind one SSH address."""
    by_address = Counter(node.address for node in cluster.nodes.values())
    for address in (a for a, count in by_address.items() if count > 1):
        names = sorted(n for n, node in cluster.nodes.items() if node.address == address)
        yield f"nodes: {address} is the address of {' and '.join(names)}: each host has its own"
    by_host = Counter(node.ssh_host for node in cluster.nodes.values() if node.ssh_host)
    for host, count in by_host.items():
        if count > 1:
            yield f"nodes: {host} is the sshHost of {count} nodes: each host has its own"


def networks_are_apart(cluster: "Cluster") -> Iterator[str]:
    """Pods, services and nodes share no address."""
    network = cluster.network
    ranges: list[tuple[str, Network]] = [
        ("network.clusterCidr", network.cluster_cidr),
        ("network.serviceCidr", network.service_cidr),
    ]
    subnets = [(f"network.nodeCidrs.{i}", cidr) for i, cidr in enumerate(network.node_cidrs)]
    for (one, a), (other, b) in combinations([*ranges, *subnets], 2):
        if a.overlaps(b):
            yield f"{other}: {b} overlaps {one} {a}: give one of them other addresses"
    for path, cidr in ranges:
        for name, node in sorted(cluster.nodes.items()):
            if node.address in cidr:
                yield f"nodes.{name}.address: {node.address} lies in {path} {cidr}: move the range"


def dns_is_a_service(cluster: "Cluster") -> Iterator[str]:
    """The cluster's DNS server has one of the services' addresses."""
    network = cluster.network
    if network.cluster_dns not in network.service_cidr:
        yield (
            f"network.clusterDns: {network.cluster_dns} is not in network.serviceCidr "
            f"{network.service_cidr}: take its tenth address"
        )


def nodes_lie_in_their_subnets(cluster: "Cluster") -> Iterator[str]:
    """Where subnets are given, every node's address is in one."""
    subnets = cluster.network.node_cidrs
    for name, node in sorted(cluster.nodes.items()):
        if subnets and not any(node.address in cidr for cidr in subnets):
            given = ", ".join(map(str, subnets))
            yield (
                f"nodes.{name}.address: {node.address} is in none of network.nodeCidrs ({given}): "
                "correct it, or add its subnet"
            )


def vip_can_move(cluster: "Cluster") -> Iterator[str]:
    """A VIP is a free address of a subnet in which every server is, since ARP ends there."""
    if not isinstance(cluster.endpoint, VipEndpoint):
        return
    vip, subnets = cluster.endpoint.address, cluster.network.node_cidrs
    owners = [name for name, node in cluster.nodes.items() if node.address == vip]
    if owners:
        yield f"endpoint.address: {vip} is {owners[0]}'s own address: a VIP needs a free one"
    if not subnets:
        yield "network.nodeCidrs: needed with a VIP: list the subnets of the nodes"
        return
    home = next((cidr for cidr in subnets if vip in cidr), None)
    if home is None:
        given = ", ".join(map(str, subnets))
        yield (
            f"endpoint.address: {vip} is outside every subnet of network.nodeCidrs ({given}): "
            "take a free address of the servers' subnet"
        )
        return
    for name, node in cluster.servers.items():
        if node.address not in home:
            yield (
                f"endpoint.address: {vip} is in {home}, where the server {name} "
                f"({node.address}) is not: a VIP cannot move to it; use an external endpoint"
            )


def endpoint_is_no_single_agent(cluster: "Cluster") -> Iterator[str]:
    """An external endpoint does not lead to a host that serves no API."""
    if isinstance(cluster.endpoint, ExternalEndpoint):
        for name, node in cluster.agents.items():
            if cluster.endpoint.host in {str(node.address), node.ssh_host}:
                yield (
                    f"endpoint.host: {cluster.endpoint.host} is the agent {name}, "
                    "which serves no API: name the load balancer"
                )


def lists_repeat_nothing(cluster: "Cluster") -> Iterator[str]:
    """What is listed is listed once."""
    listed: dict[str, list[str]] = {
        "disable": [*cluster.disable],
        "artifacts.images": cluster.artifacts.images,
    }
    for path, items in listed.items():
        doubled = sorted(item for item, count in Counter(items).items() if count > 1)
        if doubled:
            yield f"{path}: {', '.join(doubled)} is listed twice: keep one"


Rule = Callable[["Cluster"], Iterator[str]]
RULES: tuple[Rule, ...] = (
    etcd_can_vote,
    addresses_are_distinct,
    networks_are_apart,
    dns_is_a_service,
    nodes_lie_in_their_subnets,
    vip_can_move,
    endpoint_is_no_single_agent,
    lists_repeat_nothing,
)
