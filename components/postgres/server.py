"""The bundled PostgreSQL server as resources, and the databases it is told to hold."""

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random

from components import checksum, objects
from components.postgres.manifests import database as databases
from components.postgres.manifests import server as manifests
from components.postgres.spec import Bundled
from components.storage.component import Storage
from components.storage.spec import Purpose

# Letters and digits only, so that a password needs no quoting wherever it ends up.
_PASSWORD_LENGTH = 32


class Server:
    """One server with its volume, made below a component."""

    def __init__(
        self, name: str, spec: Bundled, storage: Storage, parent: pulumi.ComponentResource
    ) -> None:
        self._name, self._spec, self._storage = name, spec, storage
        self._identity = manifests.identity(spec)
        kept = spec.protect or None
        data = pulumi.ResourceOptions(parent=parent, protect=kept, retain_on_delete=kept)
        namespace = k8s.core.v1.Namespace(
            name, metadata=objects.namespace(spec.namespace), opts=data
        )
        # Names are plain, so that the graph does not show that all of it is in the namespace.
        inside = pulumi.ResourceOptions(depends_on=[namespace])
        self._data = pulumi.ResourceOptions.merge(data, inside)
        self._child = pulumi.ResourceOptions.merge(pulumi.ResourceOptions(parent=parent), inside)
        _, self._superuser = self._password("superuser")
        self._scripts = k8s.core.v1.ConfigMap(
            f"{name}-scripts",
            metadata=self._identity.metadata(self._identity.of("scripts")),
            data=databases.scripts(),
            opts=self._child,
        )
        self._services()
        self._server = self._stateful_set()

    def database(self, key: str) -> tuple[pulumi.Output[str], k8s.batch.v1.Job]:
        """The database `key` with a role of that name: its password, and the Job that made it."""
        password, secret = self._password(f"database-{key}")
        secrets: dict[str, pulumi.Input[str]] = {
            "superuser": self._superuser.metadata["name"],
            "role": secret.metadata["name"],
        }
        job = k8s.batch.v1.Job(
            f"{self._name}-database-{key}",
            metadata=self._identity.metadata(
                databases.job_name(self._spec, key), {"pulumi.com/replaceUnready": "true"}
            ),
            spec=databases.job(
                self._spec,
                key,
                self._scripts.metadata["name"],
                secrets,
                checksum.random(password),
            ),
            opts=pulumi.ResourceOptions.merge(
                self._child, pulumi.ResourceOptions(depends_on=[self._server])
            ),
        )
        return password, job

    def _password(self, part: str) -> tuple[pulumi.Output[str], k8s.core.v1.Secret]:
        password = random.RandomPassword(
            f"{self._name}-{part}", length=_PASSWORD_LENGTH, special=False, opts=self._data
        )
        secret = k8s.core.v1.Secret(
            f"{self._name}-{part}",
            metadata=self._identity.metadata(self._identity.of(part)),
            string_data={"password": password.result},
            opts=self._data,
        )
        return password.result, secret

    def _services(self) -> None:
        specs = {
            None: manifests.service(self._identity),
            manifests.HEADLESS: manifests.headless(self._identity),
        }
        for part, spec in specs.items():
            name = self._identity.of(part) if part else self._identity.name
            k8s.core.v1.Service(
                name, metadata=self._identity.metadata(name), spec=spec, opts=self._child
            )

    def _stateful_set(self) -> k8s.apps.v1.StatefulSet:
        claim = k8s.core.v1.PersistentVolumeClaim(
            f"{self._name}-data",
            metadata=self._identity.metadata(self._identity.of("data")),
            spec=self._storage.claim(Purpose.DATABASE, self._spec.storage),
            opts=self._data,
        )
        return k8s.apps.v1.StatefulSet(
            self._name,
            metadata=self._identity.metadata(),
            spec=manifests.stateful_set(
                self._spec, claim.metadata["name"], self._superuser.metadata["name"]
            ),
            opts=self._child,
        )
