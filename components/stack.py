"""The whole of a stack file as one typed value. `load()` alone reads configuration and systems/."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pulumi
import yaml
from pulumi.runtime import config as runtime
from pydantic import ValidationError

from components.app import references
from components.app.spec import System
from components.base import DnsLabel, Model, SecretRef
from components.explain import explain
from components.ingress.spec import Ingress
from components.k3s import problems as host_files
from components.k3s.spec import Cluster
from components.merge import merge
from components.postgres.spec import Postgres
from components.storage.spec import Storage
from components.tls.spec import Tls

ROOT = Path(__file__).parent.parent


class Stack(Model):
    """Everything a run of the program may depend on, but for the values of secrets."""

    cluster: Cluster
    storage: Storage
    ingress: Ingress
    tls: Tls
    postgres: Postgres | None = None
    """Absent: this stack has no Postgres, and no system of it may need one."""
    systems: dict[DnsLabel, System] = {}

    @property
    def databases(self) -> list[str]:
        """Keys of the databases that the systems need."""
        return references.databases(self.systems)


class Choice(Model):
    """A system that a stack runs: which profile of its folder, and what the stack sets itself."""

    profile: DnsLabel
    set: dict[str, Any] = {}
    """An RFC 7396 merge patch over the system's base and profile."""


def load(config: pulumi.Config, root: Path = ROOT) -> Stack:
    """The selected stack, checked. Raises RunError (no traceback) with a line for each mistake."""
    prefix = f"{config.name}:"
    settings = {k.removeprefix(prefix): v for k, v in _settings().items() if k.startswith(prefix)}
    secrets = {k for k in settings if runtime.is_config_secret(prefix + k)}
    plain = {k: _parse(v) for k, v in settings.items() if k not in secrets}
    stack, mistakes = read(plain, root)
    if stack is not None:
        mistakes += undeclared_secrets(stack, secrets)
    if stack is None or mistakes:
        raise pulumi.RunError(_report(mistakes))
    return stack


def read(sections: Mapping[str, Any], root: Path) -> tuple[Stack | None, list[str]]:
    """The stack that `sections` describe (None: they describe none), and the mistakes in them."""
    systems, mistakes = _systems(sections.get("systems", {}), root / "systems")
    try:
        stack = Stack.model_validate({**sections, "systems": systems})
    except ValidationError as error:
        return None, mistakes + explain(error, Stack)
    mistakes += host_files.problems(stack.cluster, root)
    mistakes += references.problems(stack.systems, stack.postgres, stack.storage)
    return stack, mistakes


def undeclared_secrets(stack: Stack, secrets: set[str]) -> list[str]:
    """A line for each secret that `stack` refers to and that its configuration does not hold."""
    return [
        f"{path}: the secret {name} is not set; run `pulumi config set --secret {name}`"
        for path, name in _secrets(stack, "")
        if name not in secrets
    ]


def _settings() -> dict[str, str]:
    # pulumi.Config answers by key only; an unknown section can only be refused by listing them.
    return runtime.CONFIG.get() or runtime.get_config_env()


def _parse(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _systems(choices: Any, folder: Path) -> tuple[Any, list[str]]:
    """The merged data of each chosen system; what is no mapping is left for the model to refuse."""
    if not isinstance(choices, Mapping):
        return choices, []
    merged: dict[str, Any] = {}
    mistakes: list[str] = []
    for name, choice in choices.items():
        try:
            merged[name] = _system(folder / name, Choice.model_validate(choice))
        except ValidationError as error:
            mistakes += [f"systems.{name}.{line}" for line in explain(error, Choice)]
        except (OSError, ValueError, yaml.YAMLError) as error:
            mistakes.append(f"systems.{name}: {error}")
    return merged, mistakes


def _system(folder: Path, choice: Choice) -> Any:
    if not (folder / "base.yaml").is_file():
        known = sorted(path.parent.name for path in folder.parent.glob("*/base.yaml"))
        raise ValueError(f"no such system; systems/ holds {', '.join(known) or 'none'}")
    profile = folder / f"{choice.profile}.yaml"
    if not profile.is_file():
        known = sorted({path.stem for path in folder.glob("*.yaml")} - {"base"})
        raise ValueError(f"no profile {choice.profile}; {folder.name} has {', '.join(known)}")
    layers = [yaml.safe_load(p.read_text("utf-8")) for p in (folder / "base.yaml", profile)]
    merged: Any = {}
    for layer in [*layers, choice.set]:
        merged = merge(merged, layer or {})
    return merged


def _secrets(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """(path, name) of every secret that `value` refers to."""
    match value:
        case SecretRef():
            yield path, value.secret
        case Model():
            for name, field in type(value).model_fields.items():
                yield from _secrets(getattr(value, name), _join(path, field.alias or name))
        case Mapping():
            for key, item in value.items():
                yield from _secrets(item, _join(path, key))
        case list() | tuple():
            for index, item in enumerate(value):
                yield from _secrets(item, _join(path, index))


def _join(path: str, step: object) -> str:
    return f"{path}.{step}" if path else str(step)


def _report(mistakes: list[str]) -> str:
    count = f"{len(mistakes)} mistake{'s' if len(mistakes) != 1 else ''}"
    return "\n  ".join([f"{count} in the stack's configuration:", *mistakes])
