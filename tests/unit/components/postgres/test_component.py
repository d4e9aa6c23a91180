import hashlib

import pytest

from components.postgres.spec import Bundled, External, lacks
from tests.unit.components.platform import BUNDLED, EXTERNAL, deploy, kinds, typed

PASSWORD = "random:index/randomPassword:RandomPassword"
KEPT = {"Namespace", "PersistentVolumeClaim", "Secret"}


@pytest.fixture(params=[False, True], ids=["up", "preview"])
def preview(request):
    return request.param


def own(graph):
    """What the Postgres component made, by URN."""
    [component] = graph.of("groundwork:postgres:Postgres").values()
    return [n for n in graph.values() if component in graph.ancestors(n)]


def test_a_stack_without_the_section_makes_nothing(preview):
    graph = deploy(postgres=None, preview=preview)

    assert own(graph) == []
    assert graph.exports["endpoints"] == {}


def test_an_external_server_is_used_and_not_made(preview):
    graph = deploy(postgres=EXTERNAL, secrets=["ordersDb"], preview=preview)

    assert own(graph) == []
    assert graph.exports["endpoints"] == {"orders": "db.example.com:5432/shop"}


def test_the_server_starts_on_its_volume_with_its_password(preview):
    graph = deploy(preview=preview)
    server = graph.one("postgres", "kubernetes:apps/v1:StatefulSet")

    waits = graph.waits_for(server)

    assert graph.one("postgres-data", "kubernetes:core/v1:PersistentVolumeClaim").urn in waits
    assert graph.one("postgres-superuser", "kubernetes:core/v1:Secret").urn in waits
    assert graph.one("postgres", "kubernetes:core/v1:Namespace").urn in waits


def test_the_volume_is_of_the_class_for_databases_and_the_size_asked():
    graph = deploy(postgres={**BUNDLED, "storage": "7Gi"})

    spec = kinds(graph, "PersistentVolumeClaim")["postgres-data"]["spec"]

    assert spec["storageClassName"] == "local-path"
    assert spec["resources"]["requests"]["storage"] == "7Gi"


def test_each_database_has_a_role_and_a_password_of_its_own(preview):
    graph = deploy(databases=["orders", "users"], preview=preview)

    assert set(graph.of(PASSWORD)) == {
        *("postgres-superuser", "postgres-database-orders", "postgres-database-users"),
    }
    assert set(kinds(graph, "Job")) == {"postgres-database-orders", "postgres-database-users"}


def test_a_database_is_made_once_the_server_runs(preview):
    graph = deploy(databases=["orders"], preview=preview)
    job = graph.one("postgres-database-orders", "kubernetes:batch/v1:Job")

    assert graph.one("postgres", "kubernetes:apps/v1:StatefulSet").urn in graph.waits_for(job)


def test_a_new_password_makes_the_role_anew():
    [job] = kinds(deploy(databases=["orders"]), "Job").values()

    checksum = job["spec"]["template"]["metadata"]["annotations"]["checksum/password"]

    told = '{"value": "pw-postgres-database-orders"}'
    assert checksum == hashlib.sha256(told.encode()).hexdigest()


def test_another_database_changes_nothing_of_the_first():
    before = {n.urn: n.inputs for n in own(deploy(databases=["orders"]))}
    after = {n.urn: n.inputs for n in own(deploy(databases=["accounts", "orders"]))}

    assert {urn: after[urn] for urn in before} == before


def test_data_and_passwords_outlive_the_stack_where_the_section_says_so(preview):
    graph = deploy(postgres={**BUNDLED, "protect": True}, databases=["orders"], preview=preview)

    data = [n for n in own(graph) if n.type == PASSWORD or n.inputs.get("kind") in KEPT]

    assert {n.inputs.get("kind", "RandomPassword") for n in data} == {*KEPT, "RandomPassword"}
    assert all(n.request.protect and n.request.retainOnDelete for n in data)


def test_nothing_is_held_back_where_it_does_not():
    graph = deploy(databases=["orders"])

    assert not [n.urn for n in own(graph) if n.request.protect or n.request.retainOnDelete]


def test_everything_lies_in_the_namespace_of_the_section():
    graph = deploy(postgres={**BUNDLED, "namespace": "data"}, databases=["orders"])
    objects = [n.inputs for n in own(graph) if n.type.startswith("kubernetes:")]

    places = {o["metadata"]["namespace"] for o in objects if o["kind"] != "Namespace"}

    assert places == {"data"}
    assert graph.exports["endpoints"] == {"orders": "postgres.data.svc:5432/orders"}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (None, "add a section groundwork:postgres"),
        (EXTERNAL, "declares orders: add postgres.databases.users"),
    ],
)
def test_a_database_that_cannot_be_had_is_refused_with_the_way_out(data, reason):
    section = None if data is None else typed(External, data)

    assert reason in lacks(section, "users")


def test_a_server_of_its_own_has_any_database_and_an_external_one_the_declared():
    assert lacks(typed(Bundled, BUNDLED), "users") is None
    assert lacks(typed(External, EXTERNAL), "orders") is None
