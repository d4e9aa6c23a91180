"""What the shipped systems render, told to a real API server: no unknown field, no refused pod."""

import httpx
import pytest

from lab.engine.kubernetes.api import kind_of, namespace_of
from tests.unit.components.platform import deploy, shipped

CUSTOM = {"HelmChartConfig", "Middleware"}
HOSTS = {"workloads": {"backend": {"ingress": {"hosts": ["ffe.test"]}}}}
# What other objects are checked against. The rest is tried only: nothing here runs their pods.
KEPT = {"Namespace", "ServiceAccount"}
TEMPLATES = {"Deployment", "StatefulSet", "Job"}
PROFILES = ("development", "staging", "production")


@pytest.fixture(scope="module", params=PROFILES)
def objects(request):
    """The objects of FFE in a profile, and of the platform below it, in namespaces of their own."""
    profile = request.param
    system = shipped("ffe", profile, {**HOSTS, "namespace": f"ffe-{profile}"})
    postgres = {"kind": "bundled", "namespace": f"postgres-{profile}"}
    nodes = deploy({"ffe": system}, postgres=postgres).kubernetes()
    made = [n.inputs for n in nodes if n.inputs["kind"] not in CUSTOM]
    return sorted(made, key=lambda it: it["kind"] != "Namespace")


def create(api, obj):
    query = {"fieldValidation": "Strict"} | ({} if obj["kind"] in KEPT else {"dryRun": "All"})
    return api._client.post(api._path(kind_of(obj), namespace_of(obj)), params=query, json=obj)


@pytest.fixture(scope="module")
def answers(api, objects):
    made = {f"{it['kind']} {it['metadata']['name']}": create(api, it) for it in objects}
    yield made
    for it in objects:
        if it["kind"] == "Namespace":
            api._client.delete(f"/api/v1/namespaces/{it['metadata']['name']}")


def test_the_server_takes_every_object_and_knows_every_field(answers):
    refused = {name: it.json()["message"] for name, it in answers.items() if it.is_error}

    assert refused == {}


def test_the_server_has_no_warning_to_give(answers):
    warnings = {name: it.headers.get("warning", "") for name, it in answers.items()}
    warnings.pop("Secret ffe-tls", None)  # the recording engine signs nothing

    assert {name: warning for name, warning in warnings.items() if warning} == {}


def test_the_restricted_level_admits_every_pod(api, answers, objects):
    for it in objects:
        if it["kind"] in TEMPLATES:
            spec = it["spec"]["template"]["spec"]
            metadata = {"name": "probe", "namespace": it["metadata"]["namespace"]}
            pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
            answer = create(api, pod)
            assert answer.is_success, answer.json()["message"]


def test_a_pod_beyond_the_level_is_refused(api, answers, objects):
    namespaces = [it["metadata"]["name"] for it in objects if it["kind"] == "Namespace"]
    spec = {"containers": [{"name": "root", "image": "registry.test/root:1"}]}

    for namespace in namespaces:
        metadata = {"name": "root", "namespace": namespace}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
        answer = create(api, pod)
        assert answer.status_code == httpx.codes.FORBIDDEN
        assert "violates PodSecurity" in answer.json()["message"]
