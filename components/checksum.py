"""Checksums of what a pod is told, as annotations: a change of it replaces the pod."""

import hashlib
import hmac
from collections.abc import Mapping

import pulumi


def of(values: Mapping[str, pulumi.Input[str]]) -> pulumi.Output[str]:
    """The SHA-256 of public values."""
    text = pulumi.Output.json_dumps(values, sort_keys=True)
    return text.apply(lambda it: hashlib.sha256(it.encode()).hexdigest())


def random(value: pulumi.Input[str]) -> pulumi.Output[str]:
    """A public checksum of a secret that nobody chose, and that is too long to be guessed."""
    return pulumi.Output.unsecret(of({"value": value}))


def keyed(key: pulumi.Input[str], values: Mapping[str, pulumi.Input[str]]) -> pulumi.Output[str]:
    """A public checksum of secret values: without `key` nobody can try a weak secret against it."""
    text = pulumi.Output.json_dumps(values, sort_keys=True)
    digest = pulumi.Output.all(key, text).apply(
        lambda both: hmac.digest(both[0].encode(), both[1].encode(), "sha256").hex()
    )
    return pulumi.Output.unsecret(digest)
