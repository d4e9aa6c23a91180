"""The `cluster` section of a stack file: which hosts are to be which K3s cluster. Pure."""

import math
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from components.base import DnsLabel, Model
from components.k3s import rules
from components.k3s.arguments import (
    ApiServerArguments,
    ControllerManagerArguments,
    KubeletArguments,
)
from components.k3s.artifacts import Artifacts, ReleaseArtifacts
from components.k3s.network import (
    API_PORT,
    Addresses,
    Endpoint,
    ExternalEndpoint,
    FirstServerEndpoint,
    VipEndpoint,
)
from components.k3s.nodes import Node
from components.k3s.registries import Registries
from components.k3s.ssh import Ssh
from components.k3s.version import K3sVersion

# https://docs.k3s.io/installation/packaged-components
Packaged = Literal["coredns", "local-storage", "metrics-server", "runtimes", "servicelb", "traefik"]


def _share(value: int | str) -> int | str:
    count = value if isinstance(value, int) else value.removesuffix("%")
    whole = str(count).isascii() and str(count).isdigit() and int(count) > 0
    if not whole or (isinstance(value, str) and (not value.endswith("%") or int(count) > 100)):  # noqa: PLR2004 - per cent
        raise ValueError(f'{value}: a number of agents from 1, or a share from "1%" to "100%"')
    return value


class Cluster(Model):
    """A K3s cluster of servers (API and etcd) and agents. The order of `nodes` means nothing."""

    version: K3sVersion
    ssh: Ssh
    artifacts: Artifacts = ReleaseArtifacts(kind="release")
    nodes: Annotated[dict[DnsLabel, Node], Field(min_length=1)]
    endpoint: Endpoint = FirstServerEndpoint(kind="first-server")
    network: Addresses = Addresses()
    disable: list[Packaged] = []
    """Components that K3s brings and this cluster does without."""
    secrets_encryption: bool = True
    """Secrets are encrypted in etcd. Decided when the cluster is made."""
    kubelet_args: KubeletArguments = {}
    api_server_args: ApiServerArguments = {}
    controller_manager_args: ControllerManagerArguments = {}
    registries: Registries = Registries()
    max_unavailable: Annotated[int | str, AfterValidator(_share)] = 1
    """How many agents may be away at once during a change: a number, or a share ("25%")."""
    drain_timeout_seconds: Annotated[int, Field(ge=0, le=3600)] = 300
    """How long a node's pods may take to go before a change to it is given up. 0: no drain."""
    gate_timeout_seconds: Annotated[int, Field(ge=10, le=3600)] = 300
    """How long a node may take, once started, to be what it should be."""

    @property
    def servers(self) -> dict[str, Node]:
        """The nodes that run the API and etcd, by name in order."""
        return {name: n for name, n in sorted(self.nodes.items()) if n.is_server}

    @property
    def agents(self) -> dict[str, Node]:
        """The other nodes, by name in order."""
        return {name: n for name, n in sorted(self.nodes.items()) if not n.is_server}

    @property
    def living(self) -> dict[str, Node]:
        """The nodes that are dialled, servers first, by name in order."""
        return {name: n for name, n in (self.servers | self.agents).items() if not n.lost}

    @property
    def living_servers(self) -> dict[str, Node]:
        """The servers that are dialled, by name in order."""
        return {name: n for name, n in self.servers.items() if not n.lost}

    @property
    def first_server(self) -> str:
        """The server that the others wait for. Whether it starts a cluster is decided on it."""
        return next(iter(self.living_servers))

    @property
    def lanes(self) -> int:
        """How many agents may be away at once."""
        if isinstance(self.max_unavailable, int):
            return self.max_unavailable
        share = int(self.max_unavailable.removesuffix("%")) / 100
        return max(1, math.floor(share * len(self.agents)))

    @property
    def endpoint_host(self) -> str:
        """Where clients reach the API."""
        match self.endpoint:
            case FirstServerEndpoint():
                return str(self.nodes[self.first_server].address)
            case VipEndpoint():
                return str(self.endpoint.address)
            case ExternalEndpoint():
                return self.endpoint.host

    @property
    def endpoint_url(self) -> str:
        """The API's URL, for kubeconfigs."""
        port = self.endpoint.port if isinstance(self.endpoint, ExternalEndpoint) else API_PORT
        return url(self.endpoint_host, port)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        mistakes = [mistake for rule in rules.RULES for mistake in rule(self)]
        if mistakes:
            raise ValueError("\n".join(mistakes))
        return self


def url(host: str, port: int = API_PORT) -> str:
    """An https URL; IPv6 addresses are put in brackets."""
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
