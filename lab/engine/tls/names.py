"""Who a certificate is for: its subject and its alternative names."""

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from lab.engine.properties import Properties
from lab.engine.provider import ProviderError

# In the order in which Go writes them, which is the order certificates show.
_ATTRIBUTES: Final = {
    "country": NameOID.COUNTRY_NAME,
    "organization": NameOID.ORGANIZATION_NAME,
    "organizationalUnit": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "locality": NameOID.LOCALITY_NAME,
    "province": NameOID.STATE_OR_PROVINCE_NAME,
    "streetAddresses": NameOID.STREET_ADDRESS,
    "postalCode": NameOID.POSTAL_CODE,
    "commonName": NameOID.COMMON_NAME,
    "serialNumber": NameOID.SERIAL_NUMBER,
    "emailAddress": NameOID.EMAIL_ADDRESS,
}

# What certificates for hosts use; a request's other names are not taken over.
_KINDS: Final = (x509.DNSName, x509.IPAddress, x509.UniformResourceIdentifier)


def subject(inputs: Properties) -> x509.Name:
    """The name out of the property `subject`; empty without one."""
    given = inputs.get("subject") or {}
    attributes = []
    for key, oid in _ATTRIBUTES.items():
        value = given.get(key)
        texts = value if isinstance(value, list) else [value]
        attributes += [_attribute(key, oid, text) for text in texts if text]
    return x509.Name(attributes)


def alternative_names(inputs: Properties) -> list[x509.GeneralName]:
    """The names out of dnsNames, ipAddresses and uris, in this order."""
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in inputs.get("dnsNames") or ()]
    for text in inputs.get("ipAddresses") or ():
        try:
            names.append(x509.IPAddress(ip_address(text)))
        except ValueError:
            raise ProviderError(f"ipAddresses has {text!r}, which is no IP address") from None
    return [*names, *map(x509.UniformResourceIdentifier, inputs.get("uris") or ())]


def extension(
    names: Iterable[x509.GeneralName],
) -> x509.SubjectAlternativeName | None:
    """The names as an extension; None when there are none."""
    known = [name for name in names if isinstance(name, _KINDS)]
    return x509.SubjectAlternativeName(known) if known else None


def requested(request: x509.CertificateSigningRequest) -> x509.SubjectAlternativeName | None:
    """The alternative names a request asks for."""
    try:
        asked = request.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return None
    return extension(asked.value)


def _attribute(key: str, oid: x509.ObjectIdentifier, text: str) -> x509.NameAttribute[str]:
    try:
        return x509.NameAttribute(oid, text)
    except ValueError as error:
        raise ProviderError(f"subject.{key} {text!r}: {error}") from error
