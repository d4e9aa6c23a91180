"""What has to be in the environment for `pulumi` to run this project on this machine."""

import os
import shutil
import sys
from pathlib import Path

from lab.engine import build, cache, plugins, release


def environment() -> dict[str, str]:
    """The variables to set, PATH among them. Makes the engine available first, which may take long.

    What the caller has set already, a backend or a passphrase, is left as it is.
    """
    directories, is_official = _programs()
    variables = {"PULUMI_SKIP_UPDATE_CHECK": "true"} | _plugin_variables(is_official=is_official)
    variables |= _state_variables(Path(variables.get("PULUMI_HOME") or Path.home() / ".pulumi"))
    path = [str(folder) for folder in (Path(sys.executable).parent, *directories)]
    present = os.environ.get("PATH", os.defpath).split(os.pathsep)
    variables["PATH"] = os.pathsep.join(dict.fromkeys([*path, *present]))
    return variables


def directories() -> list[Path]:
    """The folders that hold the engine's programs, for PATH. Empty when they are on it already."""
    return _programs()[0]


def _programs() -> tuple[list[Path], bool]:
    """Where the programs lie, and whether they are Pulumi's own."""
    found = shutil.which("pulumi")
    if found is not None and not cache.holds(Path(found)):
        _say(f"pulumi is {found}")
        return [], True
    if not build.is_built():
        try:
            folder = cache.made(f"release-v{release.VERSION}", release.download)
        except release.UnreachableError as error:
            _say(f"the official release cannot be downloaded ({error})")
        else:
            _say(f"pulumi is the official release, in {folder}")
            return [folder], True
    folder = plugins.programs(build.built())
    _say(f"pulumi v{release.VERSION} is built from its module, in {folder}")
    return [folder], False


def _plugin_variables(*, is_official: bool) -> dict[str, str]:
    """Official plugins where they are or can be had; the lab's for those that cannot."""
    lacking = plugins.missing()
    if not lacking:
        return {}
    known = plugins.versions()
    if is_official and all(release.has_plugin(name, known[name]) for name in lacking):
        _say(f"the engine downloads its plugins: {', '.join(lacking)}")
        return {}
    home = plugins.home()
    _say(f"the lab's own plugins stand in for {', '.join(lacking)}, in {home}")
    return {
        "PULUMI_HOME": str(home),
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }


def _state_variables(home: Path) -> dict[str, str]:
    """A backend and a passphrase for whoever has none: a folder of the clone that git ignores.

    The passphrase is empty: what the lab's stacks keep secret opens this machine's lab, no more.
    It is given as a file, so that whoever names a file or a phrase of his own later has that one.
    """
    variables = {}
    state = plugins.ROOT / ".lab" / "state"
    if "PULUMI_BACKEND_URL" not in os.environ and not (home / "credentials.json").exists():
        state.mkdir(parents=True, exist_ok=True)
        variables["PULUMI_BACKEND_URL"] = f"file://{state}"
    if not {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"} & os.environ.keys():
        state.mkdir(parents=True, exist_ok=True)
        (state / "passphrase").touch()
        variables["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(state / "passphrase")
    return variables


def _say(text: str) -> None:
    sys.stderr.write(f"engine: {text}\n")
