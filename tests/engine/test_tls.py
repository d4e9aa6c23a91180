"""The tls resources: other programs take the keys and certificates, and the state keeps secrets."""

import shutil
import subprocess
from types import SimpleNamespace

import pytest

ALGORITHMS = {
    "rsa": {"algorithm": "RSA"},
    "p256": {"algorithm": "ECDSA", "ecdsa_curve": "P256"},
    "p384": {"algorithm": "ECDSA", "ecdsa_curve": "P384"},
    "ed25519": {"algorithm": "ED25519"},
}
NOTATIONS = ("private_key_pem", "private_key_pem_pkcs8", "private_key_openssh")

PROGRAM = f"""
import pulumi, pulumi_tls as tls
for name, kind in {ALGORITHMS!r}.items():
    key, leaf_key = (tls.PrivateKey(f"{{name}}-{{use}}", **kind) for use in ("ca", "leaf"))
    ca = tls.SelfSignedCert(
        f"{{name}}-ca-cert", private_key_pem=key.private_key_pem, is_ca_certificate=True,
        set_subject_key_id=True, allowed_uses=["cert_signing", "crl_signing", "digital_signature"],
        validity_period_hours=HOURS, early_renewal_hours=EARLY, subject=SUBJECT)
    request = tls.CertRequest(
        f"{{name}}-request", private_key_pem=leaf_key.private_key_pem,
        subject={{"common_name": "leaf", "organization": "system:masters"}},
        dns_names=["leaf.example"], ip_addresses=["127.0.0.1", "::1"], uris=["spiffe://a/b"])
    leaf = tls.LocallySignedCert(
        f"{{name}}-cert", ca_cert_pem=ca.cert_pem, ca_private_key_pem=key.private_key_pem,
        cert_request_pem=request.cert_request_pem, validity_period_hours=24,
        allowed_uses=["digital_signature", "server_auth", "client_auth"])
    pulumi.export(name, {{
        "ca": ca.cert_pem, "leaf": leaf.cert_pem, "request": request.cert_request_pem,
        "openssh": leaf_key.public_key_openssh, "sha256": leaf_key.public_key_fingerprint_sha256,
        "md5": leaf_key.public_key_fingerprint_md5, "public": leaf_key.public_key_pem,
        "id": leaf_key.id,
        **{{notation: getattr(leaf_key, notation) for notation in {NOTATIONS!r}}},
    }})
"""


def program(hours=87600, early=0, subject=None):
    subject = subject or {"common_name": "root", "organization": "trial", "country": "DE"}
    return f"HOURS, EARLY, SUBJECT = {hours}, {early}, {subject!r}\n" + PROGRAM


@pytest.fixture(scope="module")
def issued(story, tmp_path_factory):
    """Everything issued once, as files; then previewed with one input changed at a time."""
    if shutil.which("openssl") is None:
        pytest.skip("no `openssl` to verify with: install openssl")
    project, _ = story(lambda _host: program())
    project.up()
    folder = tmp_path_factory.mktemp("issued")
    outputs = project.outputs()
    for name, texts in outputs.items():
        for part, text in texts.items():
            path = folder / f"{name}.{part}"
            path.write_text(text)
            path.chmod(0o600)
    made = SimpleNamespace(folder=folder, outputs=outputs, stored=project.stored())
    made.idle = project.pulumi("preview", "--expect-no-changes")
    project.program(program(subject={"common_name": "another"}))
    made.renamed = project.planned()
    project.program(program(early=1))
    made.early = project.planned()
    project.program(program(early=87600))
    made.due = project.planned()
    made.up = project.up()
    made.certificates = project.outputs()
    return made


