"""The base image: a Debian root file system all hosts of all labs share, made once."""

import hashlib
import os
import platform
import subprocess
import time
from pathlib import Path

from lab import cache
from lab.hosts import machine

RECIPE = Path(__file__).with_name("base.sh")
# Whoever kills this process kills the build, and the build's mounts go with it.
CONFINED = [
    *("setpriv", "--pdeathsig", "KILL"),
    *("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
]


def path() -> Path:
    """The directory the base image has, or would have, by its recipe."""
    recipe = RECIPE.read_bytes() + platform.machine().encode()
    return cache.root() / f"base-{hashlib.sha256(recipe).hexdigest()[:12]}"


def image() -> Path:
    """The base image; made now if there is none, which takes a minute or two."""
    return cache.made(path(), _build)


def _build(target: Path) -> None:
    mirror = machine.debian_mirror()
    begun = time.monotonic()
    machine.say("base image: making it, once, from Debian packages (a minute or two)")
    command = [*CONFINED, "bash", str(RECIPE), mirror, str(target)]
    environment = os.environ | machine.apt_proxy() | {"LC_ALL": "C"}
    last: list[str] = []
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as build:
        shown = begun
        for line in build.stdout or ():
            last = [*last[-9:], line.rstrip()]
            if time.monotonic() - shown > 5:  # noqa: PLR2004
                shown = time.monotonic()
                machine.say(f"base image: {shown - begun:3.0f} s  {last[-1].removeprefix('I: ')}")
    if build.returncode:
        raise RuntimeError(f"base image: {RECIPE.name} failed:\n" + "\n".join(last))
    machine.say(f"base image: made in {time.monotonic() - begun:.0f} s")
