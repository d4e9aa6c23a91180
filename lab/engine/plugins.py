"""The lab's own plugins as the engine finds them: small launchers in a Pulumi home of the lab's.

A launcher runs a module of this clone with the Python that wrote it. The programs it starts see
nothing of the lab: no environment variable is set, and the path is changed in its process only.
"""

import hashlib
import json
import os
import shlex
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from lab.engine import cache

ROOT = Path(__file__).resolve().parents[2]

MODULES = {
    "command": "lab.engine.command",
    "random": "lab.engine.random",
    "tls": "lab.engine.tls",
    "kubernetes": "lab.engine.kubernetes",
}
"""Each provider plugin the program needs, and the module that stands in for it."""


def versions() -> dict[str, str]:
    """The version of each plugin that the installed SDK package asks the engine for."""
    return {name: version(name) for name in MODULES}


def missing() -> list[str]:
    """The plugins that are neither on PATH nor in the user's Pulumi home at the right version."""
    return [
        name
        for name, wanted in versions().items()
        if shutil.which(f"pulumi-resource-{name}") is None
        and not (_user_plugins() / f"resource-{name}-v{wanted}").exists()
    ]


def home() -> Path:
    """A Pulumi home in which every plugin is there: the user's own, and the lab's for the rest.

    It belongs to the clone and outlives its plugins: which stack is selected is kept in it.
    """
    current = cache.made(f"plugins-{_fingerprint()}", _fill)
    chosen = cache.made(f"home-{_hash(str(ROOT))}", lambda _target: None)
    link = chosen / "plugins"
    if not link.is_symlink() or link.readlink() != current:
        aside = chosen / f"plugins.aside-{os.getpid()}"
        aside.unlink(missing_ok=True)
        aside.symlink_to(current)
        aside.rename(link)
    return chosen


def programs(cli: Path) -> Path:
    """A folder for PATH: the built `pulumi` and, beside it, the language host it looks for."""

    def fill(target: Path) -> None:
        # A link would not do: the engine looks beside the file that a symbolic link names.
        try:
            os.link(cli / "pulumi", target / "pulumi")
        except OSError:  # a file system without hard links
            shutil.copy2(cli / "pulumi", target / "pulumi")
        _launcher(target / "pulumi-language-python", "lab.engine.language")

    return cache.made(f"bin-{_fingerprint(str(cli))}", fill)


def _fill(plugins: Path) -> None:
    if _user_plugins().is_dir():
        for official in _user_plugins().glob("resource-*-v*"):
            (plugins / official.name).symlink_to(official)
    lacking = missing()
    for name, wanted in versions().items():
        if name in lacking:
            folder = plugins / f"resource-{name}-v{wanted}"
            folder.mkdir()
            _launcher(folder / f"pulumi-resource-{name}", MODULES[name])


def _launcher(path: Path, module: str) -> None:
    code = (
        f"import runpy, sys; sys.path.insert(0, {str(ROOT)!r}); "
        f"runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
    )
    # -P: the program's folder, where the engine starts plugins, must not shadow their modules.
    words = [sys.executable, "-P", "-c", code]
    path.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    path.chmod(0o755)


def version(name: str) -> str:
    """The version of one plugin. The SDK package is found and not imported: that takes long."""
    spec = find_spec(f"pulumi_{name}")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"pulumi_{name} is not installed: see requirements.lock")
    described = Path(spec.origin).with_name("pulumi-plugin.json").read_text()
    return str(json.loads(described)["version"])


def _user_plugins() -> Path:
    """The plugins in the user's Pulumi home, which is not the one this module makes."""
    named = os.environ.get("PULUMI_HOME")
    chosen = Path(named) if named and not cache.holds(Path(named)) else Path.home() / ".pulumi"
    return chosen / "plugins"


def _fingerprint(*more: str) -> str:
    """What launchers depend on: another clone, Python or plugin set has its own."""
    parts = [str(ROOT), sys.executable, json.dumps(versions()), *missing(), *more]
    return _hash("\n".join(parts))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
