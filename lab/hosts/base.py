"""The base image: a Debian root file system all hosts of all labs share, made once."""

import hashlib
import os
import platform
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from lab import cache
from lab.hosts import machine
from lab.progress import say

RECIPE = Path(__file__).with_name("base.sh")
PROGRESS_SECONDS = 5
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
    say("base image: making it, once, from Debian packages (a minute or two)")
    command = [*CONFINED, "bash", str(RECIPE), mirror, str(target)]
    environment = os.environ | machine.apt_proxy() | {"LC_ALL": "C"}
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # Ctrl-C reaches this process, which ends the build as a whole
    ) as build:
        output = build.stdout or ()
        try:
            last = _followed(output, begun)
        except BaseException:
            build.kill()
            for _ in output:  # ends when the last process that could still write is gone
                pass
            raise
    if build.returncode:
        raise RuntimeError(f"base image: {RECIPE.name} failed:\n" + "\n".join(last))
    say(f"base image: made in {time.monotonic() - begun:.0f} s")


def _followed(output: Iterable[str], begun: float) -> list[str]:
    """Show a line of the build's output now and then; its last lines, when it has ended."""
    shown, last = begun, list[str]()
    for line in output:
        last = [*last[-9:], line.rstrip()]
        if time.monotonic() - shown > PROGRESS_SECONDS:
            shown = time.monotonic()
            say(f"base image: {shown - begun:3.0f} s  {last[-1].removeprefix('I: ')}")
    return last
