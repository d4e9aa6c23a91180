"""Private keys in every notation, and the PrivateKey resource."""

import base64
import hashlib
from collections.abc import Callable
from typing import Any, ClassVar, Final, cast

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPrivateKeyTypes,
    CertificatePublicKeyTypes,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_ssh_private_key,
)

from lab.engine.generated import Generated
from lab.engine.properties import Properties
from lab.engine.provider import Failure, ProviderError

PrivateKey = CertificateIssuerPrivateKeyTypes

_CURVES: Final[dict[str, type[ec.EllipticCurve]]] = {
    "P224": ec.SECP224R1,
    "P256": ec.SECP256R1,
    "P384": ec.SECP384R1,
    "P521": ec.SECP521R1,
}

_MAKERS: Final[dict[str, Callable[[Properties], PrivateKey]]] = {
    "RSA": lambda inputs: rsa.generate_private_key(65537, inputs["rsaBits"]),
    "ECDSA": lambda inputs: ec.generate_private_key(_CURVES[inputs["ecdsaCurve"]]()),
    "ED25519": lambda _inputs: Ed25519PrivateKey.generate(),
}

# cryptography makes no shorter ones.
_LEAST_RSA_BITS: Final = 1024


class PrivateKeyResource(Generated):
    """A private key; its private notations are secret."""

    required = ("algorithm",)
    defaults: ClassVar[Properties] = {"ecdsaCurve": "P224", "rsaBits": 2048}
    outputs = (
        "privateKeyOpenssh",
        "privateKeyPem",
        "privateKeyPemPkcs8",
        "publicKeyFingerprintMd5",
        "publicKeyFingerprintSha256",
        "publicKeyOpenssh",
        "publicKeyPem",
    )
    secret_outputs = frozenset({"privateKeyOpenssh", "privateKeyPem", "privateKeyPemPkcs8"})

    def rules(self, inputs: Properties) -> list[Failure]:
        """The algorithm and the curve have to be ones there are."""
        given = [
            ("algorithm", inputs["algorithm"], list(_MAKERS)),
            ("ecdsaCurve", inputs["ecdsaCurve"], list(_CURVES)),
        ]
        failures = [
            Failure(name, f"{name} {value!r} is not known; it must be one of {', '.join(known)}")
            for name, value, known in given
            if value not in known
        ]
        if inputs["algorithm"] == "RSA" and inputs["rsaBits"] < _LEAST_RSA_BITS:
            rule = f"rsaBits {inputs['rsaBits']} must be at least {_LEAST_RSA_BITS}"
            failures.append(Failure("rsaBits", rule))
        return failures

    def generate(self, inputs: Properties) -> tuple[str, Properties]:
        """A new key."""
        key = _MAKERS[inputs["algorithm"]](inputs)
        identity, public = described(key)
        return identity, public | {
            "privateKeyOpenssh": _private(key, PrivateFormat.OpenSSH),
            "privateKeyPem": _private(key, _traditional(key)),
            "privateKeyPemPkcs8": _private(key, PrivateFormat.PKCS8),
        }


def described(key: PrivateKey) -> tuple[str, Properties]:
    """The identity of a key, the hash of its public half, and that half in every notation."""
    public = key.public_key()
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return hashlib.sha1(spki).hexdigest(), {"publicKeyPem": pem, **_openssh(public)}  # noqa: S324 -- a name


def loaded(pem: str, what: str) -> PrivateKey:
    """The key of a PEM or OpenSSH text. `what` names the property in the error."""
    load = load_ssh_private_key if "OPENSSH" in pem.partition("\n")[0] else load_pem_private_key
    try:
        key = load(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ProviderError(
            f"{what} is no private key in PEM without a password: {error}"
        ) from error
    if algorithm(key) is None:
        raise ProviderError(f"{what} is a {type(key).__name__}; it must be RSA, ECDSA or ED25519")
    return cast("PrivateKey", key)


def algorithm(key: Any) -> str | None:
    """The name of a key's algorithm, None for one this plugin does not know."""
    match key:
        case rsa.RSAPrivateKey():
            return "RSA"
        case ec.EllipticCurvePrivateKey():
            return "ECDSA"
        case Ed25519PrivateKey():
            return "ED25519"
        case _:
            return None


def key_identifier(public: CertificatePublicKeyTypes) -> bytes:
    """The SHA-1 of a public key, as certificates name it."""
    match public:
        case rsa.RSAPublicKey():
            content = public.public_bytes(Encoding.DER, PublicFormat.PKCS1)
        case ec.EllipticCurvePublicKey():
            content = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        case Ed25519PublicKey():
            # The official plugin hashes the key as an ASN.1 octet string.
            content = b"\x04\x20" + public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        case _:
            raise ProviderError(f"a {type(public).__name__} cannot be certified here")
    return hashlib.sha1(content).digest()  # noqa: S324 -- a name


def _traditional(key: PrivateKey) -> PrivateFormat:
    """PKCS#1 for RSA, SEC 1 for elliptic curves; Ed25519 has no older notation than PKCS#8."""
    if isinstance(key, Ed25519PrivateKey):
        return PrivateFormat.PKCS8
    return PrivateFormat.TraditionalOpenSSL


def _private(key: PrivateKey, notation: PrivateFormat) -> str:
    """The key in a notation; empty for OpenSSH's where it has none (P224)."""
    try:
        return key.private_bytes(Encoding.PEM, notation, NoEncryption()).decode()
    except (ValueError, UnsupportedAlgorithm):
        return ""


def _openssh(public: Any) -> Properties:
    """The line for authorized_keys and its fingerprints; empty where OpenSSH has no such key."""
    try:
        line = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    except (ValueError, UnsupportedAlgorithm):
        names = ("publicKeyOpenssh", "publicKeyFingerprintMd5", "publicKeyFingerprintSha256")
        return dict.fromkeys(names, "")
    blob = base64.b64decode(line.split()[1])
    sha256 = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return {
        "publicKeyOpenssh": f"{line}\n",
        "publicKeyFingerprintMd5": hashlib.md5(blob).digest().hex(":"),  # noqa: S324 -- a name
        "publicKeyFingerprintSha256": f"SHA256:{sha256}",
    }
