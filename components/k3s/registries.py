"""Image registries: mirrors and credentials, K3s' registries.yaml."""

from typing import Annotated

from pydantic import Field, StringConstraints

from components.base import Model, SecretRef
from components.k3s.artifacts import Url

# `*` stands for every registry: https://docs.k3s.io/installation/private-registry
_REGISTRY = r"^(\*|[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?)$"
Registry = Annotated[str, StringConstraints(pattern=_REGISTRY)]


class Mirror(Model):
    """Where images of a registry are asked for first, in this order."""

    endpoint: list[Url] = Field(default=[], min_length=1)
    rewrite: dict[str, str] = {}
    """Regular expression on a repository -> what it becomes at the mirror."""


class Credentials(Model):
    """A registry's login."""

    username: str
    password: SecretRef


class Registries(Model):
    """The registries a node pulls from."""

    mirrors: dict[Registry, Mirror] = {}
    auths: dict[Registry, Credentials] = {}
