"""A kubeconfig, computed: nothing is read from a host."""

import base64
import json

from components.k3s.certificates import Identity


def kubeconfig(name: str, server: str, authority: str, user: Identity) -> str:
    """Credentials for the API at `server`, as JSON, which every client reads as YAML."""
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": name,
            "clusters": [
                {
                    "name": name,
                    "cluster": {"server": server, "certificate-authority-data": _data(authority)},
                }
            ],
            "users": [
                {
                    "name": name,
                    "user": {
                        "client-certificate-data": _data(user.certificate),
                        "client-key-data": _data(user.key),
                    },
                }
            ],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        },
        indent=2,
    )


def _data(pem: str) -> str:
    return base64.b64encode(pem.encode()).decode()
