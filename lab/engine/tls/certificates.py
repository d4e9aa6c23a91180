"""The certificate resources: SelfSignedCert, CertRequest and LocallySignedCert."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from lab.engine.generated import Generated
from lab.engine.properties import Properties, reveal
from lab.engine.provider import Difference, Failure, Found, ProviderError, Request
from lab.engine.tls import names
from lab.engine.tls.issuing import (
    EXTENDED_KEY_USAGES,
    KEY_USAGES,
    Applicant,
    Issuer,
    digest,
    issue,
)
from lab.engine.tls.keys import algorithm, key_identifier, loaded


class CertRequest(Generated):
    """A request for a certificate: a subject, names and a public key, signed by that key."""

    required = ("privateKeyPem",)
    outputs = ("certRequestPem", "keyAlgorithm")

    def generate(self, inputs: Properties) -> tuple[str, Properties]:
        """The request."""
        key = loaded(inputs["privateKeyPem"], "privateKeyPem")
        builder = x509.CertificateSigningRequestBuilder().subject_name(names.subject(inputs))
        wanted = names.extension(names.alternative_names(inputs))
        if wanted is not None:
            builder = builder.add_extension(wanted, critical=False)
        request = builder.sign(key, digest(key))
        identity = hashlib.sha1(request.public_bytes(Encoding.DER)).hexdigest()  # noqa: S324 -- a name
        return identity, {
            "certRequestPem": request.public_bytes(Encoding.PEM).decode(),
            "keyAlgorithm": algorithm(key),
        }


class Certificate(Generated):
    """What both kinds of certificate share: their uses, and that they are renewed in time."""

    defaults: ClassVar[Properties] = {
        "earlyRenewalHours": 0,
        "isCaCertificate": False,
        "setSubjectKeyId": False,
    }
    in_place = frozenset({"earlyRenewalHours"})

    def rules(self, inputs: Properties) -> list[Failure]:
        """The uses have to be ones there are, the hours not negative."""
        known = KEY_USAGES.keys() | EXTENDED_KEY_USAGES.keys()
        failures = [
            Failure("allowedUses", f"{use!r} is not known; it must be one of {sorted(known)}")
            for use in inputs["allowedUses"]
            if use not in known
        ]
        return failures + [
            Failure(name, f"{name} {inputs[name]} must not be negative")
            for name in ("validityPeriodHours", "earlyRenewalHours")
            if inputs[name] < 0
        ]

    async def diff(self, request: Request) -> Difference:
        """What differs, and whether the certificate is due: then it is replaced."""
        difference = await super().diff(request)
        if not _is_due(request.state, request.inputs):
            return difference
        due = ["readyForRenewal"]
        return replace(
            difference,
            changed=[*difference.changed, *due],
            replaces=[*difference.replaces, *due],
        )

    async def read(self, request: Request) -> Found:
        """The state, with `readyForRenewal` as it is today."""
        state = request.state
        if _is_due(state, request.inputs or state):
            state = state | {"readyForRenewal": True}
        return Found(id=request.id, state=state, inputs=request.inputs)


class SelfSignedCert(Certificate):
    """A certificate signed by its own key: a certificate authority's, mostly."""

    required = ("allowedUses", "privateKeyPem", "validityPeriodHours")
    defaults: ClassVar[Properties] = {**Certificate.defaults, "setAuthorityKeyId": False}
    outputs = (
        "certPem",
        "keyAlgorithm",
        "readyForRenewal",
        "validityEndTime",
        "validityStartTime",
    )

    def generate(self, inputs: Properties) -> tuple[str, Properties]:
        """The certificate."""
        key = loaded(inputs["privateKeyPem"], "privateKeyPem")
        applicant = Applicant(
            subject=names.subject(inputs),
            names=names.extension(names.alternative_names(inputs)),
            public=key.public_key(),
        )
        identifier = None
        if inputs["setAuthorityKeyId"]:
            if not (inputs["isCaCertificate"] or inputs["setSubjectKeyId"]):
                raise ProviderError("setAuthorityKeyId needs setSubjectKeyId or isCaCertificate")
            identifier = key_identifier(applicant.public)
        issuer = Issuer(subject=applicant.subject, key=key, identifier=identifier)
        identity, outputs = issue(applicant, issuer, inputs)
        return identity, outputs | {"keyAlgorithm": algorithm(key)}


class LocallySignedCert(Certificate):
    """A certificate for a request, signed by a certificate authority of this stack."""

    required = (
        "allowedUses",
        "caCertPem",
        "caPrivateKeyPem",
        "certRequestPem",
        "validityPeriodHours",
    )
    outputs = (
        "caKeyAlgorithm",
        "certPem",
        "readyForRenewal",
        "validityEndTime",
        "validityStartTime",
    )

    def generate(self, inputs: Properties) -> tuple[str, Properties]:
        """The certificate."""
        key = loaded(inputs["caPrivateKeyPem"], "caPrivateKeyPem")
        try:
            request = x509.load_pem_x509_csr(inputs["certRequestPem"].encode())
            authority = x509.load_pem_x509_certificate(inputs["caCertPem"].encode())
        except ValueError as error:
            raise ProviderError(f"certRequestPem or caCertPem cannot be read: {error}") from error
        applicant = Applicant(
            subject=request.subject,
            names=names.requested(request),
            public=request.public_key(),
        )
        issuer = Issuer(subject=authority.subject, key=key, identifier=_identifier(authority))
        identity, outputs = issue(applicant, issuer, inputs)
        return identity, outputs | {"caKeyAlgorithm": algorithm(key)}


def _identifier(authority: x509.Certificate) -> bytes | None:
    try:
        found = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        return None
    return found.value.digest


def _is_due(state: Properties, inputs: Properties) -> bool:
    """Whether the time of renewal, some hours before the end, has come."""
    end = state.get("validityEndTime")
    early = reveal(inputs.get("earlyRenewalHours") or 0)
    if not isinstance(end, str) or not isinstance(early, int | float):
        return False
    return datetime.now(UTC) >= datetime.fromisoformat(end) - timedelta(hours=early)
