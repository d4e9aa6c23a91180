"""FFE's table beside the resources that each profile renders."""

import pytest

from tests.unit.components.app.ffe import ASKED, PROFILES, READ, TABLE, Rendered, rows, same
from tests.unit.components.platform import kinds


@pytest.fixture(scope="module")
def rendered():
    return {profile: Rendered(profile, ASKED) for profile in PROFILES}


@pytest.mark.parametrize("what", rows(TABLE))
def test_every_profile_renders_the_number_of_the_table(rendered, what):
    written = dict(zip(PROFILES, rows(TABLE)[what], strict=True))

    shown = {profile: READ[what](rendered[profile]) for profile in PROFILES}

    assert {p: v for p, v in shown.items() if not same(v, written[p])} == {}, written


def test_the_table_reads_all_there_is_to_read():
    assert set(rows(TABLE)) == set(READ)


def test_development_is_reached_from_inside_only():
    assert not kinds(Rendered("development").graph, "Ingress")


@pytest.mark.parametrize("profile", ["staging", "production"])
def test_the_site_and_its_interface_have_a_host_each(profile):
    hosts = [rule["host"] for rule in Rendered(profile).one("Ingress")["rules"]]

    assert len(hosts) == 2
    assert all(host.endswith("ffe.three-rivers-tech.com") for host in hosts)
    assert sum(host.startswith("api.") for host in hosts) == 1


@pytest.mark.parametrize("profile", PROFILES)
def test_it_waits_for_its_database_before_it_migrates(profile):
    waits, migrates = Rendered(profile).pod["initContainers"]

    assert waits["image"] == "docker.io/library/postgres:16-alpine"
    assert "5432" in waits["command"]
    assert migrates["command"] == ["alembic", "upgrade", "head"]
