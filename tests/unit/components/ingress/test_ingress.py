import json

import jsonschema
import pytest
import yaml

from components.ingress import manifests
from components.ingress.spec import Route, SecurityHeaders, TraefikPackaged
from components.objects import Identity
from tests.unit.components.platform import SHARED, deploy, kinds, plain, system, web

WHO = Identity(name="shop-web", namespace="shop", part_of="shop")
CHAIN = "traefik.ingress.kubernetes.io/router.middlewares"
YEAR = 31_536_000


def values(**spec):
    packaged = TraefikPackaged(kind="traefik-packaged", **spec)
    return yaml.safe_load(manifests.chart_config(packaged)["valuesContent"])


def test_plain_http_is_sent_to_https_for_good():
    arguments = dict(a.split("=", 1) for a in values()["additionalArguments"])
    redirection = "--entryPoints.web.http.redirections.entryPoint"

    assert arguments[f"{redirection}.to"] == ":443"
    assert arguments[f"{redirection}.scheme"] == "https"
    assert arguments[f"{redirection}.permanent"] == "true"


def test_the_section_sets_how_many_replicas_run():
    assert values(replicas=3)["deployment"] == {"replicas": 3}


def test_the_packaged_chart_is_configured_under_its_own_name():
    config = kinds(deploy(), "HelmChartConfig")["ingress-chart"]

    assert config["apiVersion"] == "helm.cattle.io/v1"
    assert (config["metadata"]["name"], config["metadata"]["namespace"]) == (
        "traefik",
        "kube-system",
    )


def test_security_headers_are_strict_unless_told_otherwise():
    headers = manifests.security_headers(SecurityHeaders())["headers"]

    assert headers["stsSeconds"] == YEAR
    assert headers["frameDeny"] is True
    assert headers["contentTypeNosniff"] is True
    assert "default-src 'self'" in headers["contentSecurityPolicy"]
    assert headers["referrerPolicy"] == "strict-origin-when-cross-origin"


def test_a_page_may_be_framed_by_its_own_origin():
    headers = manifests.security_headers(SecurityHeaders(frame="sameorigin"))["headers"]

    assert headers["customFrameOptionsValue"] == "SAMEORIGIN"
    assert "frameDeny" not in headers


@pytest.mark.parametrize(("per_minute", "burst"), [(1, 1), (2, 1), (100, 50), (200, 100)])
def test_half_of_a_minutes_requests_may_come_at_once(per_minute, burst):
    assert manifests.rate_limit(per_minute) == {
        "rateLimit": {"average": per_minute, "period": "1m", "burst": burst}
    }


def test_requests_are_counted_before_their_answers_are_hardened():
    route = Route(hosts=["a.test"], headers=SecurityHeaders(), rate_limit_per_minute=10)

    assert manifests.annotations(WHO, route)[CHAIN] == (
        "shop-shop-web-rate-limit@kubernetescrd,shop-shop-web-headers@kubernetescrd"
    )


def test_a_route_without_wishes_is_served_on_443_alone():
    assert manifests.annotations(WHO, Route(hosts=["a.test"])) == {
        "traefik.ingress.kubernetes.io/router.entrypoints": "websecure"
    }


def test_all_hosts_lead_to_one_service_under_one_certificate():
    spec = plain(manifests.ingress("shop-web", ("a.test", "b.test"), "shop-tls"))

    assert [rule["host"] for rule in spec["rules"]] == ["a.test", "b.test"]
    assert spec["tls"] == [{"hosts": ["a.test", "b.test"], "secretName": "shop-tls"}]
    for rule in spec["rules"]:
        [path] = rule["http"]["paths"]
        assert (path["path"], path["pathType"]) == ("/", "Prefix")
        assert path["backend"]["service"] == {"name": "shop-web", "port": {"name": "http"}}


@pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])
def test_every_middleware_an_ingress_names_is_made_before_it(preview):
    route = {"hosts": ["a.test"], "headers": {}, "rateLimitPerMinute": 60}
    graph = deploy({"shop": system(web({"ingress": route}))}, preview=preview)
    ingress = graph.one("shop-web", "kubernetes:networking.k8s.io/v1:Ingress")
    middlewares = [n for n in graph.kubernetes() if n.inputs["kind"] == "Middleware"]

    named = ingress.inputs["metadata"]["annotations"][CHAIN].split(",")

    assert sorted(named) == sorted(f"shop-{n.name}@kubernetescrd" for n in middlewares)
    assert {n.urn for n in middlewares} <= graph.waits_for(ingress)


def closed(schema):
    """`schema` refusing every key it does not know, as the API server does not."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: closed(value) for key, value in schema.items()}
    if "properties" in schema and "additionalProperties" not in schema:
        result["additionalProperties"] = False
    return result


@pytest.mark.parametrize("frame", ["deny", "sameorigin"])
def test_middlewares_are_what_traefik_documents(frame):
    path = SHARED / "crds" / "traefik.io" / "Middleware.v1alpha1.json"
    if not path.is_file():
        pytest.skip("the custom resources' schemas are not on this machine")
    schema = closed(json.loads(path.read_text())["properties"]["spec"])
    route = Route(headers=SecurityHeaders(frame=frame), rate_limit_per_minute=10)

    for spec in manifests.middlewares(WHO, route).values():
        jsonschema.validate(spec, schema)
