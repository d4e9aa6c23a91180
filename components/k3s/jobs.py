"""The jobs of each host: which script, which data, how long at most. Pure."""

from dataclasses import dataclass

from components.k3s.artifacts import sums
from components.k3s.certificates import Trust
from components.k3s.config import node_files
from components.k3s.network import VipEndpoint
from components.k3s.payload import Payload, script
from components.k3s.spec import Cluster

_MINUTE = 60
# Downloads through a thin line, and apt's lock, take minutes
_PREPARE_SECONDS = 60 * _MINUTE
_MARGIN_SECONDS = 15 * _MINUTE
# https://docs.k3s.io/installation/requirements; limits, not exact values: a higher one stays
_SYSCTLS = {
    "net.ipv4.ip_forward": 1,
    "net.bridge.bridge-nf-call-iptables": 1,
    "fs.inotify.max_user_instances": 8192,
    "fs.inotify.max_user_watches": 524288,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Secret:
    """The secret values that jobs carry."""

    trust: Trust
    registry_passwords: dict[str, str]

    def __repr__(self) -> str:
        """Never a secret."""
        return "Secret(********)"


def prepare(cluster: Cluster, name: str) -> str:
    """The stdin that makes a host ready for its version."""
    architecture = cluster.nodes[name].architecture
    variables = _common(cluster, name) | {
        "SOURCE": cluster.artifacts.source(cluster.version),
        "BINARY": cluster.artifacts.files(architecture)[0],
        "SUMS": sums(architecture),
        "SYSCTLS": "\n".join(f"{key} = {value}" for key, value in _SYSCTLS.items()),
    }
    payload = Payload(variables=variables, artifacts=_artifacts(cluster, name))
    return script("prepare") + payload.lines()


def join(cluster: Cluster, name: str, secret: Secret) -> str:
    """The stdin that makes a host a member, and later takes it out again."""
    variables = _member(cluster, name, secret.trust) | {
        "JOIN_TOKEN": secret.trust.server_token,
        "MAY_START": "yes" if name == cluster.first_server else "no",
    }
    return script("join") + _payload(cluster, name, secret, variables).lines()


def roll(cluster: Cluster, name: str, secret: Secret) -> str:
    """The stdin that makes a member run what is wanted."""
    node = cluster.nodes[name]
    variables = _member(cluster, name, secret.trust) | {
        "ALLOWED_AWAY": "0" if node.is_server else str(cluster.lanes - 1),
        "LABELS": "\n".join(f"{key}={value}" for key, value in sorted(node.labels.items())),
        "TAINTS": "\n".join(node.taint_lines),
        "SNAPSHOT": "yes" if name == cluster.first_server else "no",
    }
    return script("roll") + _payload(cluster, name, secret, variables).lines()


def forget(cluster: Cluster, name: str, secret: Secret) -> str:
    """The stdin, for a living server, that makes the cluster forget the lost host `name`."""
    variables = _member(cluster, name, secret.trust)
    payload = Payload(variables=variables, masked=_masked(secret), servers=_servers(cluster))
    return script("leave") + payload.lines()


def teardown(cluster: Cluster) -> str:
    """The stdin that takes K3s off any host of the cluster."""
    return script("leave") + Payload(variables=_vip(cluster)).lines()


def limits(cluster: Cluster) -> dict[str, int]:
    """How many seconds the script of a verb may take on a host before it is ended."""
    gate, drain = cluster.gate_timeout_seconds, cluster.drain_timeout_seconds
    return {
        "prepare": _PREPARE_SECONDS,
        "join": 3 * gate + _MARGIN_SECONDS,
        "roll": 2 * gate + drain + _MARGIN_SECONDS,
        "leave": drain + _MARGIN_SECONDS,
        "forget": _MARGIN_SECONDS,
    }


def _payload(cluster: Cluster, name: str, secret: Secret, variables: dict[str, str]) -> Payload:
    files = node_files(cluster, name, secret.trust, secret.registry_passwords)
    return Payload(
        variables=variables,
        masked=_masked(secret),
        servers=_servers(cluster),
        artifacts=_artifacts(cluster, name),
        files=files,
    )


def _common(cluster: Cluster, name: str) -> dict[str, str]:
    node = cluster.nodes[name]
    return {
        "ROLE": node.role.value,
        "VERSION": cluster.version,
        "NODE_ADDRESS": str(node.address),
        "GENERATION": str(node.generation),
    }


def _member(cluster: Cluster, name: str, trust: Trust) -> dict[str, str]:
    identity = trust.maintenance
    return (
        _common(cluster, name)
        | _vip(cluster)
        | {
            "CA_HASH": trust.ca_hash,
            "SERVER_CA": trust.server_ca,
            "CLIENT_CERTIFICATE": identity.certificate,
            "CLIENT_KEY": identity.key,
            "GATE_SECONDS": str(cluster.gate_timeout_seconds),
            "DRAIN_SECONDS": str(cluster.drain_timeout_seconds),
        }
    )


def _vip(cluster: Cluster) -> dict[str, str]:
    if not isinstance(cluster.endpoint, VipEndpoint):
        return {}
    address = cluster.endpoint.address
    return {
        "VIP": f"{address}/{address.max_prefixlen}",
        "VIP_INTERFACE": cluster.endpoint.interface,
    }


def _servers(cluster: Cluster) -> dict[str, str]:
    """The servers that may be asked."""
    return {n: str(s.address) for n, s in cluster.living_servers.items()}


def _artifacts(cluster: Cluster, name: str) -> dict[str, str]:
    """As they are called on the host: the binary is k3s there, whatever its architecture."""
    pins = cluster.artifacts.sha256
    files = cluster.artifacts.files(cluster.nodes[name].architecture)
    return {
        ("k3s" if index == 0 else file): pins.get(file, "-") for index, file in enumerate(files)
    }


def _masked(secret: Secret) -> list[str]:
    return [*secret.trust.secrets, *secret.registry_passwords.values()]
