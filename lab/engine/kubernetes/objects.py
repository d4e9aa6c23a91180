"""Kubernetes objects as the plugin keeps them: kinds of type tokens, names, normal form, state."""

import base64
import binascii
import secrets
from collections.abc import Mapping
from typing import Any, Final

from lab.engine.kubernetes import annotations
from lab.engine.kubernetes.api import Kind, Object, name_of, namespace_of
from lab.engine.kubernetes.quantity import canonical_in
from lab.engine.properties import (
    Properties,
    Secret,
    Unknown,
    holds_secret,
    holds_unknown,
    reveal,
    secret,
)

INPUTS: Final = "__inputs"
FIELD_MANAGER: Final = "__fieldManager"
INITIAL_API_VERSION: Final = "__initialApiVersion"

# Read-only fields of metadata: never part of what is wanted.
_READ_ONLY: Final = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "uid",
)
# Fields of metadata that are not stored when empty.
_OMITTED_EMPTY: Final = ("annotations", "labels")
# Keys of JSON schemas that no SDK can spell with dashes.
_DASHED: Final = {
    f"x_kubernetes_{name}": f"x-kubernetes-{name.replace('_', '-')}"
    for name in (
        *("embedded_resource", "int_or_string", "list_map_keys", "list_type"),
        *("map_type", "preserve_unknown_fields", "validations"),
    )
}
_UNDERSCORED: Final = {dashed: name for name, dashed in _DASHED.items()}
_NAME_BYTES: Final = 4

