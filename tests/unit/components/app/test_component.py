import pulumi
import pytest

from components import checksum
from tests.unit.components.platform import EXTERNAL, SYSTEM, deploy, kinds, system, web
from tests.unit.graph import record

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
ENV = {
    "LEVEL": "debug",
    "KEY": {"secret": "key"},
    "DB_URL": {"service": "postgres", "output": "url"},
    "DB_HOST": {"service": "postgres", "output": "host"},
    "DB_PORT": {"service": "postgres", "output": "port"},
}
NEEDS = {"needs": {"postgres": {"database": "orders"}}}
FULL = {
    **NEEDS,
    **web({"env": ENV, "waitFor": ["postgres"], "ingress": {"hosts": ["a.test", "b.test"]}}),
}


def run(patch=None, **options):
    return deploy({"shop": system(patch)}, secrets=["key", "ordersDb"], **options)


@pytest.fixture(scope="module", params=[False, True], ids=["up", "preview"])
def graph(request):
    return run(FULL, preview=request.param)


def annotations(graph):
    template = graph.one("shop-web", DEPLOYMENT).inputs["spec"]["template"]
    return template["metadata"].get("annotations", {})


def test_secrets_go_into_a_secret_and_the_rest_into_a_config_map():
    graph = run(FULL)
    config = kinds(graph, "ConfigMap")["shop-web-config"]["data"]
    secrets = kinds(graph, "Secret")["shop-web-secrets"]["stringData"]

    assert config == {"LEVEL": "debug", "DB_HOST": "postgres.postgres.svc", "DB_PORT": "5432"}
    assert secrets == {
        "KEY": "value-of-key",
        "DB_URL": "postgresql://orders:pw-postgres-database-orders@postgres.postgres.svc:5432/orders",
    }


def test_an_external_database_is_told_to_applications_the_same_way():
    graph = run(FULL, postgres=EXTERNAL)

    assert kinds(graph, "ConfigMap")["shop-web-config"]["data"]["DB_HOST"] == "db.example.com"
    assert kinds(graph, "Secret")["shop-web-secrets"]["stringData"]["DB_URL"] == (
        "postgresql://clerk:value-of-ordersDb@db.example.com:5432/shop?sslmode=require"
    )


def test_no_secret_is_readable_outside_of_a_secret(graph):
    for node in graph.kubernetes():
        assert node.inputs["kind"] == "Secret" or not node.secrets, node.urn


def test_pods_start_when_their_database_can_be_used(graph):
    waits = graph.waits_for(graph.one("shop-web", DEPLOYMENT))

    assert graph.one("postgres-database-orders", "kubernetes:batch/v1:Job").urn in waits


def test_pods_start_when_what_they_refer_to_is_there(graph):
    waits = graph.waits_for(graph.one("shop-web", DEPLOYMENT))

    for name, kind in (
        ("shop", "core/v1:Namespace"),
        ("shop-web", "core/v1:ServiceAccount"),
        ("shop-web-config", "core/v1:ConfigMap"),
        ("shop-web-secrets", "core/v1:Secret"),
    ):
        assert graph.one(name, f"kubernetes:{kind}").urn in waits, name


@pytest.mark.parametrize(
    ("patch", "changed"),
    [
        ({"LEVEL": "info"}, {"checksum/config"}),
        ({"KEY": {"secret": "ordersDb"}}, {"checksum/secrets"}),
        ({"LEVEL": None, "MORE": "x"}, {"checksum/config"}),
        ({}, set()),
    ],
)
def test_pods_are_replaced_when_what_they_are_told_changes(patch, changed):
    before, after = (
        annotations(run(FULL)),
        annotations(run({**FULL, **web({"env": {**ENV, **patch}})})),
    )

    assert set(before) == {"checksum/config", "checksum/secrets"}
    assert {key for key in before if before[key] != after[key]} == changed


def test_the_checksum_of_secrets_is_keyed_and_public():
    def program():
        for key in ("one", "other"):
            pulumi.export(key, checksum.keyed(pulumi.Output.secret(key), {"PIN": "1234"}))

    graph = record(program)

    assert graph.exports["one"] != graph.exports["other"], "a weak secret could be guessed from it"
    assert graph.secret_exports == set()


