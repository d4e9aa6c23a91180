"""The cluster's trust, made before a host is touched: authorities, client certificates, tokens.

So the join tokens, which pin the authority, and the kubeconfig are known beforehand, and nothing is
ever read back from a host. The authorities' keys live in the stack's encrypted state: whoever reads
that is the cluster's administrator.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_random as random
import pulumi_tls as tls

_YEAR_HOURS = 8766
# Nothing renews an authority by itself, and replacing one is a new cluster.
_AUTHORITY_HOURS = 30 * _YEAR_HOURS
# From a year before its end, the next `pulumi up` makes a client certificate anew, in place.
_CLIENT_HOURS = 10 * _YEAR_HOURS
_RENEWAL_HOURS = _YEAR_HOURS
# Path below server/tls -> the name of the resources
AUTHORITIES = {
    "server-ca": "server-ca",
    "client-ca": "client-ca",
    "request-header-ca": "request-header-ca",
    "etcd/peer-ca": "etcd-peer-ca",
    "etcd/server-ca": "etcd-server-ca",
}
MAINTENANCE_USER = "groundwork:maintenance"


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """A certificate and its private key, PEM."""

    certificate: str
    key: str

    def __repr__(self) -> str:
        """Never the key."""
        return "Identity(********)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Trust:
    """Everything secret that the nodes of a cluster share."""

    authorities: dict[str, Identity]
    service_key: str
    admin: Identity
    maintenance: Identity
    server_password: str
    agent_password: str

    def __repr__(self) -> str:
        """Never a secret."""
        return "Trust(********)"

    @property
    def server_ca(self) -> str:
        """The certificate that the API's is signed with."""
        return self.authorities["server-ca"].certificate

    @property
    def ca_hash(self) -> str:
        """What tokens pin: the digest of server-ca.crt, byte for byte as it lies on the servers."""
        return hashlib.sha256(self.server_ca.encode()).hexdigest()

    @property
    def server_token(self) -> str:
        """What a server joins with. https://docs.k3s.io/cli/token#secure."""
        return f"K10{self.ca_hash}::server:{self.server_password}"

    @property
    def agent_token(self) -> str:
        """What an agent joins with; it admits no servers."""
        return f"K10{self.ca_hash}::node:{self.agent_password}"

    @property
    def secrets(self) -> list[str]:
        """What must not be seen in any output: the single lines, which logs could hold."""
        return [self.server_password, self.agent_password]


class Authorities:
    """The resources that make a cluster's trust."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions) -> None:
        self._name, self._opts = name, opts

    def trust(self) -> pulumi.Output[Trust]:
        """All certificates and passwords, once known; secret."""
        authorities = {path: self._authority(title) for path, title in AUTHORITIES.items()}
        signer = authorities["client-ca"]
        service_key = tls.PrivateKey(
            f"{self._name}-service", algorithm="RSA", rsa_bits=2048, opts=self._opts
        )
        made = pulumi.Output.all(
            authorities=authorities,
            service_key=service_key.private_key_pem,
            admin=self._client("admin", "groundwork:admin", ["system:masters"], signer),
            maintenance=self._client("maintenance", MAINTENANCE_USER, [], signer),
            server_password=self._password("server"),
            agent_password=self._password("agent"),
        )
        secret: pulumi.Output[dict[str, Any]] = pulumi.Output.secret(made)
        return secret.apply(_trust)

    def _authority(self, title: str) -> dict[str, pulumi.Output[str]]:
        key = self._key(title)
        certificate = tls.SelfSignedCert(
            f"{self._name}-{title}",
            private_key_pem=key,
            is_ca_certificate=True,
            set_subject_key_id=True,
            allowed_uses=["cert_signing", "crl_signing", "digital_signature"],
            subject=tls.SelfSignedCertSubjectArgs(common_name=f"{self._name}-{title}"),
            validity_period_hours=_AUTHORITY_HOURS,
            early_renewal_hours=0,
            opts=self._opts,
        )
        return {"certificate": certificate.cert_pem, "key": key}

    def _client(
        self, title: str, user: str, groups: list[str], signer: dict[str, pulumi.Output[str]]
    ) -> dict[str, pulumi.Output[str]]:
        key = self._key(title)
        request = tls.CertRequest(
            f"{self._name}-{title}",
            private_key_pem=key,
            subject=tls.CertRequestSubjectArgs(
                common_name=user, organization=groups[0] if groups else None
            ),
            opts=self._opts,
        )
        certificate = tls.LocallySignedCert(
            f"{self._name}-{title}",
            cert_request_pem=request.cert_request_pem,
            ca_cert_pem=signer["certificate"],
            ca_private_key_pem=signer["key"],
            allowed_uses=["digital_signature", "key_encipherment", "client_auth"],
            validity_period_hours=_CLIENT_HOURS,
            early_renewal_hours=_RENEWAL_HOURS,
            opts=self._opts,
        )
        return {"certificate": certificate.cert_pem, "key": key}

    def _key(self, title: str) -> pulumi.Output[str]:
        key = tls.PrivateKey(
            f"{self._name}-{title}", algorithm="ECDSA", ecdsa_curve="P256", opts=self._opts
        )
        return key.private_key_pem

    def _password(self, title: str) -> pulumi.Output[str]:
        # Letters and digits: a token is written into YAML, URLs and headers.
        password = random.RandomPassword(
            f"{self._name}-{title}-token", length=48, special=False, opts=self._opts
        )
        return password.result


def _trust(values: dict[str, Any]) -> Trust:
    return Trust(
        authorities={path: Identity(**pair) for path, pair in values.pop("authorities").items()},
        admin=Identity(**values.pop("admin")),
        maintenance=Identity(**values.pop("maintenance")),
        **values,
    )
