"""The provider's own configuration, as the SDK sends it or the environment sets it."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lab.engine.properties import Properties, Unknown, holds_unknown, reveal
from lab.engine.provider import Difference

IDENTIFIER: Final = "clusterIdentifier"
_SELECTORS: Final = ("kubeconfig", "context", "cluster")


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What a program may set on `kubernetes.Provider`, with the real plugin's defaults."""

    server_side_apply: bool
    config_map_mutable: bool
    secret_mutable: bool
    patch_force: bool
    upsert_existing: bool
    delete_unreachable: bool
    skip_update_unreachable: bool

    @classmethod
    def of(cls, arguments: Properties) -> "Settings":
        """The settings out of the provider's arguments, then out of the environment."""

        def flag(name: str, variable: str, *, default: bool = False) -> bool:
            value = reveal(arguments.get(name))
            if value is None:
                value = os.environ.get(variable)
            return default if value is None else str(value).lower() == "true"

        return cls(
            server_side_apply=flag(
                "enableServerSideApply", "PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY", default=True
            ),
            config_map_mutable=flag(
                "enableConfigMapMutable", "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE"
            ),
            secret_mutable=flag("enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE"),
            patch_force=flag("enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE"),
            upsert_existing=flag("upsertExistingObjects", "PULUMI_K8S_UPSERT_EXISTING_OBJECTS"),
            delete_unreachable=flag("deleteUnreachable", "PULUMI_K8S_DELETE_UNREACHABLE"),
            skip_update_unreachable=flag(
                "skipUpdateUnreachable", "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE"
            ),
        )


def structured(arguments: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A setting that is an object: the SDK sends it as JSON."""
    value = reveal(arguments.get(name))
    if isinstance(value, str):
        value = json.loads(value) if value else {}
    return value if isinstance(value, dict) else {}


def difference(old: Properties, new: Properties, *, clusters: tuple[Any, Any] | None) -> Difference:
    """What a change of the provider's configuration means.

    clusters: the active cluster before and now, None where it cannot be told. Another cluster
    replaces everything on it, unless the same identifier vouches that it is the same one.
    """
    old, new = reveal(old), reveal(new)
    keys = sorted(old.keys() | new.keys())
    changed = [key for key in keys if holds_unknown(new.get(key)) or old.get(key) != new.get(key)]
    if not changed:
        return Difference()
    identifier = new.get(IDENTIFIER)
    if identifier and identifier == old.get(IDENTIFIER):
        return Difference(changed=changed)
    replaces = [IDENTIFIER] if identifier and old.get(IDENTIFIER) else []
    unknown = next((key for key in _SELECTORS if isinstance(new.get(key), Unknown)), None)
    if unknown:
        return Difference(changed=[unknown], replaces=[*replaces, unknown])
    if clusters and None not in clusters and clusters[0] != clusters[1]:
        replaces += [key for key in _SELECTORS if key in changed]
    return Difference(changed=changed, replaces=replaces)
