"""When services, volumes and annotated objects count as ready, on objects written by hand."""

import pytest

from lab.engine.kubernetes.awaiters import generic, services, storage
from lab.engine.kubernetes.awaiters.conditions import waits_for
from lab.engine.provider import ProviderError
from tests.engine.kubernetes.around import Clock, conditions, obj, view


def endpoints(*subsets, version="1"):
    return obj("Endpoints", metadata={"resourceVersion": version}, subsets=list(subsets))


LIVE, PENDING = {"addresses": [{}]}, {"notReadyAddresses": [{}]}


@pytest.mark.parametrize(("subset", "is_ready"), [(LIVE, True), (PENDING, False), ({}, True)])
def test_a_service_is_ready_once_its_endpoints_have_settled(subset, is_ready):
    clock = Clock()
    around = endpoints(subset)
    seen = view(obj("Service", spec={"selector": {"a": "b"}}), around, clock=clock)

    before = services.service(seen).ready
    clock.now += 10

    assert not before
    assert services.service(seen).ready is is_ready


def test_endpoints_that_keep_changing_have_not_settled():
    clock = Clock()
    around = endpoints(LIVE)
    seen = view(obj("Service", spec={"selector": {"a": "b"}}), around, clock=clock)
    services.service(seen)
    clock.now += 9
    around["metadata"]["resourceVersion"] = "2"
    services.service(seen)
    clock.now += 9

    assert not services.service(seen).ready


@pytest.mark.parametrize(
    "spec",
    [
        {"selector": {"a": "b"}, "clusterIP": "None"},
        {"type": "ExternalName", "externalName": "x.test"},
        {},
    ],
)
def test_a_service_without_pods_of_its_own_is_ready_at_once(spec):
    assert services.service(view(obj("Service", spec=spec))).ready


def test_a_load_balancer_is_ready_when_it_has_an_address():
    spec = {"type": "LoadBalancer"}
    live = obj("Service", spec=spec, status={"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}})

    assert not services.service(view(obj("Service", spec=spec))).ready
    assert services.service(view(live)).ready


def ingress(**status):
    backend = {"service": {"name": "web"}}
    rules = [{"host": "x.test", "http": {"paths": [{"path": "/", "backend": backend}]}}]
    return obj("Ingress", spec={"rules": rules}, status=status)


def test_an_ingress_is_ready_with_an_address_and_endpoints_for_each_path():
    addressed = ingress(loadBalancer={"ingress": [{"ip": "192.0.2.1"}]})
    web = obj("Endpoints", "web")

    assert services.ingress(view(addressed, web)).ready
    assert not services.ingress(view(ingress(), web)).ready
    assert not services.ingress(view(addressed)).ready
    assert '"x.test/" -> "web"' in services.ingress(view(addressed)).problems[0]


def test_a_claim_is_bound_unless_its_class_waits_for_a_consumer():
    pending = obj("PersistentVolumeClaim", spec={"storageClassName": "late"})
    pending["status"] = {"phase": "Pending"}
    late = obj("StorageClass", "late", volumeBindingMode="WaitForFirstConsumer")
    soon = obj("StorageClass", "late", volumeBindingMode="Immediate")

    assert storage.claim(view(pending, late)).ready
    assert not storage.claim(view(pending, soon)).ready


@pytest.mark.parametrize(
    ("annotation", "status", "is_ready"),
    [
        ("condition=Ready", {"conditions": conditions(Ready="True")}, True),
        ("condition=ready", {"conditions": conditions(Ready="True")}, True),
        ("condition=Ready=False", {"conditions": conditions(Ready="False")}, True),
        ("condition=Ready", {"conditions": conditions(Ready="False")}, False),
        ("condition=Ready", {}, False),
        (
            "condition=Ready",
            {"observedGeneration": 0, "conditions": conditions(Ready="True")},
            False,
        ),
        ("jsonpath={.status.phase}", {"phase": "x"}, True),
        ("jsonpath={.status.phase}", {}, False),
        ("jsonpath={.status.phase}=Cluster in healthy state", {"phase": "x"}, False),
        (
            "jsonpath={.status.phase}=Cluster in healthy state",
            {"phase": "Cluster in healthy state"},
            True,
        ),
        (
            'jsonpath={.status.conditions[?(@.type=="Ready")].status}=True',
            {"conditions": conditions(Other="False", Ready="True")},
            True,
        ),
        ("jsonpath={.status.n}=3", {"n": 3}, True),
        ("jsonpath={.status.ok}=true", {"ok": True}, True),
        ('["condition=Ready", "jsonpath={.status.n}=3"]', {"n": 3}, False),
    ],
)
def test_an_annotated_wait_is_over_when_all_it_asks_for_holds(annotation, status, is_ready):
    live = obj("Thing", status=status)

    assert waits_for(annotation)(view(live)).ready is is_ready


@pytest.mark.parametrize(
    "annotation",
    [
        "[]",
        "phase=Live",
        "jsonpath=.status.phase",
        "jsonpath='{.status.phase}'=Live",
        "jsonpath={.status.phase}=",
        "jsonpath={.a[].b}",
        "jsonpath={.a}=b=c",
    ],
)
def test_a_wait_nobody_can_read_is_refused(annotation):
    with pytest.raises(ProviderError, match=r"pulumi\.com/waitFor"):
        waits_for(annotation)


def test_generic_readiness_follows_the_usual_conditions():
    assert generic.ready(view(obj("Thing"))).ready
    assert generic.ready(view(obj("Thing", status={"conditions": conditions(Ready="True")}))).ready
    late = obj("Thing", generation=2, status={"observedGeneration": 1})
    assert not generic.ready(view(late)).ready
    stalled = obj("Thing", status={"conditions": conditions(Stalled="True")})
    assert not generic.ready(view(stalled)).ready