def test_the_key_of_checksums_is_the_systems_own():
    graph = run(FULL)
    key = graph.one("shop-checksum-key", "random:index/randomPassword:RandomPassword")

    assert key.urn in graph.one("shop-web", DEPLOYMENT).dependencies


def test_hosts_are_published_once_the_workload_runs(graph):
    ingress = graph.one("shop-web", "kubernetes:networking.k8s.io/v1:Ingress")

    assert graph.one("shop-web", DEPLOYMENT).urn in graph.waits_for(ingress)
    assert graph.one("shop-tls", "kubernetes:core/v1:Secret").urn in graph.waits_for(ingress)


def test_a_systems_urls_are_those_of_its_hosts(graph):
    assert graph.exports["shop"] == ["https://a.test", "https://b.test"]


def test_without_hosts_nothing_is_published():
    graph = run(web({"ingress": {"rateLimitPerMinute": 5}}))

    assert not kinds(graph, "Ingress")
    assert not kinds(graph, "Middleware")
    assert graph.exports["shop"] == []


def test_a_workload_without_hosts_stays_inside_beside_one_that_has_some():
    public = {**SYSTEM["workloads"]["web"], "ingress": {"hosts": ["a.test"]}}
    graph = run({"workloads": {"site": public}})

    assert set(kinds(graph, "Ingress")) == {"shop-site"}


def test_a_workload_that_is_told_nothing_has_neither_map_nor_checksum():
    graph = run()

    assert "shop-web-config" not in kinds(graph, "ConfigMap")
    assert "shop-web-secrets" not in kinds(graph, "Secret")
    assert annotations(graph) == {}


def test_an_account_may_do_what_its_rules_say_and_has_no_token():
    rule = {"resources": ["configmaps"], "verbs": ["get"]}
    graph = run(web({"account": {"rules": [rule]}}))

    assert kinds(graph, "Role")["shop-web"]["rules"] == [{"apiGroups": [""], **rule}]
    assert kinds(graph, "RoleBinding")["shop-web"]["roleRef"]["name"] == "shop-web"
    assert kinds(graph, "RoleBinding")["shop-web"]["subjects"] == [
        {"kind": "ServiceAccount", "name": "shop-web", "namespace": "shop"}
    ]
    assert kinds(graph, "ServiceAccount")["shop-web"]["automountServiceAccountToken"] is False


def test_an_account_without_rules_has_no_role():
    assert not kinds(run(), "Role")


def test_the_namespace_admits_restricted_pods_only():
    [namespace] = kinds(run(postgres=None), "Namespace").values()

    labels = namespace["metadata"]["labels"]

    assert namespace["metadata"]["name"] == "shop"
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_a_system_may_name_its_namespace():
    graph = run({"namespace": "shop-prod"}, postgres=None)

    places = {n.inputs["metadata"].get("namespace") for n in graph.kubernetes()}

    assert places == {None, "kube-system", "shop-prod"}


@pytest.mark.parametrize("protect", [True, False])
def test_a_volume_outlives_its_workload_where_told(protect):
    volume = {"size": "3Gi", "path": "/data", "protect": protect}
    graph = run(web({"persistence": volume}))
    claim = graph.one("shop-web-data", "kubernetes:core/v1:PersistentVolumeClaim")

    assert claim.inputs["spec"]["resources"]["requests"]["storage"] == "3Gi"
    for node in (claim, graph.one("shop", "kubernetes:core/v1:Namespace")):
        assert (node.request.protect, node.request.retainOnDelete) == (protect, protect)


def test_another_workload_changes_nothing_of_the_first():
    first = system().workloads["web"]
    two = system().model_copy(update={"workloads": {"api": first, "web": first}})
    one = {n.urn: n.inputs for n in deploy({"shop": system()}).values()}
    both = {n.urn: n.inputs for n in deploy({"shop": two}).values()}

    assert {urn: both[urn] for urn in one} == one
    assert {n.name for n in deploy({"shop": two}).of(DEPLOYMENT).values()} == {
        "shop-api",
        "shop-web",
    }