# https://kubernetes.io/docs/reference/kubernetes-api/ : the kinds outside of any namespace.
_CLUSTER_SCOPED: Final = frozenset(
    {
        *("Namespace", "Node", "PersistentVolume", "ClusterRole", "ClusterRoleBinding"),
        *("StorageClass", "CSIDriver", "CSINode", "VolumeAttachment", "VolumeAttributesClass"),
        *("CustomResourceDefinition", "APIService", "PriorityClass", "IngressClass"),
        *("RuntimeClass", "CertificateSigningRequest", "ClusterTrustBundle", "FlowSchema"),
        *("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "ServiceCIDR"),
        *("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "IPAddress"),
        *("MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "ResourceSlice"),
        *("PriorityLevelConfiguration", "DeviceClass", "StorageVersion"),
    }
)


def kind_of_token(token: str) -> Kind:
    """The kind that a type token such as `kubernetes:apps/v1:Deployment` stands for."""
    _, module, name = token.split(":")
    group, _, version = module.rpartition("/")
    if is_patch(token):
        name = name.removesuffix("Patch")
    return Kind("" if group == "core" else group, version, name)


def is_patch(token: str) -> bool:
    """Whether the token is a Patch resource's: an owner of single fields of a foreign object."""
    return token.endswith("Patch") and not token.endswith(":Patch")


def is_builtin(obj: Mapping[str, Any]) -> bool:
    """Whether the object's group is one of Kubernetes' own."""
    group = str(obj.get("apiVersion") or "").rpartition("/")[0]
    return "." not in group or group.endswith(".k8s.io")


def is_cluster_scoped(kind: Kind) -> bool:
    """Whether a kind is known, without asking a server, to live outside of namespaces."""
    return kind.kind in _CLUSTER_SCOPED


def identity(obj: Mapping[str, Any]) -> str:
    """The object's id: `namespace/name`, or the name alone."""
    namespace = namespace_of(obj)
    return f"{namespace}/{name_of(obj)}" if namespace else name_of(obj)


def split_identity(identity: str) -> tuple[str, str]:
    """Namespace and name out of an id."""
    namespace, _, name = identity.rpartition("/")
    return namespace, name


def from_properties(properties: Mapping[str, Any]) -> Object:
    """The object that properties describe, secrets laid open. It may hold unknown values."""
    obj: Object = _renamed(reveal(dict(properties)), _DASHED)
    return obj


def normalized(obj: Object) -> Object:
    """The object without read-only fields, written as the API server would write it."""
    obj = dict(obj)
    if is_builtin(obj) and not holds_unknown(obj):
        obj = canonical_in(_without_nulls(obj))
        if obj.get("kind") == "Secret" and obj.get("apiVersion") == "v1":
            obj = _encoded_secret(obj)
        if obj.get("kind") == "CustomResourceDefinition":
            obj.pop("status", None)
    if isinstance(obj.get("metadata"), dict):
        obj["metadata"] = {
            key: item
            for key, item in obj["metadata"].items()
            if key not in _READ_ONLY and not (key in _OMITTED_EMPTY and item == {})
        }
    return obj


def pruned(live: Any, shape: Any) -> Any:
    """The live value cut down to the shape: only what the shape names too.

    An empty value of the shape, which the API server does not store, stays.
    """
    match live, shape:
        case dict(), dict():
            return {
                key: pruned(live[key], item) if key in live else item
                for key, item in shape.items()
                if key in live or _is_empty(item)
            }
        case list(), list():
            return [pruned(item, part) for item, part in zip(live, shape, strict=False)]
        case _:
            return live


def is_named(obj: Mapping[str, Any]) -> bool:
    """Whether the object has a name, known or not yet."""
    metadata = obj.get("metadata")
    if isinstance(metadata, Unknown):
        return True
    return bool(isinstance(metadata, Mapping) and metadata.get("name"))


def autoname(obj: Object, name: str, proposed: str) -> None:
    """Name the object after its resource, with a random end so that two can live side by side."""
    metadata = obj.setdefault("metadata", {})
    metadata["name"] = proposed or f"{name}-{secrets.token_hex(_NAME_BYTES)}"
    annotations.mark(obj, annotations.AUTONAMED)


def field_manager(state: Mapping[str, Any], obj: Mapping[str, Any]) -> str:
    """The name under which this resource owns fields: annotated, remembered, or new."""
    remembered = reveal(state.get(FIELD_MANAGER))
    return (
        annotations.value(obj, annotations.PATCH_FIELD_MANAGER)
        or (remembered if isinstance(remembered, str) else "")
        or f"pulumi-kubernetes-{secrets.token_hex(_NAME_BYTES)}"
    )


def checkpoint(wanted: Object, live: Object, origin: Properties, marks: Properties) -> Properties:
    """The state of an object: what lives, what was wanted, and whatever is secret kept so.

    origin: the properties the object was made from; they say what is secret.
    """
    state: Properties = _renamed(live, _UNDERSCORED)
    inputs: Properties = _renamed(wanted, _UNDERSCORED)
    hide(state, origin)
    hide(inputs, origin)
    return state | marks | {INPUTS: inputs}


def parse_checkpoint(state: Mapping[str, Any]) -> tuple[Object, Object]:
    """What was wanted and what lived, out of a state."""
    live = from_properties(state)
    wanted = live.pop(INPUTS, None) or {}
    live.pop(FIELD_MANAGER, None)
    live.pop(INITIAL_API_VERSION, None)
    return wanted, live


def hide(outputs: Properties, origin: Mapping[str, Any]) -> None:
    """Make secret in the outputs what is secret in the properties they came from.

    Mappings are walked; a list with a secret in it is hidden whole. A Secret's data always is.
    """
    if outputs.get("kind") == "Secret":
        for key in ("data", "stringData"):
            if key in outputs:
                outputs[key] = secret(outputs[key])
        return
    for key, source in origin.items():
        if key not in outputs:
            continue
        if isinstance(outputs[key], dict) and isinstance(source, Mapping):
            outputs[key] = dict(outputs[key])
            hide(outputs[key], source)
        elif holds_secret(source) and not isinstance(outputs[key], Secret):
            outputs[key] = Secret(outputs[key])


def _is_empty(value: Any) -> bool:
    return value in ({}, [], "", False, 0)


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    match value:
        case dict():
            return {names.get(key, key): _renamed(item, names) for key, item in value.items()}
        case list():
            return [_renamed(item, names) for item in value]
        case _:
            return value


def _without_nulls(value: Any) -> Any:
    match value:
        case dict():
            return {key: _without_nulls(item) for key, item in value.items() if item is not None}
        case list():
            return [_without_nulls(item) for item in value]
        case _:
            return value


def _encoded_secret(obj: Object) -> Object:
    """A Secret with stringData folded into data, as the API server stores it."""
    data = {key: _reencoded(item) for key, item in (obj.get("data") or {}).items()}
    plain = obj.get("stringData") or {}
    data |= {key: base64.b64encode(str(text).encode()).decode() for key, text in plain.items()}
    rest = {key: item for key, item in obj.items() if key not in ("data", "stringData")}
    return {**rest, "data": data} if "data" in obj or plain else rest


def _reencoded(encoded: Any) -> Any:
    try:
        return base64.b64encode(base64.b64decode(encoded, validate=False)).decode()
    except (binascii.Error, TypeError, ValueError):
        return encoded  # the API server will name the mistake
