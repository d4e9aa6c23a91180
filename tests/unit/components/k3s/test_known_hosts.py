"""known_hosts, read as ssh reads it."""

import base64
import hmac

import asyncssh
import pytest

from components.k3s.known_hosts import host_key


def public(kind):
    key = asyncssh.generate_private_key(kind)
    return " ".join(key.export_public_key().decode().split()[:2])


ED, EC, RSA = public("ssh-ed25519"), public("ecdsa-sha2-nistp256"), public("ssh-rsa")


def hashed(name):
    salt = b"twenty bytes of salt"
    digest = hmac.new(salt, name.encode(), "sha1").digest()
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


@pytest.mark.parametrize(
    ("names", "port"),
    [
        ("192.0.2.11", 22),
        ("example.com,192.0.2.11", 22),
        ("192.0.2.*", 22),
        ("[192.0.2.11]:2222", 2222),
        (hashed("192.0.2.11"), 22),
        (hashed("[192.0.2.11]:2222"), 2222),
    ],
)
def test_a_host_is_found_as_ssh_finds_it(names, port):
    text = f"# a comment\n\n{names} {ED} a remark\n"

    assert host_key(text, "192.0.2.11", port) == ED
    assert asyncssh.import_known_hosts(text).match("192.0.2.11", "", port)[0], "asyncssh agrees"


@pytest.mark.parametrize(
    ("names", "port"),
    [
        ("192.0.2.11", 2222),
        ("[192.0.2.11]:2222", 22),
        ("192.0.2.1", 22),
        ("192.0.2.*,!192.0.2.11", 22),
        (hashed("192.0.2.12"), 22),
        ("|1|broken", 22),
    ],
)
def test_another_hosts_key_is_not_taken(names, port):
    with pytest.raises(ValueError, match=r"no key for .*: compare fingerprints, and pin its key"):
        host_key(f"{names} {ED}\n", "192.0.2.11", port)


def test_a_modern_key_is_preferred():
    text = "".join(f"h {key}\n" for key in (RSA, EC, ED))

    assert host_key(text, "h") == ED


def test_an_rsa_key_alone_cannot_be_used():
    with pytest.raises(ValueError, match=r"that can be used, only ssh-rsa: .*ed25519 or ecdsa"):
        host_key(f"h {RSA}\n", "h")


def test_a_certificate_authority_alone_cannot_be_used():
    with pytest.raises(ValueError, match="only an authority for certificates"):
        host_key(f"@cert-authority h {ED}\n", "h")


def test_a_revoked_key_is_not_trusted():
    with pytest.raises(ValueError, match="not revoked"):
        host_key(f"h {ED}\n@revoked h {ED}\n", "h")


def test_the_way_out_names_the_port():
    with pytest.raises(ValueError, match="scan-host-keys h --port 2222"):
        host_key("", "h", 2222)
