"""Hosts: their role, addresses, labels and taints."""

import re
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from components.base import Address, Model
from components.k3s.ssh import Host

# https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
_NAME = r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
_PREFIX = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/"
_KEY = re.compile(rf"({_PREFIX})?{_NAME}")
_VALUE = re.compile(rf"({_NAME})?")
_TAINT = re.compile(
    rf"(?P<key>({_PREFIX})?{_NAME})(=(?P<value>({_NAME})?))?"
    r":(?P<effect>NoSchedule|PreferNoSchedule|NoExecute)"
)
_CORDON = "node.kubernetes.io/unschedulable"


class Role(StrEnum):
    """What K3s runs as."""

    SERVER = "server"
    AGENT = "agent"


def _label_key(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key} is no label key: [prefix/]name, letters, digits, `-`, `_`, `.`")
    return key


def _label_value(value: str) -> str:
    if not _VALUE.fullmatch(value):
        raise ValueError(
            f"{value} is no label value: at most 63 letters, digits, `-`, `_`, `.`, "
            "with a letter or digit at both ends"
        )
    return value


def _taint(taint: str) -> str:
    match = _TAINT.fullmatch(taint)
    if match is None:
        raise ValueError(
            f"{taint} is no taint: key[=value]:effect, "
            "the effect NoSchedule, PreferNoSchedule or NoExecute"
        )
    if match["key"] == _CORDON:
        raise ValueError(f"{taint} is what `kubectl cordon` sets: use a key of your own")
    return taint


LabelKey = Annotated[str, AfterValidator(_label_key)]
LabelValue = Annotated[str, AfterValidator(_label_value)]
Taint = Annotated[str, AfterValidator(_taint)]


class Node(Model):
    """One host. Its key in `nodes` is its Kubernetes name: renaming it replaces the node."""

    role: Role
    address: Address
    """Where the other nodes reach it; the address its kubelet announces."""
    ssh_host: Host | None = None
    """Where SSH reaches it, when that is not `address`: a public address, a name."""
    architecture: Literal["amd64", "arm64"] = "amd64"
    interface: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,15}$")] | None = None
    """The network interface of `address`, for flannel; by default that of the default route."""
    labels: dict[LabelKey, LabelValue] = {}
    taints: list[Taint] = []
    lost: bool = False
    """The host is gone for good: it is not dialled any more, and the cluster forgets it."""
    generation: Annotated[int, Field(ge=0)] = 0
    """Raise it after reinstalling the host: everything that is done on a host is done again."""

    @model_validator(mode="after")
    def _taints_are_distinct(self) -> Self:
        slots = [(m["key"], m["effect"]) for t in self.taints if (m := _TAINT.fullmatch(t))]
        doubled = {key for key, effect in slots if slots.count((key, effect)) > 1}
        if doubled:
            raise ValueError(
                f"taints name {', '.join(sorted(doubled))} twice with the same effect: keep one"
            )
        return self

    @property
    def host(self) -> str:
        """What SSH dials."""
        return self.ssh_host or str(self.address)

    @property
    def is_server(self) -> bool:
        """Whether it runs the API and etcd."""
        return self.role is Role.SERVER

    @property
    def taint_lines(self) -> list[str]:
        """The taints as K3s and kubectl both take them: key=value:effect, sorted."""
        found = [m for taint in self.taints if (m := _TAINT.fullmatch(taint))]
        return sorted(f"{m['key']}={m['value'] or ''}:{m['effect']}" for m in found)
