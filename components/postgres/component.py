"""The databases of a stack, on a server of its own or on one that others run."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

import pulumi
import pulumi_kubernetes as k8s

from components.postgres.manifests import database as manifests
from components.postgres.server import Server
from components.postgres.spec import Bundled, External, Output
from components.postgres.spec import Postgres as PostgresSpec
from components.secrets import Secrets
from components.storage.component import Storage


@dataclass(frozen=True, kw_only=True, slots=True)
class PostgresArgs:
    """What databases are made from: the keys of those that systems need, and where."""

    spec: PostgresSpec | None
    databases: Iterable[str]
    storage: Storage
    secret: Secrets


@dataclass(frozen=True, kw_only=True, slots=True)
class Database:
    """A database as its clients see it.

    url: secret; wait: an init container that ends when the server takes connections;
    ready: what has to be there before the role can log in.
    """

    host: str
    port: int
    name: str
    user: str
    password: pulumi.Output[str]
    url: pulumi.Output[str]
    wait: k8s.core.v1.ContainerArgs
    ready: tuple[pulumi.Resource, ...] = ()

    def output(self, name: Output) -> pulumi.Input[str]:
        """The value that an application asks for by name."""
        outputs: dict[Output, pulumi.Input[str]] = {
            "url": self.url,
            "host": self.host,
            "port": str(self.port),
            "name": self.name,
            "user": self.user,
            "password": self.password,
        }
        return outputs[name]


class Postgres(pulumi.ComponentResource):
    """Databases by key.

    endpoints: host, port and name of each, without credentials.
    """

    endpoints: dict[str, str]

    def __init__(
        self, name: str, args: PostgresArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:postgres:Postgres", name, {}, opts)
        self._name, self._args = name, args
        match args.spec:
            case None:
                self._databases: dict[str, Database] = {}
            case Bundled() as spec:
                self._databases = self._bundled(spec)
            case External() as spec:
                self._databases = self._external(spec)
            case _:
                assert_never(args.spec)
        self.endpoints = {
            key: f"{database.host}:{database.port}/{database.name}"
            for key, database in self._databases.items()
        }
        self.register_outputs({"endpoints": self.endpoints})

    def database(self, key: str) -> Database:
        """The database that systems call `key`."""
        return self._databases[key]

    def _bundled(self, spec: Bundled) -> dict[str, Database]:
        server = Server(self._name, spec, self._args.storage, self)
        host, port = manifests.endpoint(spec)
        databases = {}
        for key in sorted(self._args.databases):
            password, job = server.database(key)
            databases[key] = Database(
                host=host,
                port=port,
                name=key,
                user=key,
                password=password,
                url=_url(host, port, (key, key, password), None),
                wait=manifests.wait(spec.image, host, port),
                ready=(job,),
            )
        return databases

    def _external(self, spec: External) -> dict[str, Database]:
        host, port = str(spec.host), spec.port
        databases = {}
        for key, database in spec.databases.items():
            password = self._args.secret(database.password)
            databases[key] = Database(
                host=host,
                port=port,
                name=database.name,
                user=database.user,
                password=password,
                url=_url(host, port, (database.name, database.user, password), spec.ssl_mode),
                wait=manifests.wait(spec.client_image, host, port),
            )
        return databases


def _url(
    host: str,
    port: int,
    credentials: tuple[str, str, pulumi.Output[str]],
    ssl_mode: str | None,
) -> pulumi.Output[str]:
    name, user, password = credentials
    return password.apply(lambda it: manifests.url(host, port, (name, user, it), ssl_mode))
