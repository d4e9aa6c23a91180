import pytest
from pydantic import ValidationError

from components.tls import manifests
from components.tls.spec import PrivateCa
from tests.unit.components.platform import deploy, plain, system, web

CA = PrivateCa(kind="private-ca")
HOURS_A_YEAR = 8760
PRIVATE_KEY = "tls:index/privateKey:PrivateKey"
SIGNED = "tls:index/locallySignedCert:LocallySignedCert"
SECRET = "kubernetes:core/v1:Secret"
TWO_HOSTS = web({"ingress": {"hosts": ["a.test", "b.test"]}})


def test_the_authority_signs_for_ten_years_and_is_never_renewed_early():
    authority = plain(manifests.authority(CA, "key"))

    assert authority["isCaCertificate"] is True
    assert authority["validityPeriodHours"] == 10 * HOURS_A_YEAR
    assert "earlyRenewalHours" not in authority
    assert {"cert_signing", "crl_signing"} <= set(authority["allowedUses"])


def test_the_authority_can_be_told_apart_by_strict_clients():
    assert plain(manifests.authority(CA, "key"))["setSubjectKeyId"] is True


def test_a_certificate_lives_a_year_and_is_renewed_in_its_last_month():
    certificate = plain(manifests.certificate(CA, "request", "key", "ca"))

    assert certificate["validityPeriodHours"] == HOURS_A_YEAR
    assert certificate["earlyRenewalHours"] == 30 * 24
    assert certificate["allowedUses"] == ["digital_signature", "server_auth"]


def test_a_renewal_that_would_never_end_is_refused():
    with pytest.raises(ValidationError, match="renewBeforeDays 30 is not below certificateDays 30"):
        PrivateCa(kind="private-ca", certificate_days=30, renew_before_days=30)


def test_a_certificate_that_clients_refuse_for_its_length_is_refused():
    with pytest.raises(ValidationError, match="less than or equal to 398"):
        PrivateCa(kind="private-ca", certificate_days=399)


@pytest.fixture(scope="module", params=[False, True], ids=["up", "preview"])
def graph(request):
    return deploy({"shop": system(TWO_HOSTS)}, preview=request.param)


def test_a_systems_hosts_share_a_certificate_signed_by_the_authority(graph):
    request = graph.one("shop-tls", "tls:index/certRequest:CertRequest")
    signed = graph.one("shop-tls", SIGNED)

    assert request.inputs["dnsNames"] == ["a.test", "b.test"]
    assert graph.one("tls-ca", PRIVATE_KEY).urn in signed.dependencies
    assert graph.one("tls-ca", "tls:index/selfSignedCert:SelfSignedCert").urn in signed.dependencies


def test_certificate_and_key_are_kept_as_an_ingress_takes_them(graph):
    secret = graph.one("shop-tls", SECRET)

    assert secret.inputs["type"] == "kubernetes.io/tls"
    assert "stringData" in secret.secrets | secret.unknowns
    assert graph.one("shop-tls", PRIVATE_KEY).urn in graph.waits_for(secret)


def test_a_secret_holds_the_certificate_of_its_own_key():
    secret = deploy({"shop": system(TWO_HOSTS)}).one("shop-tls", SECRET)

    assert secret.inputs["stringData"] == {
        "tls.crt": "leaf of shop-tls\n",
        "tls.key": "privateKeyPem of shop-tls",
    }


def test_the_authoritys_certificate_is_public_and_its_key_is_not():
    graph = deploy()

    assert graph.exports["ca"] == "cert of tls-ca\n"
    assert "ca" not in graph.secret_exports
    assert "privateKeyPem" in graph.one("tls-ca", "tls:index/selfSignedCert:SelfSignedCert").secrets


def test_a_system_without_hosts_has_no_certificate():
    assert set(deploy({"shop": system()}).of(PRIVATE_KEY)) == {"tls-ca"}
