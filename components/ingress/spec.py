"""The `ingress` section, and how an application says that it is to be reached from outside."""

from typing import Annotated, Literal

from pydantic import Field

from components.base import DnsName, Model


class TraefikPackaged(Model):
    """The Traefik that K3s packages; plain HTTP is redirected to HTTPS for every host."""

    kind: Literal["traefik-packaged"]
    replicas: Annotated[int, Field(ge=1)] = 1


Ingress = TraefikPackaged


class SecurityHeaders(Model):
    """What a browser is told to refuse on an application's behalf; `nosniff` always."""

    hsts_seconds: Annotated[int, Field(ge=0)] = 31_536_000
    """How long a browser asks this host by HTTPS only; a year is 31536000."""
    frame: Literal["deny", "sameorigin"] = "deny"
    content_security_policy: Annotated[str, Field(min_length=1)] = (
        "default-src 'self'; frame-ancestors 'none'; object-src 'none'; base-uri 'self'"
    )
    referrer_policy: Literal[
        "no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"
    ] = "strict-origin-when-cross-origin"


class Route(Model):
    """How an application is reached from outside, always by HTTPS."""

    hosts: tuple[DnsName, ...] = ()
    """The names it answers under. None: it is reached from inside the cluster only, and the rest
    of this waits for a stack that names one."""
    headers: SecurityHeaders | None = None
    """Absent: the application sends what it wants itself."""
    rate_limit_per_minute: Annotated[int, Field(ge=1)] | None = None
    """Requests of one client address; half of them may come at once, and each replica of the
    ingress counts for itself. Absent: no limit."""
