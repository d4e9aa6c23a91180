"""One product in a cluster: its namespace, its certificate and its workloads."""

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random

from components import objects
from components.app.references import namespace
from components.app.spec import System as SystemSpec
from components.app.workload import Workload, WorkloadArgs
from components.ingress.component import Ingress
from components.objects import Identity
from components.postgres.component import Database, Postgres
from components.secrets import Secrets
from components.storage.component import Storage
from components.tls.component import Certificate, Tls

_KEY_LENGTH = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """What the platform offers to every system."""

    storage: Storage
    tls: Tls
    ingress: Ingress
    postgres: Postgres


@dataclass(frozen=True, kw_only=True, slots=True)
class SystemArgs:
    """What a system is made from."""

    spec: SystemSpec
    services: Services
    secret: Secrets


class System(pulumi.ComponentResource):
    """The workloads of one product in a namespace of their own.

    urls: where its workloads are reached from outside.
    """

    urls: list[str]

    def __init__(
        self, name: str, args: SystemArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:app:System", name, {}, opts)
        self._name, self._args = name, args
        self._namespace = namespace(name, args.spec)
        # The names in the namespace are plain: only depends_on shows that they need it.
        self._inside = pulumi.ResourceOptions(parent=self, depends_on=[self._make_namespace()])
        self._checksum_key = random.RandomPassword(
            f"{name}-checksum-key",
            length=_KEY_LENGTH,
            special=False,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._certificate = self._make_certificate()
        for key in args.spec.workloads:
            self._make_workload(key)
        self.urls = [f"https://{host}" for host in self._hosts]
        self.register_outputs({"urls": self.urls})

    @property
    def _hosts(self) -> list[str]:
        routes = (workload.ingress for workload in self._args.spec.workloads.values())
        return [host for route in routes for host in route.hosts]

    def _make_namespace(self) -> k8s.core.v1.Namespace:
        # A namespace that goes takes its volumes along.
        kept = self._args.spec.keeps_data or None
        return k8s.core.v1.Namespace(
            self._name,
            metadata=objects.namespace(self._namespace),
            opts=pulumi.ResourceOptions(parent=self, protect=kept, retain_on_delete=kept),
        )

    def _make_certificate(self) -> Certificate | None:
        if not self._hosts:
            return None
        identity = self._identity(self._name)
        return self._args.services.tls.certificate(identity, self._hosts, self._inside)

    def _make_workload(self, key: str) -> None:
        services, spec = self._args.services, self._args.spec
        name = f"{self._name}-{key}"
        Workload(
            name,
            WorkloadArgs(
                spec=spec.workloads[key],
                identity=self._identity(name),
                services=self._databases(),
                storage=services.storage,
                ingress=services.ingress,
                certificate=self._certificate,
                secret=self._args.secret,
                checksum_key=self._checksum_key.result,
            ),
            self._inside,
        )

    def _databases(self) -> dict[str, Database]:
        need = self._args.spec.needs.postgres
        return {"postgres": self._args.services.postgres.database(need.database)} if need else {}

    def _identity(self, name: str) -> Identity:
        return Identity(name=name, namespace=self._namespace, part_of=self._name)
