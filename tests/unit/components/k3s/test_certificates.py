"""Trust: who may do what, for how long, and where it is known."""

import json

from tests.unit.components.k3s.given import VIP


def test_authorities_outlive_clients_and_are_never_renewed_by_themselves(deploy):
    graph = deploy()
    authorities = graph.of("tls:index/selfSignedCert:SelfSignedCert").values()
    clients = graph.of("tls:index/locallySignedCert:LocallySignedCert").values()

    assert {n.inputs["earlyRenewalHours"] for n in authorities} == {0}
    assert min(n.inputs["validityPeriodHours"] for n in authorities) > max(
        n.inputs["validityPeriodHours"] for n in clients
    )
    assert all("client_auth" in n.inputs["allowedUses"] for n in clients)


def test_only_the_administrator_is_a_master(deploy):
    requests = deploy().of("tls:index/certRequest:CertRequest")
    groups = {n: r.inputs["subject"].get("organization") for n, r in requests.items()}

    assert groups == {"cluster-admin": "system:masters", "cluster-maintenance": None}


def test_the_kubeconfig_is_secret_and_names_the_endpoint(deploy):
    graph = deploy(VIP)

    assert "kubeconfig" in graph.secret_exports
    [entry] = json.loads(graph.exports["kubeconfig"])["clusters"]
    assert entry["cluster"]["server"] == "https://192.0.2.10:6443"
