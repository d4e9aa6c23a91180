from typing import Annotated, Literal, Self

import pytest
from pydantic import Field, ValidationError, model_validator

from components.base import DnsLabel, Model, Port, Quantity
from components.explain import explain


class Small(Model):
    kind: Literal["small"]
    size: Quantity
    max_size: Quantity = "1Gi"


class Large(Model):
    kind: Literal["large"]
    count: int


class Host(Model):
    port: Port


class Section(Model):
    version: str
    disk: Annotated[Small | Large, Field(discriminator="kind")]
    spare: Annotated[Small | Large, Field(discriminator="kind")] | None = None
    hosts: dict[DnsLabel, Host] = {}
    ports: list[Port] = []

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        if len(self.hosts) > 2:
            raise ValueError("hosts: 3 are too many: take one out\nports: none is free: add one")
        return self


GOOD = {"version": "1", "disk": {"kind": "small", "size": "1Gi"}}
HOSTS = {name: {"port": 1} for name in "abc"}


@pytest.mark.parametrize(
    ("patch", "lines"),
    [
        ({"version": 1.3}, ["version: must be a string: put it in quotes (1.30 without them"]),
        ({"disk": {"kind": "small"}}, ["disk.size: is required"]),
        ({"disk": {"kind": "smal"}}, ["disk: unknown kind; one of large, small"]),
        ({"disk": {"size": "1Gi"}}, ["disk: needs `kind`: one of large, small"]),
        ({"disk": {"kind": "small", "size": "x"}}, ["disk.size: must be a quantity"]),
        (
            {"disk": {"kind": "small", "size": "1", "maxSise": "1"}},
            ["disk.maxSise: unknown key; did you mean maxSize? known here: kind, maxSize, size"],
        ),
        ({"spare": {"kind": "large", "count": "x"}}, ["spare.count: must be a whole number"]),
        ({"hosts": {"a": {"prot": 1}}}, ["hosts.a.port: is required", "hosts.a.prot: unknown key"]),
        ({"hosts": {"A": {"port": 1}}}, ["hosts.A: must be a DNS label"]),
        ({"ports": [1, 0]}, ["ports.1: must be greater than or equal to 1"]),
        ({"hosts": []}, ["hosts: must be a mapping"]),
        ({"hosts": HOSTS}, ["hosts: 3 are too many: take one out", "ports: none is free: add one"]),
    ],
)
def test_a_mistake_is_told_with_its_path_the_rule_and_the_way_out(patch, lines):
    with pytest.raises(ValidationError) as refused:
        Section.model_validate(GOOD | patch)

    told = explain(refused.value, Section)

    assert len(told) == len(lines), told
    assert all(line.startswith(begin) for line, begin in zip(told, lines, strict=True)), told