def run(*words):
    done = subprocess.run([str(one) for one in words], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", ALGORITHMS)
def test_openssl_verifies_the_chain_strictly(issued, name):
    base = issued.folder / name

    for purpose in ("sslserver", "sslclient"):
        run(*("openssl", "verify", "-x509_strict", "-purpose", purpose), "-CAfile", f"{base}.ca",
            *("-verify_hostname", "leaf.example", f"{base}.leaf"))  # fmt: skip
    run("openssl", "req", "-verify", "-noout", "-in", f"{base}.request")


@pytest.mark.parametrize("name", ALGORITHMS)
def test_openssh_reads_the_key_and_agrees_on_its_public_half(issued, name):
    base = issued.folder / name
    public = run("ssh-keygen", "-y", "-f", f"{base}.private_key_openssh")

    assert public.split()[:2] == issued.outputs[name]["openssh"].split()[:2]
    fingerprint = run("ssh-keygen", "-l", "-f", f"{base}.openssh").split()[1]
    assert fingerprint == issued.outputs[name]["sha256"]
    md5 = run("ssh-keygen", "-l", "-E", "md5", "-f", f"{base}.openssh").split()[1]
    assert md5 == f"MD5:{issued.outputs[name]['md5']}"


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize("notation", ["private_key_pem", "private_key_pem_pkcs8"])
def test_openssl_reads_the_key_in_both_notations(issued, name, notation):
    public = run("openssl", "pkey", "-pubout", "-in", issued.folder / f"{name}.{notation}")

    assert public == issued.outputs[name]["public"]


def test_keys_have_the_older_notation_of_their_kind(issued):
    first = {name: issued.outputs[name]["private_key_pem"].split("\n")[0] for name in ALGORITHMS}

    assert first == {
        "rsa": "-----BEGIN RSA PRIVATE KEY-----",
        "p256": "-----BEGIN EC PRIVATE KEY-----",
        "p384": "-----BEGIN EC PRIVATE KEY-----",
        "ed25519": "-----BEGIN PRIVATE KEY-----",
    }


def test_extensions_are_there_with_their_criticality(issued):
    def extensions(part):
        return run("openssl", "x509", "-noout", "-text", "-in", issued.folder / f"p256.{part}")

    ca, leaf = extensions("ca"), extensions("leaf")

    assert "Basic Constraints: critical\n                CA:TRUE" in ca
    assert (
        "Key Usage: critical\n                Digital Signature, Certificate Sign, CRL Sign" in ca
    )
    assert "Basic Constraints: critical\n                CA:FALSE" in leaf
    assert "TLS Web Server Authentication, TLS Web Client Authentication" in leaf
    assert "DNS:leaf.example, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1" in leaf
    assert "O = system:masters, CN = leaf" in leaf
    identifier = ca.split("Subject Key Identifier: \n")[1].split("\n")[0].strip()
    assert f"Authority Key Identifier: \n                {identifier}" in leaf


def test_no_private_key_is_in_the_clear(issued):
    lines = {
        issued.outputs[name][notation].split("\n")[1]
        for name in ALGORITHMS
        for notation in NOTATIONS
    }

    assert not [line for line in lines if line in issued.stored]
    assert issued.outputs["rsa"]["leaf"].split("\n")[1] in issued.stored, "a certificate is public"


def test_nothing_changes_by_itself(issued):
    assert "unchanged" in issued.idle


def test_another_subject_replaces_the_authority_and_what_it_signed(issued):
    assert "replace" in issued.renamed["p256-ca-cert"]
    assert "replace" in issued.renamed["p256-cert"]
    assert "p256-ca" not in issued.renamed, "the key stays"


def test_other_renewal_hours_alone_are_an_update(issued):
    assert issued.early["p256-ca-cert"] == "update"


def test_a_certificate_whose_renewal_is_due_is_replaced_with_its_leaves(issued):
    assert "replace" in issued.due["p256-ca-cert"]
    assert "replace" in issued.due["p256-cert"]
    assert issued.certificates["p256"]["ca"] != issued.outputs["p256"]["ca"]


def test_an_unknown_use_is_refused_before_anything_runs(workspace):
    project = workspace(
        "import pulumi_tls as tls\n"
        "tls.SelfSignedCert('c', private_key_pem='x', allowed_uses=['flying'],"
        " validity_period_hours=1)\n"
    )

    assert "'flying' is not known; it must be one of" in project.pulumi("preview", status=1)
