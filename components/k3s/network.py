"""The cluster's addresses and the endpoint of its API."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from components.base import Address, DnsName, Image, Model, Network, Port
from components.k3s.ssh import Host

API_PORT = 6443


class Addresses(Model):
    """Who has which addresses: nodes, pods, services."""

    node_cidrs: list[Network] = []
    """The subnets of the nodes' addresses. Needed by a VIP, which lives in one of them."""
    cluster_cidr: Network = Field(default="10.42.0.0/16", validate_default=True)
    service_cidr: Network = Field(default="10.43.0.0/16", validate_default=True)
    cluster_dns: Address = Field(default="10.43.0.10", validate_default=True)
    cluster_domain: DnsName = "cluster.local"
    flannel_backend: Literal["vxlan", "host-gw", "wireguard-native"] = "vxlan"


class FirstServerEndpoint(Model):
    """The address of the server whose name sorts first. Gone when that host is."""

    kind: Literal["first-server"]


class VipEndpoint(Model):
    """An address that kube-vip moves to a living server, by ARP."""

    kind: Literal["vip"]
    address: Address
    interface: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,15}$")]
    image: Image = Image(repository="ghcr.io/kube-vip/kube-vip", tag="v1.2.3")


class ExternalEndpoint(Model):
    """A load balancer that others run, in front of every server's port 6443."""

    kind: Literal["external"]
    host: Host
    port: Port = API_PORT


Endpoint = Annotated[
    FirstServerEndpoint | VipEndpoint | ExternalEndpoint, Field(discriminator="kind")
]
