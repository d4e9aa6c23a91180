"""What lies on a node: K3s' configuration and unit, from the spec. Pure."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

from components.k3s import arguments
from components.k3s.certificates import Trust
from components.k3s.manifests import maintenance_rbac, vip_manifests
from components.k3s.network import API_PORT, ExternalEndpoint, VipEndpoint
from components.k3s.nodes import Node
from components.k3s.spec import Cluster

_CONFIG = "/etc/rancher/k3s"
_SERVER = "/var/lib/rancher/k3s/server"
_UNITS = Path(__file__).parent / "units"
# Label prefixes that a kubelet may not give itself: it would refuse to start. They are set through
# the API. https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction
_RESERVED = ("kubernetes.io", "k8s.io")
_OPEN = ("kubelet.kubernetes.io", "node.kubernetes.io")
_OPEN_KEYS = (
    "kubernetes.io/arch",
    "kubernetes.io/hostname",
    "kubernetes.io/os",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
    "node.kubernetes.io/instance-type",
)

Kind = Literal["file", "live", "ca"]


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """A file of a node.

    A change to a `file` needs a restart of K3s, to a `live` one none; a `ca` is for the server that
    starts the cluster.
    """

    kind: Kind
    path: str
    content: str
    mode: str = "600"

    def __repr__(self) -> str:
        """Never the content, which may be secret."""
        return f"File({self.kind} {self.mode} {self.path})"


def node_files(cluster: Cluster, name: str, trust: Trust, passwords: dict[str, str]) -> list[File]:
    """Every file of the node `name`. `passwords` are the registries', by host."""
    node = cluster.nodes[name]
    unit = "k3s.service" if node.is_server else "k3s-agent.service"
    files = [
        File(
            kind="file",
            path=f"{_CONFIG}/config.yaml",
            content=_yaml(_configuration(cluster, name, trust)),
        ),
        File(
            kind="file",
            path=f"{_CONFIG}/registries.yaml",
            content=_yaml(_registries(cluster, passwords)),
        ),
        File(
            kind="file",
            path=f"/etc/systemd/system/{unit}",
            content=(_UNITS / unit).read_text("utf-8"),
            mode="644",
        ),
        # K3s reads these when a node registers; later changes are made on the living node.
        File(
            kind="live",
            path=f"{_CONFIG}/config.yaml.d/20-node.yaml",
            content=_yaml(_registration(node)),
        ),
    ]
    return [*files, *_server_files(cluster, trust)] if node.is_server else files


def _configuration(cluster: Cluster, name: str, trust: Trust) -> dict[str, object]:
    node = cluster.nodes[name]
    settings: dict[str, object] = {
        "node-name": name,
        "node-ip": str(node.address),
        "token": trust.server_password if node.is_server else trust.agent_token,
    }
    if node.interface:
        settings["flannel-iface"] = node.interface
    if cluster.kubelet_args:
        settings["kubelet-arg"] = arguments.lines(cluster.kubelet_args)
    return settings | _server_configuration(cluster, node, trust) if node.is_server else settings


def _server_configuration(cluster: Cluster, node: Node, trust: Trust) -> dict[str, object]:
    network = cluster.network
    settings: dict[str, object] = {
        "agent-token": trust.agent_password,
        "cluster-cidr": str(network.cluster_cidr),
        "cluster-dns": str(network.cluster_dns),
        "cluster-domain": network.cluster_domain,
        "disable": sorted(cluster.disable),
        "flannel-backend": network.flannel_backend,
        "kube-apiserver-arg": arguments.lines(cluster.api_server_args),
        "kube-controller-manager-arg": arguments.lines(cluster.controller_manager_args),
        "secrets-encryption": cluster.secrets_encryption,
        "service-cidr": str(network.service_cidr),
        "tls-san": _names(cluster, node),
        "write-kubeconfig-mode": "0600",
    }
    return {key: value for key, value in settings.items() if value != []}


def _names(cluster: Cluster, node: Node) -> list[str]:
    """What the API's certificate is for: not the other servers, or adding one would restart all."""
    names = {str(node.address), node.host}
    if isinstance(cluster.endpoint, VipEndpoint | ExternalEndpoint):
        names.add(cluster.endpoint_host)
    return sorted(names)


def _registration(node: Node) -> dict[str, object]:
    labels = [f"{key}={value}" for key, value in sorted(node.labels.items()) if _own(key)]
    marks = {"node-label": labels, "node-taint": node.taint_lines}
    return {key: value for key, value in marks.items() if value}


def _own(label: str) -> bool:
    prefix, _, name = label.rpartition("/")
    if label in _OPEN_KEYS or not name:
        return True
    reserved = any(prefix == p or prefix.endswith(f".{p}") for p in _RESERVED)
    return not reserved or any(prefix == p or prefix.endswith(f".{p}") for p in _OPEN)


def _registries(cluster: Cluster, passwords: dict[str, str]) -> dict[str, object]:
    registries = cluster.registries
    mirrors = {
        host: {"endpoint": mirror.endpoint}
        | ({"rewrite": mirror.rewrite} if mirror.rewrite else {})
        for host, mirror in registries.mirrors.items()
    }
    configs = {
        host: {"auth": {"username": login.username, "password": passwords[host]}}
        for host, login in registries.auths.items()
    }
    return {key: value for key, value in (("mirrors", mirrors), ("configs", configs)) if value}


def _server_files(cluster: Cluster, trust: Trust) -> list[File]:
    manifests = {"groundwork-maintenance": maintenance_rbac()}
    if isinstance(cluster.endpoint, VipEndpoint):
        manifests["groundwork-vip"] = vip_manifests(cluster.endpoint, API_PORT)
    live = [
        File(
            kind="live",
            path=f"{_SERVER}/manifests/{name}.yaml",
            content=yaml.safe_dump_all(objects, sort_keys=True),
        )
        for name, objects in manifests.items()
    ]
    tls = f"{_SERVER}/tls"
    authorities = [
        File(kind="ca", path=f"{tls}/{path}.{extension}", content=content)
        for path, pair in trust.authorities.items()
        for extension, content in (("crt", pair.certificate), ("key", pair.key))
    ]
    return [
        *live,
        *authorities,
        File(kind="ca", path=f"{tls}/service.key", content=trust.service_key),
    ]


def _yaml(settings: dict[str, object]) -> str:
    return yaml.safe_dump(settings, sort_keys=True, default_flow_style=False)
