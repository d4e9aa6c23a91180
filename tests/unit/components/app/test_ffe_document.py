"""FFE's table beside the product's own document, where that is at hand."""

import re

import pytest

from components.postgres.spec import Bundled
from tests.unit.components.app.ffe import NONE, TABLE, Rendered, rows
from tests.unit.components.platform import SHARED

DOCUMENT = {
    "Replicas": "replicas",
    "CPU Request": "cpu request",
    "Memory Request": "memory request",
    "CPU Limit": "cpu limit",
    "Memory Limit": "memory limit",
    "Autoscaling": "autoscaling",
    "Health Check Timeout": "health check timeout",
    "Readiness Interval": "readiness interval",
    "Persistence": "persistence",
    "Pod Disruption Budget": "disruption budget",
}


def reading(cell, row):
    """A cell of the document in the table's words."""
    if cell in {"No", "None"}:
        return NONE
    if row == "CPU Limit":  # it writes one of them in bytes
        cell = cell.removesuffix("Gi")
    cell = re.sub(r"Yes \(min (\d+)\)", r"\1", cell)
    return re.sub(r"^(\d+)[s+]$", r"\1", cell)


@pytest.fixture(scope="module")
def document():
    found = sorted((SHARED / "seeds").glob("000_*"))
    if not found:
        pytest.skip("the product's document is not on this machine")
    return found[0].read_text()


def test_the_table_says_what_the_document_does(document):
    section = document.split("## Kubernetes Resources by Environment")[1].split("\n## ")[0]
    table = rows("\n".join(line for line in section.split("\n") if line.startswith("|")))

    theirs = {DOCUMENT[row]: [reading(c, row) for c in cells] for row, cells in table.items()}

    assert theirs == {row: rows(TABLE)[row] for row in DOCUMENT.values()}


@pytest.mark.parametrize(
    ("pattern", "row", "places"),
    [
        (r"Connection pooling: (\d+) \(prod\), (\d+) \(dev\)", "pool size", (2, 0)),
        (r"Failures: (\d)/(\d)/(\d) ", "readiness failures", (0, 1, 2)),
        (r"Timeouts: (\d)s \(dev/staging\), (\d)s \(prod\)", "health check timeout", (0, 2)),
        (r"limiting: (\d+) \(dev/staging\), (\d+) \(prod\) per min", "requests per minute", (0, 2)),
        (r"Liveness: `([^`]+)`", "liveness path", (0,)),
        (r"Readiness: `([^`]+)`", "readiness path", (0,)),
        (r"(\d) Uvicorn workers", "workers", (0,)),
        (r"ClusterIP:(\d+)", "port", (0,)),
        (r"Secret:\*\* (\S+)", "certificate's secret", (0,)),
    ],
)
def test_the_table_says_what_the_documents_lists_do(document, pattern, row, places):
    written = re.search(pattern, document).groups()

    assert tuple(rows(TABLE)[row][place] for place in places) == written


def test_the_database_is_of_the_documents_version(document):
    [version] = re.findall(r"PostgreSQL (\S+) \(default\)", document)

    assert Bundled(kind="bundled").image.tag == version


def test_production_answers_under_the_documents_hosts(document):
    written = re.findall(r"^  - (\S+three-rivers-tech\.com) ", document, re.MULTILINE)

    hosts = [rule["host"] for rule in Rendered("production").one("Ingress")["rules"]]

    assert hosts == written
