"""Helm releases as Pulumi resources: `kubernetes:helm.sh/v3:Release`."""

import secrets
from collections.abc import Mapping
from typing import Any, Final

import yaml

from lab.engine.kubernetes import chart, difference, helm, objects, release_values
from lab.engine.kubernetes.handling import Handling
from lab.engine.kubernetes.paths import Path
from lab.engine.properties import UNKNOWN, Properties, Secret, holds_unknown, reveal
from lab.engine.provider import (
    Checked,
    Difference,
    Failure,
    Found,
    InitializationError,
    ProviderError,
    Request,
)

RELEASE: Final = "kubernetes:helm.sh/v3:Release"

_OUTPUTS: Final = ("resourceNames", "status")
_TIMEOUT_SECONDS: Final = 300
_NAME_BYTES: Final = 4
_IDENTITY: Final[tuple[Path, ...]] = (("name",), ("namespace",))


class HelmRelease(Handling):
    """One Helm release in a cluster."""

    def check(self, request: Request) -> Checked:
        """The inputs with name, namespace, timeout and the chart's exact version."""
        if self.is_skipped():
            return Checked(request.old_inputs)
        inputs = {
            key: value
            for key, value in request.inputs.items()
            if key not in _OUTPUTS and value not in (None, "", False)
        }
        release_values.refuse_unknown_options(inputs)
        inputs.setdefault("name", self._name(request))
        inputs.setdefault("namespace", self.cluster.namespace)
        if not inputs.get("skipAwait"):
            inputs.setdefault("timeout", _TIMEOUT_SECONDS)
        inputs = release_values.merged(inputs)
        if holds_unknown(inputs):
            return Checked(inputs)
        try:
            inputs["version"] = chart.version(reveal(inputs))
        except chart.ChartError as error:
            reason = f"{error}; check the chart name and repository configuration"
            return Checked(inputs, [Failure("chart", reason)])
        return Checked(inputs)

    def diff(self, request: Request) -> Difference:
        """What differs between the release as last seen and its inputs."""
        before = reveal(request.state.get(objects.INPUTS) or {})
        old = objects.pruned(reveal(request.state), before)
        new = {key: value for key, value in reveal(request.inputs).items() if key not in _OUTPUTS}
        found = difference.compare(old, new, replacing=_IDENTITY)
        found = difference.without(found, request.ignore_changes)
        return Difference(
            changed=difference.top_level(found),
            replaces=[path for path, how in found.items() if how in difference.REPLACEMENTS],
            detailed=found,
        )

    def create(self, request: Request) -> tuple[str, Properties]:
        """The installed release. A preview installs nothing and asks no cluster."""
        if request.preview:
            return "", _state(request.inputs, dict.fromkeys(_OUTPUTS, UNKNOWN))
        identity = _identity(request.inputs)
        return identity, self._apply("install", request, identity)

    def update(self, request: Request) -> Properties:
        """The upgraded release."""
        if request.preview:
            return _state(request.inputs, dict.fromkeys(_OUTPUTS, UNKNOWN))
        return self._apply("upgrade", request, _identity(request.inputs))

    def read(self, request: Request) -> Found | None:
        """The release's status and values, None when it is not installed."""
        if self.cluster.api is None:
            return self._read_unreachable(request)
        namespace, name = objects.split_identity(request.id)
        found = self._run("status", {"namespace": namespace, "name": name})
        if found is None:
            return None
        inputs = reveal(request.inputs) if objects.INPUTS in request.state else {}
        if not inputs:
            inputs = {"name": name, "namespace": namespace, "chart": found["chart_name"]}
            inputs |= {"version": found["chart_version"], "values": found["config"] or {}}
            inputs |= {"timeout": _TIMEOUT_SECONDS}
        objects.hide(inputs, request.inputs)
        state = _state(inputs, _outputs(found))
        live = {"version": found["chart_version"]}
        live["values"] = release_values.overlaid(reveal(inputs).get("values"), found["config"])
        objects.hide(live, request.inputs)
        return Found(id=request.id, state=state | live, inputs=inputs)

    def delete(self, request: Request) -> None:
        """Uninstall, and wait until the release's objects are gone unless told not to."""
        if self.cluster.api is None:
            raise ProviderError(
                "can't delete Helm Release with unreachable cluster. "
                f'Reason: "{self.cluster.unreachable}"'
            )
        release = reveal(request.state)
        options: dict[str, Any] = {}
        if release.get("atomic") or not release.get("skipAwait"):
            options = {"wait": "legacy", "timeout": int(release.get("timeout") or _TIMEOUT_SECONDS)}
        target = {"namespace": release["namespace"], "name": release["name"], "options": options}
        answer = self._run("uninstall", target)
        if answer.get("info"):
            self.warn(f"Helm uninstall returned information: {answer['info']!r}")

    def _apply(self, action: str, request: Request, identity: str) -> Properties:
        if self.cluster.api is None:
            verb = {"install": "create", "upgrade": "update"}[action]
            raise ProviderError(
                f"can't {verb} Helm Release with unreachable cluster: {self.cluster.unreachable}"
            )
        release = reveal(request.inputs)
        target = {key: release[key] for key in ("namespace", "name", "chart")}
        target["values"] = release.get("values") or {}
        target["options"] = release_values.options(action, release)
        self.say(f"helm {action} {identity}")
        try:
            made = self._run(action, target)
        except ProviderError as error:
            self._tell_half_made(request, identity, error)
            raise
        return _state(request.inputs, _outputs(made))

    def _tell_half_made(self, request: Request, identity: str, error: ProviderError) -> None:
        """Record a release that failed and is there; one that is not there was never made."""
        namespace, name = objects.split_identity(identity)
        found = self._run("status", {"namespace": namespace, "name": name})
        if found is None or "cannot reuse a name" in str(error):
            return
        self.warn(
            f"Helm release {name!r} was created but has a failed status. Use the `helm` command to "
            f"investigate the error, correct it, then retry. Reason: {error}"
        )
        reason = (
            f'Helm release "{identity}" failed to initialize completely. Use Helm CLI to '
            f"investigate: failed to become available within allocated timeout. Error: {error}"
        )
        state = _state(request.inputs, _outputs(found))
        raise InitializationError(
            [reason], identity=identity, state=state, inputs=request.inputs
        ) from error

    def _run(self, action: str, target: Mapping[str, Any]) -> Any:
        where = {"kubeconfig": yaml.safe_dump(dict(self.cluster.kubeconfig))}
        request = {**where, "context": self.cluster.context, **target}
        # A look at a release is part of the cleaning up: it is not cancelled.
        cancelled = None if action == "status" else self.cancelled
        try:
            return helm.run(action, request, cancelled)
        except helm.HelmFailedError as error:
            raise ProviderError(f"helm {action} {target['name']}: {error}") from error

    def _name(self, request: Request) -> str:
        former = reveal(request.old_inputs.get("name"))
        return str(former or f"{request.name}-{secrets.token_hex(_NAME_BYTES)}")

    def _read_unreachable(self, request: Request) -> Found | None:
        if self.cluster.settings.delete_unreachable:
            return None
        if self.is_skipped():
            return Found(id=request.id, state=request.state, inputs=request.inputs)
        raise ProviderError(
            "configured Kubernetes cluster is unreachable; the release cannot be read: "
            f"{self.cluster.unreachable}"
        )


def _identity(inputs: Properties) -> str:
    plain = reveal(inputs)
    return f"{plain['namespace']}/{plain['name']}"


def _state(inputs: Properties, outputs: Properties) -> Properties:
    return {**inputs, **outputs, objects.INPUTS: Secret(inputs)}


def _outputs(found: Mapping[str, Any]) -> Properties:
    status = {
        "name": found["name"],
        "namespace": found["namespace"],
        "revision": found["revision"],
        "status": found["status"],
        "chart": found["chart_name"],
        "version": found["chart_version"],
        "appVersion": found.get("app_version") or "",
    }
    return {"status": status, "resourceNames": release_values.resource_names(found["manifest"])}
