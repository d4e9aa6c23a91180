"""What our programs beside the engine get on stdin: a cluster, and the way to its hosts."""

import json
from dataclasses import asdict, dataclass, field

from components.k3s.connection import Connections, Route
from components.k3s.spec import Cluster


@dataclass(frozen=True, kw_only=True, slots=True)
class Inventory:
    """A cluster as wanted, and how each of its hosts is dialled."""

    cluster: Cluster
    routes: dict[str, Route]
    """The hosts to dial: those that are not lost."""
    bastion: Route | None = None
    private_key: str | None = field(default=None, repr=False)
    """None: the operator's SSH agent has it."""
    ca_hash: str | None = None
    """What tells this cluster from every other. None: not known here."""

    def dumps(self) -> str:
        """As JSON."""
        return json.dumps(
            {
                "cluster": self.cluster.model_dump(mode="json", by_alias=True),
                "routes": {name: asdict(route) for name, route in self.routes.items()},
                "bastion": self.bastion and asdict(self.bastion),
                "private_key": self.private_key,
                "ca_hash": self.ca_hash,
            }
        )


def inventory(
    cluster: Cluster,
    connections: Connections,
    *,
    private_key: str | None = None,
    ca_hash: str | None = None,
) -> Inventory:
    """The inventory of a cluster whose credential has been resolved."""
    return Inventory(
        cluster=cluster,
        routes={name: connections.routes[name] for name in cluster.living},
        bastion=connections.bastion,
        private_key=private_key,
        ca_hash=ca_hash,
    )


def loads(text: str) -> Inventory:
    """What `dumps` wrote."""
    data = json.loads(text)
    return Inventory(
        cluster=Cluster.model_validate(data["cluster"]),
        routes={name: Route(**route) for name, route in data["routes"].items()},
        bastion=Route(**data["bastion"]) if data["bastion"] else None,
        private_key=data["private_key"],
        ca_hash=data["ca_hash"],
    )
