"""How hosts are reached: user, credentials, trusted host keys, bastion."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from components.base import Model, Port, SecretRef

_DNS_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_IPV6 = re.compile(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")


def _host(host: str) -> str:
    if not _DNS_NAME.fullmatch(host) and not _IPV6.fullmatch(host):
        raise ValueError(f"{host} is neither an address nor a name: no scheme, user or port here")
    return host


Host = Annotated[str, AfterValidator(_host)]
User = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,31}$")]


class AgentAuth(Model):
    """The keys that the operator's SSH agent holds (SSH_AUTH_SOCK). No key enters the state."""

    kind: Literal["agent"]


class KeyAuth(Model):
    """A private key kept as a secret of the stack."""

    kind: Literal["key"]
    private_key: SecretRef


class KeyFileAuth(Model):
    """A private key in a file of the operator's; `~` is his home."""

    kind: Literal["key-file"]
    path: Annotated[str, StringConstraints(min_length=1)]


Auth = Annotated[AgentAuth | KeyAuth | KeyFileAuth, Field(discriminator="kind")]


class KnownHosts(Model):
    """A known_hosts file, as ssh-keyscan writes it: a host that is not in it is a mistake."""

    kind: Literal["known-hosts"]
    path: Annotated[str, StringConstraints(min_length=1)]
    """Relative to the project."""


class AcceptAny(Model):
    """No host key is checked: whoever answers at a host's address is given the cluster's keys."""

    kind: Literal["accept-any"]
    because: Annotated[str, StringConstraints(min_length=10)]
    """Why that is acceptable here, for whoever reads the stack file."""


HostKeys = Annotated[KnownHosts | AcceptAny, Field(discriminator="kind")]


class Bastion(Model):
    """A host that connections to all others go through. Its key is in the same known_hosts."""

    host: Host
    port: Port = 22
    user: User


class Ssh(Model):
    """The way to every host. A user other than root needs `sudo` without a password."""

    user: User = "root"
    port: Port = 22
    auth: Auth = AgentAuth(kind="agent")
    host_keys: HostKeys
    bastion: Bastion | None = None
