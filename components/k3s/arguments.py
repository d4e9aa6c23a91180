"""Arguments for Kubernetes' own programs, less those that K3s or this program sets."""

from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]

# argument -> the key of the cluster section that says it
_KUBELET = {
    "node-ip": "nodes.<name>.address",
    "hostname-override": "the node's name",
    "node-labels": "nodes.<name>.labels",
    "register-with-taints": "nodes.<name>.taints",
    "cluster-dns": "network.clusterDns",
    "cluster-domain": "network.clusterDomain",
    "kubeconfig": "nothing: K3s writes it",
    "client-ca-file": "nothing: K3s writes it",
    "container-runtime-endpoint": "nothing: K3s runs containerd",
    "root-dir": "nothing: leaving a cluster removes /var/lib/kubelet",
}
_API_SERVER = {
    "service-cluster-ip-range": "network.serviceCidr",
    "advertise-address": "nodes.<name>.address",
    "secure-port": "nothing: it is 6443",
    "bind-address": "nothing: K3s' proxy is in front of it",
    "etcd-servers": "nothing: K3s runs etcd",
    "client-ca-file": "nothing: the stack makes the CAs",
    "tls-cert-file": "nothing: the stack makes the CAs",
    "tls-private-key-file": "nothing: the stack makes the CAs",
    "service-account-key-file": "nothing: the stack makes the key",
    "service-account-signing-key-file": "nothing: the stack makes the key",
    "encryption-provider-config": "secretsEncryption",
    "token-auth-file": "nothing: identities are certificates",
}
_CONTROLLER_MANAGER = {
    "cluster-cidr": "network.clusterCidr",
    "service-cluster-ip-range": "network.serviceCidr",
    "kubeconfig": "nothing: K3s writes it",
    "root-ca-file": "nothing: the stack makes the CAs",
    "cluster-signing-cert-file": "nothing: the stack makes the CAs",
    "cluster-signing-key-file": "nothing: the stack makes the CAs",
    "service-account-private-key-file": "nothing: the stack makes the key",
}


def _free_of(owned: dict[str, str]) -> Callable[[dict[str, str]], dict[str, str]]:
    def check(arguments: dict[str, str]) -> dict[str, str]:
        taken = sorted(arguments.keys() & owned.keys())
        if taken:
            ways = "; ".join(f"{name} comes from {owned[name]}" for name in taken)
            raise ValueError(f"{', '.join(taken)} cannot be given here: {ways}")
        return arguments

    return check


KubeletArguments = Annotated[dict[Name, str], AfterValidator(_free_of(_KUBELET))]
ApiServerArguments = Annotated[dict[Name, str], AfterValidator(_free_of(_API_SERVER))]
ControllerManagerArguments = Annotated[
    dict[Name, str], AfterValidator(_free_of(_CONTROLLER_MANAGER))
]


def lines(arguments: dict[str, str]) -> list[str]:
    """name=value, sorted: what K3s' `*-arg` keys take."""
    return [f"{name}={value}" for name, value in sorted(arguments.items())]
