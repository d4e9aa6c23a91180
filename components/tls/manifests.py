"""The tls section -> what an authority and a certificate consist of. Pure."""

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s
import pulumi_tls as tls

from components.objects import Identity
from components.tls.spec import HOURS_PER_DAY, PrivateCa

KEY = tls.PrivateKeyArgs(algorithm="ECDSA", ecdsa_curve="P256")


def authority(spec: PrivateCa, key: pulumi.Input[str]) -> tls.SelfSignedCertArgs:
    """The authority's own certificate. Never renewed early: its clients hold this very one."""
    return tls.SelfSignedCertArgs(
        private_key_pem=key,
        is_ca_certificate=True,
        set_subject_key_id=True,
        allowed_uses=["cert_signing", "crl_signing", "digital_signature"],
        subject=tls.SelfSignedCertSubjectArgs(
            common_name=f"{spec.organization} CA", organization=spec.organization
        ),
        validity_period_hours=spec.authority_days * HOURS_PER_DAY,
    )


def request(spec: PrivateCa, key: pulumi.Input[str], hosts: Sequence[str]) -> tls.CertRequestArgs:
    """What is to be signed: a key for `hosts`. Clients match host names only, no common name."""
    return tls.CertRequestArgs(
        private_key_pem=key,
        dns_names=list(hosts),
        subject=tls.CertRequestSubjectArgs(organization=spec.organization),
    )


def certificate(
    spec: PrivateCa,
    request: pulumi.Input[str],
    authority_key: pulumi.Input[str],
    authority_certificate: pulumi.Input[str],
) -> tls.LocallySignedCertArgs:
    """A server's certificate, signed by the authority."""
    return tls.LocallySignedCertArgs(
        cert_request_pem=request,
        ca_private_key_pem=authority_key,
        ca_cert_pem=authority_certificate,
        set_subject_key_id=True,
        allowed_uses=["digital_signature", "server_auth"],
        validity_period_hours=spec.certificate_days * HOURS_PER_DAY,
        early_renewal_hours=spec.renew_before_days * HOURS_PER_DAY,
    )


def secret(
    identity: Identity, certificate: pulumi.Input[str], key: pulumi.Input[str]
) -> k8s.core.v1.SecretInitArgs:
    """The certificate and its key as an Ingress takes them, in the Secret `<name>-tls`."""
    return k8s.core.v1.SecretInitArgs(
        metadata=identity.metadata(identity.of("tls")),
        type="kubernetes.io/tls",
        string_data={"tls.crt": certificate, "tls.key": key},
    )
