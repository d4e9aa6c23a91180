"""Labs for tests, each with a random name and subnet, and always gone at the end."""

import atexit
import os
import shutil
import signal

import pytest

from tests.lab.labs import new_lab, owned, remove_abandoned


def _interrupt(number, frame):
    raise KeyboardInterrupt


@pytest.fixture(scope="session")
def machine():
    """Skips where no lab can be; and whatever ends this run, its labs are removed."""
    if os.geteuid() != 0:
        pytest.skip("a lab needs root")
    if not shutil.which("systemd-nspawn") and not shutil.which("apt-get"):
        pytest.skip("a lab needs systemd-nspawn, and this machine has no apt-get to install it")
    remove_abandoned()
    before = {n: signal.signal(n, _interrupt) for n in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="module")
def lab_of(machine):
    """Makes labs with so many hosts; they live as long as the module's tests."""
    made = []

    def make(*, servers=1, agents=0, **options):
        made.append(owned(new_lab()))
        atexit.register(made[-1].down)
        made[-1].up(servers, agents, **options)
        return made[-1]

    yield make
    for lab in made:
        lab.down()
        atexit.unregister(lab.down)


@pytest.fixture
def s1(lab):
    return lab.host("s1")


@pytest.fixture
def a1(lab):
    return lab.host("a1")
