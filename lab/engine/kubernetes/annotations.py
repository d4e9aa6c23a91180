"""The annotations under pulumi.com/ by which a program steers how an object is handled."""

from collections.abc import Mapping
from typing import Any, Final

from lab.engine.properties import Unknown

AUTONAMED: Final = "pulumi.com/autonamed"
SKIP_AWAIT: Final = "pulumi.com/skipAwait"
WAIT_FOR: Final = "pulumi.com/waitFor"
TIMEOUT_SECONDS: Final = "pulumi.com/timeoutSeconds"
REPLACE_UNREADY: Final = "pulumi.com/replaceUnready"
PATCH_FORCE: Final = "pulumi.com/patchForce"
PATCH_FIELD_MANAGER: Final = "pulumi.com/patchFieldManager"
DELETION_PROPAGATION: Final = "pulumi.com/deletionPropagationPolicy"

_DEFAULT_TIMEOUT_SECONDS: Final = 600.0


def value(obj: Mapping[str, Any], key: str) -> str:
    """The annotation's value; nothing where it is absent or not known yet."""
    metadata = obj.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    found = annotations.get(key) if isinstance(annotations, Mapping) else None
    return found if isinstance(found, str) else ""


def is_true(obj: Mapping[str, Any], key: str) -> bool:
    """Whether the annotation says "true"."""
    return value(obj, key) == "true"


def mark(obj: dict[str, Any], key: str) -> None:
    """Set the annotation to "true", unless what holds it is not known yet."""
    metadata = obj.setdefault("metadata", {})
    if isinstance(metadata, Unknown):
        return
    annotations = metadata.setdefault("annotations", {})
    if not isinstance(annotations, Unknown):
        annotations[key] = "true"


def timeout_seconds(obj: Mapping[str, Any], custom: float) -> float:
    """How long an operation may take: custom timeout, then annotation, then ten minutes."""
    if custom:
        return custom
    annotated = value(obj, TIMEOUT_SECONDS)
    return float(annotated) if annotated.isdigit() else _DEFAULT_TIMEOUT_SECONDS


def propagation(obj: Mapping[str, Any]) -> str:
    """The deletion propagation policy: foreground unless the object says otherwise."""
    chosen = value(obj, DELETION_PROPAGATION).lower()
    return {"orphan": "Orphan", "background": "Background"}.get(chosen, "Foreground")
