"""What goes into a Helm release and comes out of it: values, options, the names of its objects."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from lab.engine.kubernetes import objects
from lab.engine.properties import Properties, Source, holds_unknown, reveal
from lab.engine.provider import ProviderError

# The resource's inputs, and Helm's words for them.
_BOTH: Final = {
    "atomic": "rollback_on_failure",
    "description": "description",
    "disableOpenapiValidation": "disable_openapi_validation",
    "namespace": "namespace",
    "renderSubchartNotes": "sub_notes",
    "timeout": "timeout_seconds",
    "waitForJobs": "wait_for_jobs",
}
_OPTIONS: Final = {
    "install": _BOTH
    | {
        "createNamespace": "create_namespace",
        "disableWebhooks": "disable_hooks",
        "replace": "replace",
        "skipCrds": "skip_crds",
    },
    "upgrade": _BOTH
    | {
        "cleanupOnFail": "cleanup_on_fail",
        "disableCRDHooks": "disable_hooks",
        "maxHistory": "max_history",
        "resetValues": "reset_values",
        "reuseValues": "reuse_values",
    },
}
_ELSEWHERE: Final = frozenset(
    {"allowNullValues", "chart", "compat", "lint", "name", "repositoryOpts", "skipAwait"}
    | {"valueYamlFiles", "values", "version"}
)


def refuse_unknown_options(inputs: Properties) -> None:
    """ProviderError for an input that the lab's Helm cannot honour, rather than leave it out."""
    known = _ELSEWHERE | _OPTIONS["install"].keys() | _OPTIONS["upgrade"].keys()
    unknown = sorted(inputs.keys() - known)
    if unknown:
        raise ProviderError(
            f"Release: the lab's kubernetes plugin does not honour {', '.join(unknown)}; leave it "
            "out or put the official plugin on PATH"
        )


def options(action: str, release: Mapping[str, Any]) -> dict[str, Any]:
    """The options of `helm install` or `helm upgrade` for a release's inputs."""
    words = _OPTIONS[action]
    chosen = {words[key]: value for key, value in release.items() if key in words}
    # As Helm 3, which the official plugin has in it: its way to wait, no server-side apply.
    chosen["wait"] = "hookOnly" if release.get("skipAwait") else "legacy"
    chosen["server_side_apply"] = False if action == "install" else "false"
    if release.get("skipAwait"):
        chosen.pop("wait_for_jobs", None)
    if not Path(str(release["chart"])).exists():
        chosen["chart_version"] = release.get("version")
        chosen["chart_repo_url"] = (release.get("repositoryOpts") or {}).get("repo")
    return {key: value for key, value in chosen.items() if value is not None}


def merged(inputs: Properties) -> Properties:
    """The inputs with the values of `valueYamlFiles` under `values`, which win."""
    files = inputs.get("valueYamlFiles")
    if not files or holds_unknown(files) or holds_unknown(inputs.get("values")):
        return inputs
    values: dict[str, Any] = {}
    for one in reveal(files):
        values = overlaid(values, _content(one))
    values = overlaid(values, reveal(inputs.get("values")))
    rest = {key: value for key, value in inputs.items() if key != "valueYamlFiles"}
    outcome: Properties = rest | {"values": values}
    objects.hide(outcome, inputs)
    return outcome


def overlaid(values: Mapping[str, Any] | None, over: Mapping[str, Any] | None) -> dict[str, Any]:
    """The values with others laid over them: mappings are merged, all else is replaced."""
    outcome = dict(values or {})
    for key, value in (over or {}).items():
        both = isinstance(value, Mapping) and isinstance(outcome.get(key), Mapping)
        outcome[key] = overlaid(outcome[key], value) if both else value
    return outcome


def resource_names(manifest: str) -> dict[str, list[str]]:
    """The names of the objects in a manifest by `Kind.group/apiVersion`, with their namespaces."""
    names: dict[str, set[str]] = {}
    for obj in yaml.safe_load_all(manifest):
        if not isinstance(obj, dict) or not obj.get("kind"):
            continue
        group = str(obj["apiVersion"]).rpartition("/")[0]
        kind = f"{obj['kind']}.{group}" if group else obj["kind"]
        names.setdefault(f"{kind}/{obj['apiVersion']}", set()).add(objects.identity(obj))
    return {key: sorted(found) for key, found in sorted(names.items())}


def _content(one: Any) -> dict[str, Any]:
    if not isinstance(one, Source) or one.archive:
        raise ProviderError("Release: valueYamlFiles takes assets (FileAsset, StringAsset)")
    text = Path(one.path).read_text() if one.path else one.text or ""
    found = yaml.safe_load(text) or {}
    if not isinstance(found, dict):
        raise ProviderError(f"Release: {one.path or 'a values asset'} holds no mapping of values")
    return found
