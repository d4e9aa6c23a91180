"""Kubernetes objects that K3s itself applies from a server's disk: no client is needed."""

from components.k3s.certificates import MAINTENANCE_USER
from components.k3s.network import VipEndpoint

Manifest = dict[str, object]

_RBAC = "rbac.authorization.k8s.io/v1"
_NAME = "groundwork-maintenance"
_SYSTEM = "kube-system"


def maintenance_rbac() -> list[Manifest]:
    """What host scripts may do: look at nodes, drain them, let them go. No secret can be read."""
    return [
        _role(
            "ClusterRole",
            [
                _rule("", ["nodes"], ["get", "list", "patch", "delete"]),
                _rule("", ["pods"], ["get", "list"]),
                _rule("", ["pods/eviction"], ["create"]),
                _rule("apps", ["daemonsets"], ["get"]),
                _rule("policy", ["poddisruptionbudgets"], ["list"]),
            ],
        ),
        _binding("ClusterRole"),
        # A rebuilt host brings another password: the old one's hash has to go.
        _role("Role", [_rule("", ["secrets"], ["delete"])]),
        _binding("Role"),
    ]


def _rule(group: str, resources: list[str], verbs: list[str]) -> Manifest:
    return {"apiGroups": [group], "resources": resources, "verbs": verbs}


def _metadata(kind: str) -> Manifest:
    where: Manifest = {} if kind.startswith("Cluster") else {"namespace": _SYSTEM}
    return {"name": _NAME, **where}


def _role(kind: str, rules: list[Manifest]) -> Manifest:
    return {"apiVersion": _RBAC, "kind": kind, "metadata": _metadata(kind), "rules": rules}


def _binding(role: str) -> Manifest:
    return {
        "apiVersion": _RBAC,
        "kind": f"{role}Binding",
        "metadata": _metadata(role),
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": role, "name": _NAME},
        "subjects": [
            {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": MAINTENANCE_USER}
        ],
    }


def vip_manifests(vip: VipEndpoint, port: int) -> list[Manifest]:
    """kube-vip on every server: one of them, by election, answers for the address."""
    name = "kube-vip"
    labels = {"app.kubernetes.io/name": name}
    account: Manifest = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": name, "namespace": _SYSTEM},
    }
    return [
        account,
        {
            "apiVersion": _RBAC,
            "kind": "Role",
            "metadata": {"name": name, "namespace": _SYSTEM},
            "rules": [
                _rule("coordination.k8s.io", ["leases"], ["get", "list", "create", "update"])
            ],
        },
        {
            "apiVersion": _RBAC,
            "kind": "RoleBinding",
            "metadata": {"name": name, "namespace": _SYSTEM},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": _SYSTEM}],
        },
        {
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "metadata": {"name": name, "namespace": _SYSTEM, "labels": labels},
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": _vip_pod(vip, port)},
            },
        },
    ]


def _vip_pod(vip: VipEndpoint, port: int) -> Manifest:
    return {
        "serviceAccountName": "kube-vip",
        "hostNetwork": True,
        "priorityClassName": "system-node-critical",
        "nodeSelector": {"node-role.kubernetes.io/control-plane": "true"},
        "tolerations": [{"operator": "Exists"}],
        "containers": [
            {
                "name": "kube-vip",
                "image": str(vip.image),
                "args": ["manager"],
                "env": [
                    *({"name": key, "value": value} for key, value in _vip_settings(vip, port)),
                    {
                        "name": "vip_nodename",
                        "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}},
                    },
                ],
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"add": ["NET_ADMIN", "NET_RAW"], "drop": ["ALL"]},
                },
            }
        ],
    }


# https://kube-vip.io/docs/installation/flags/
def _vip_settings(vip: VipEndpoint, port: int) -> list[tuple[str, str]]:
    return [
        ("vip_arp", "true"),
        ("port", str(port)),
        ("vip_interface", vip.interface),
        ("vip_subnet", str(vip.address.max_prefixlen)),
        ("address", str(vip.address)),
        ("cp_enable", "true"),
        ("cp_namespace", _SYSTEM),
        ("svc_enable", "false"),
        ("vip_leaderelection", "true"),
        ("vip_leasename", "plndr-cp-lock"),
        ("vip_leaseduration", "5"),
        ("vip_renewdeadline", "3"),
        ("vip_retryperiod", "1"),
    ]
