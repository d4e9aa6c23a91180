"""The `postgres` section: a server in the cluster, or one that is there already."""

from typing import Annotated, Literal

from pydantic import Field

from components.base import (
    DnsLabel,
    Image,
    Model,
    Port,
    Quantity,
    SecretRef,
    grammar,
)
from components.resources import Resources

Output = Literal["url", "host", "port", "name", "user", "password"]
"""What a database tells an application about itself."""
SECRET_OUTPUTS = frozenset[Output]({"url", "password"})

# https://github.com/docker-library/postgres: the useradd and adduser lines of its Dockerfiles
_ALPINE_USER, _DEBIAN_USER = 70, 999
_OFFICIAL = Image(repository="docker.io/library/postgres", tag="16-alpine")
# https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS
Identifier = Annotated[
    str,
    *grammar(r"[a-zA-Z_][a-zA-Z0-9_$-]{0,62}", "an SQL name: letters, digits, _ and -, at most 63"),
]

Host = Annotated[str, *grammar(r"[a-z0-9.-]+|[0-9a-f:]+", "a DNS name or an IP address")]

Parameter = Annotated[
    str, *grammar(r"[a-z_][a-z0-9_.]*", "the name of a server setting, such as max_connections")
]


class Bundled(Model):
    """One PostgreSQL server in the cluster, with a volume: not highly available."""

    kind: Literal["bundled"]
    namespace: DnsLabel = "postgres"
    image: Image = _OFFICIAL
    run_as_user: Annotated[int, Field(ge=1)] | None = None
    """Absent: the user `postgres` of the official images, 70 in Alpine's and 999 in Debian's."""
    storage: Quantity = "5Gi"
    protect: bool = False
    """Whether the volume and the passwords are kept when the stack or this section goes."""
    resources: Resources = Resources(
        cpu_request="100m", memory_request="256Mi", cpu_limit="1", memory_limit="1Gi"
    )
    parameters: dict[Parameter, str] = Field(default_factory=dict)
    """Server settings by name, such as max_connections."""

    @property
    def user(self) -> int:
        """The user that the server runs as and that its files belong to.

        initdb demands one that the image knows, so it is not ours to choose.
        """
        if self.run_as_user is not None:
            return self.run_as_user
        return _ALPINE_USER if "alpine" in (self.image.tag or "") else _DEBIAN_USER


class ExternalDatabase(Model):
    """A database and its role as the external server has them."""

    name: Identifier
    user: Identifier
    password: SecretRef


class External(Model):
    """A PostgreSQL server that others run; its databases and roles exist."""

    kind: Literal["external"]
    host: Host
    port: Port = 5432
    ssl_mode: Literal["disable", "prefer", "require", "verify-ca", "verify-full"] = "require"
    client_image: Image = _OFFICIAL
    """Where the containers that wait for the server get `pg_isready` from."""
    databases: dict[DnsLabel, ExternalDatabase] = Field(min_length=1)


Postgres = Annotated[Bundled | External, Field(discriminator="kind")]


def lacks(spec: Postgres | None, database: str) -> str | None:
    """Why `spec` has no such database, and the way out; None where it has."""
    match spec:
        case None:
            return "this stack has no Postgres; add a section groundwork:postgres"
        case External() if database not in spec.databases:
            known = ", ".join(sorted(spec.databases))
            return (
                f"the external Postgres declares no database {database}; it declares {known}: "
                f"add postgres.databases.{database}"
            )
    return None
