"""The certificates of a stack: one authority, and a certificate for whoever has hosts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_kubernetes as k8s
import pulumi_tls as tls

from components.objects import Identity
from components.tls import manifests
from components.tls.spec import Tls as TlsSpec


@dataclass(frozen=True, kw_only=True, slots=True)
class TlsArgs:
    """What certificates are made from."""

    spec: TlsSpec


@dataclass(frozen=True, kw_only=True, slots=True)
class Certificate:
    """A certificate in a namespace: the Secret that holds it, and what its Ingress has to say."""

    secret_name: pulumi.Output[str]
    annotations: Mapping[str, str] = field(default_factory=dict)


class Tls(pulumi.ComponentResource):
    """A private certificate authority.

    ca: the authority's certificate as PEM, public: what a client has to trust.
    """

    ca: pulumi.Output[str]

    def __init__(
        self, name: str, args: TlsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:tls:Tls", name, {}, opts)
        self._spec = args.spec
        child = pulumi.ResourceOptions(parent=self)
        self._key = tls.PrivateKey(f"{name}-ca", manifests.KEY, opts=child)
        self._authority = tls.SelfSignedCert(
            f"{name}-ca", manifests.authority(self._spec, self._key.private_key_pem), opts=child
        )
        self.ca = self._authority.cert_pem
        self.register_outputs({"ca": self.ca})

    def certificate(
        self, identity: Identity, hosts: Sequence[str], opts: pulumi.ResourceOptions
    ) -> Certificate:
        """A certificate for `hosts`, in the Secret `<name>-tls` of `identity`."""
        name = identity.of("tls")
        key = tls.PrivateKey(name, manifests.KEY, opts=opts)
        request = tls.CertRequest(
            name, manifests.request(self._spec, key.private_key_pem, hosts), opts=opts
        )
        signed = tls.LocallySignedCert(
            name,
            manifests.certificate(
                self._spec, request.cert_request_pem, self._key.private_key_pem, self.ca
            ),
            opts=opts,
        )
        secret = k8s.core.v1.Secret(
            name, manifests.secret(identity, signed.cert_pem, key.private_key_pem), opts=opts
        )
        return Certificate(secret_name=secret.metadata["name"])
