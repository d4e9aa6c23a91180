"""The making of a certificate: extensions, validity, signature."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ObjectIdentifier

from lab.engine.properties import Properties
from lab.engine.provider import ProviderError
from lab.engine.tls.keys import PrivateKey, key_identifier

# allowed_uses, by the names of the official plugin.
KEY_USAGES: Final = {
    "digital_signature": "digital_signature",
    "content_commitment": "content_commitment",
    "key_encipherment": "key_encipherment",
    "data_encipherment": "data_encipherment",
    "key_agreement": "key_agreement",
    "cert_signing": "key_cert_sign",
    "crl_signing": "crl_sign",
    "encipher_only": "encipher_only",
    "decipher_only": "decipher_only",
}
EXTENDED_KEY_USAGES: Final = {
    name: ObjectIdentifier(dotted)
    for name, dotted in {
        "any_extended": "2.5.29.37.0",
        "server_auth": "1.3.6.1.5.5.7.3.1",
        "client_auth": "1.3.6.1.5.5.7.3.2",
        "code_signing": "1.3.6.1.5.5.7.3.3",
        "email_protection": "1.3.6.1.5.5.7.3.4",
        "ipsec_end_system": "1.3.6.1.5.5.7.3.5",
        "ipsec_tunnel": "1.3.6.1.5.5.7.3.6",
        "ipsec_user": "1.3.6.1.5.5.7.3.7",
        "timestamping": "1.3.6.1.5.5.7.3.8",
        "ocsp_signing": "1.3.6.1.5.5.7.3.9",
        "microsoft_server_gated_crypto": "1.3.6.1.4.1.311.10.3.3",
        "netscape_server_gated_crypto": "2.16.840.1.113730.4.1",
        "microsoft_commercial_code_signing": "1.3.6.1.4.1.311.2.1.22",
        "microsoft_kernel_code_signing": "1.3.6.1.4.1.311.61.1.1",
    }.items()
}

Digest = hashes.SHA256 | hashes.SHA384 | hashes.SHA512

_DIGESTS: Final[dict[str, Digest]] = {"secp384r1": hashes.SHA384(), "secp521r1": hashes.SHA512()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Applicant:
    """Who asks for a certificate."""

    subject: x509.Name
    names: x509.SubjectAlternativeName | None
    public: CertificatePublicKeyTypes


@dataclass(frozen=True, kw_only=True, slots=True)
class Issuer:
    """Who signs. `identifier` is the key identifier of its certificate, None without one."""

    subject: x509.Name
    key: PrivateKey
    identifier: bytes | None


def issue(applicant: Applicant, issuer: Issuer, inputs: Properties) -> tuple[str, Properties]:
    """The serial number and the outputs of a new certificate."""
    begin = datetime.now(UTC).replace(microsecond=0)
    end = begin + timedelta(hours=inputs["validityPeriodHours"])
    # Positive and of at most 128 bits.
    serial = secrets.randbelow(2**128 - 1) + 1
    builder = (
        x509.CertificateBuilder()
        .subject_name(applicant.subject)
        .issuer_name(issuer.subject)
        .public_key(applicant.public)
        .serial_number(serial)
        .not_valid_before(begin)
        .not_valid_after(end)
    )
    for extension, is_critical in _extensions(applicant, issuer, inputs):
        builder = builder.add_extension(extension, critical=is_critical)
    certificate = builder.sign(issuer.key, digest(issuer.key))
    return str(serial), {
        "certPem": certificate.public_bytes(Encoding.PEM).decode(),
        "readyForRenewal": False,
        "validityStartTime": _timestamp(begin),
        "validityEndTime": _timestamp(end),
    }


def digest(key: PrivateKey) -> Digest | None:
    """The hash that goes with a key when it signs; Ed25519 brings its own."""
    if isinstance(key, Ed25519PrivateKey):
        return None
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return _DIGESTS.get(key.curve.name, hashes.SHA256())
    return hashes.SHA256()


def _extensions(
    applicant: Applicant, issuer: Issuer, inputs: Properties
) -> Iterator[tuple[x509.ExtensionType, bool]]:
    """The extensions and whether each is critical."""
    uses = inputs.get("allowedUses") or ()
    usages = {KEY_USAGES[use] for use in uses if use in KEY_USAGES}
    if usages:
        yield _key_usage(usages), True
    extended = [EXTENDED_KEY_USAGES[use] for use in uses if use in EXTENDED_KEY_USAGES]
    if extended:
        yield x509.ExtendedKeyUsage(extended), False
    yield _basic_constraints(applicant, inputs), True
    if inputs["isCaCertificate"] or inputs["setSubjectKeyId"]:
        yield x509.SubjectKeyIdentifier(key_identifier(applicant.public)), False
    if issuer.identifier is not None:
        yield x509.AuthorityKeyIdentifier(issuer.identifier, None, None), False
    if applicant.names is not None:
        # RFC 5280, 4.2.1.6: critical when there is no other name.
        yield applicant.names, not list(applicant.subject)


def _key_usage(usages: set[str]) -> x509.KeyUsage:
    flags = {name: name in usages for name in KEY_USAGES.values()}
    if not flags["key_agreement"] and (flags["encipher_only"] or flags["decipher_only"]):
        raise ProviderError("allowedUses: encipher_only and decipher_only need key_agreement")
    return x509.KeyUsage(**flags)


def _basic_constraints(applicant: Applicant, inputs: Properties) -> x509.BasicConstraints:
    is_authority = inputs["isCaCertificate"]
    # As with the official plugin, a path length of 0 sets no limit.
    length = inputs.get("maxPathLength") or None
    if is_authority and not list(applicant.subject):
        raise ProviderError("a certificate authority's subject needs at least one name")
    if length is not None and not is_authority:
        raise ProviderError("maxPathLength is for certificate authorities: set isCaCertificate")
    return x509.BasicConstraints(ca=is_authority, path_length=length)


def _timestamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
