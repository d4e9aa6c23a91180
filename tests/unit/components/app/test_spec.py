import pytest
from pydantic import ValidationError

from components.app import references
from components.app.environment import is_secret
from components.app.spec import System
from components.explain import explain
from components.postgres.spec import Postgres
from components.resources import amount
from components.storage.spec import LocalPath
from tests.unit.components.platform import BUNDLED, EXTERNAL, SYSTEM, merge, system, typed, web

LOCAL = LocalPath(kind="local-path")
URL = {"service": "postgres", "output": "url"}
SCALE = {"min": 2, "max": 9, "cpuPercent": 70}
VOLUME = {"size": "1Gi", "path": "/data"}
NEED = {"needs": {"postgres": {"database": "orders"}}}

MISTAKES = {
    "a number as a variable": (web({"env": {"A": 4}}), "workloads.web.env.A", "in quotes"),
    "a variable from nowhere": (web({"env": {"A": {"vault": "x"}}}), "workloads.web.env.A", "{sec"),
    "a variable's name": (web({"env": {"A-B": "x"}}), "workloads.web.env", "a variable's name"),
    "a service that is none": (
        web({"env": {"A": {"service": "mongo", "output": "url"}}}),
        "workloads.web.env.A.service",
        "'postgres'",
    ),
    "an output that is none": (
        web({"env": {"A": {"service": "postgres", "output": "dsn"}}}),
        "workloads.web.env.A.output",
        "'url'",
    ),
    "a misspelt key of a variable": (
        web({"env": {"A": {**URL, "outptu": "url"}}}),
        "workloads.web.env.A.outptu",
        "did you mean output?",
    ),
    "a variable of an undeclared service": (
        web({"env": {"A": URL}}),
        "workloads.web",
        "add needs.postgres",
    ),
    "a wait for an undeclared service": (
        web({"waitFor": ["postgres"]}),
        "workloads.web",
        "add needs.postgres",
    ),
    "a request above its limit": (
        web({"resources": {"memoryRequest": "1Gi", "memoryLimit": "512Mi"}}),
        "workloads.web.resources",
        "memoryRequest 1Gi is more than memoryLimit 512Mi",
    ),
    "scaling upside down": (
        web({"autoscaling": {"min": 3, "max": 2, "cpuPercent": 70}}),
        "workloads.web.autoscaling",
        "min 3 is above max 2",
    ),
    "replicas outside of scaling": (
        web({"replicas": 1, "autoscaling": {"min": 2, "max": 3, "cpuPercent": 70}}),
        "workloads.web",
        "replicas 1 is outside autoscaling 2 to 3",
    ),
    "a budget that blocks drains": (
        web({"replicas": 2, "minAvailable": 2}),
        "workloads.web",
        "minAvailable 2 of 2 replicas",
    ),
    "a budget that blocks drains of the least": (
        web({"replicas": 5, "minAvailable": 2, "autoscaling": SCALE}),
        "workloads.web",
        "minAvailable 2 of 2 replicas",
    ),
    "replicas apart on a volume of one node": (
        web({"replicas": 2, "antiAffinity": "required", "persistence": VOLUME}),
        "workloads.web",
        "make it preferred, or persistence.purpose shared",
    ),
    "an end before the grace is over": (
        web({"preStopSeconds": 30}),
        "workloads.web",
        "preStopSeconds 30",
    ),
    "root": (web({"security": {"runAsUser": 0}}), "workloads.web.security.runAsUser", "1"),
    "no workload": ({"workloads": {"web": None}}, "workloads", "at least 1"),
    "a host that is none": (
        web({"ingress": {"hosts": ["https://a.test"]}}),
        "workloads.web.ingress.hosts",
        "a DNS name",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("patch", "path", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_system_is_refused_for(patch, path, words):
    with pytest.raises(ValidationError) as refusal:
        System.model_validate(merge(SYSTEM, patch))

    [line] = explain(refusal.value, System)

    assert line.startswith(path)
    assert words in line


@pytest.mark.parametrize(
    ("quantity", "number"),
    [("500m", 0.5), ("2", 2), ("1.5Gi", 1.5 * 2**30), ("1G", 10**9), ("64Mi", 2**26)],
)
def test_quantities_compare_as_numbers(quantity, number):
    assert amount(quantity) == number


@pytest.mark.parametrize(
    ("value", "hidden"),
    [
        ("text", False),
        ({"secret": "key"}, True),
        (URL, True),
        ({"service": "postgres", "output": "password"}, True),
        ({"service": "postgres", "output": "host"}, False),
    ],
)
def test_only_what_opens_doors_is_kept_secret(value, hidden):
    described = system({**NEED, **web({"env": {"A": value}})})

    assert is_secret(described.workloads["web"].env["A"]) is hidden


def test_systems_that_share_a_database_have_one():
    systems = {"a": system(NEED), "b": system(NEED), "c": system()}

    assert references.databases(systems) == ["orders"]


REFERENCES = {
    "a database without a Postgres": (
        {"shop": system(NEED)}, None,
        "systems.shop.needs.postgres.database: this stack has no Postgres",
    ),
    "a database the external Postgres lacks": (
        {"shop": system({"needs": {"postgres": {"database": "users"}}})}, EXTERNAL,
        "systems.shop.needs.postgres.database: the external Postgres declares no database users",
    ),
    "volumes nobody serves": (
        {"shop": system(web({"persistence": {**VOLUME, "purpose": "shared"}}))}, BUNDLED,
        "systems.shop.workloads.web.persistence.purpose: storage kind local-path has no volumes",
    ),
    "one namespace twice": (
        {"a": system(), "b": system({"namespace": "a"})}, BUNDLED,
        "systems.b.namespace: a belongs to system a already",
    ),
    "the database's namespace": (
        {"postgres": system()}, BUNDLED,
        "systems.postgres.namespace: postgres belongs to the bundled Postgres already",
    ),
    "Kubernetes' own namespace": (
        {"shop": system({"namespace": "kube-system"})}, BUNDLED,
        "systems.shop.namespace: kube-system belongs to Kubernetes already",
    ),
    "one host twice": (
        {name: system(web({"ingress": {"hosts": ["a.test"]}})) for name in ("a", "b")}, BUNDLED,
        "systems.b.workloads.web.ingress.hosts: a.test leads to a.web already",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("systems", "section", "line"), REFERENCES.values(), ids=REFERENCES)
def test_a_stack_is_refused_for(systems, section, line):
    [problem] = references.problems(systems, typed(Postgres | None, section), LOCAL)

    assert problem.startswith(line)


def test_a_stack_that_offers_all_its_systems_refer_to_is_accepted():
    wishes = {"persistence": VOLUME, "ingress": {"hosts": ["a.test"]}}
    systems = {"shop": system({**NEED, **web(wishes)}), "blog": system()}

    assert list(references.problems(systems, typed(Postgres, BUNDLED), LOCAL)) == []
