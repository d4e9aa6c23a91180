"""A cluster to vary: three servers and an agent, and the trust they share."""

import copy

from components.k3s import jobs
from components.k3s.certificates import AUTHORITIES, Identity, Trust
from components.k3s.spec import Cluster
from components.merge import merge

STACK = {
    "version": "v1.36.4+k3s1",
    "ssh": {"user": "ops", "hostKeys": {"kind": "known-hosts", "path": "known_hosts"}},
    "nodes": {
        "s1": {"role": "server", "address": "192.0.2.11"},
        "s2": {"role": "server", "address": "192.0.2.12"},
        "s3": {"role": "server", "address": "192.0.2.13"},
        "a1": {"role": "agent", "address": "192.0.2.21"},
    },
}
VIP = {
    "endpoint": {"kind": "vip", "address": "192.0.2.10", "interface": "eth0"},
    "network": {"nodeCidrs": ["192.0.2.0/24"]},
}
TRUST = Trust(
    authorities={
        path: Identity(certificate=f"cert of {path}\n", key=f"key of {path}\n")
        for path in AUTHORITIES
    },
    service_key="service key\n",
    admin=Identity(certificate="admin cert\n", key="admin key\n"),
    maintenance=Identity(certificate="maintenance cert\n", key="maintenance key\n"),
    server_password="the-server-password",
    agent_password="the-agent-password",
)
SECRET = jobs.Secret(trust=TRUST, registry_passwords={"r.example.com": "the-registry-password"})


def stack(patch=None):
    return merge(copy.deepcopy(STACK), patch or {})


def cluster(patch=None):
    return Cluster.model_validate(stack(patch))
