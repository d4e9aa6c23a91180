"""Labs of the tests' own: each with a random name and subnet, and always gone at the end."""

import atexit
import os
import random
import shutil
import signal
import string

import pytest

from lab.hosts import Lab, layout, machine, network, processes

PARENT = layout.REPOSITORY / ".lab"
OWNER = "owner.pid"


def new_lab():
    """A lab that is not made yet, with a name and a subnet nothing on this machine has."""
    letters = random.choices(string.ascii_lowercase + string.digits, k=5)
    used = {a["local"].rsplit(".", 1)[0] for link in network.links().values()
            for a in link["addr_info"] if a["family"] == "inet"}  # fmt: skip
    free = [n for n in range(1, 255) if f"10.214.{n}" not in used]
    return Lab("t" + "".join(letters), f"10.214.{random.choice(free)}.0/24")


def owned(lab):
    """Write down which process the lab is for, so that a later run can remove what a kill left."""
    lab.place.directory.mkdir(parents=True)
    processes.record(lab.place.directory / OWNER, os.getpid())
    return lab


def remove_abandoned():
    """Remove labs of test runs that were killed."""
    for owner in PARENT.glob(f"t*/{OWNER}"):
        if processes.running(owner) is None:
            subnet = layout.recorded_subnet(owner.parent) or "10.214.255.0/24"
            Lab(owner.parent.name, subnet).down()


def _interrupt(number, frame):
    raise KeyboardInterrupt


@pytest.fixture(scope="session")
def machine_is_fit():
    """Skips where no lab can be; and whatever ends this run, its labs are removed."""
    if os.geteuid() != 0:
        pytest.skip("a lab needs root")
    if not shutil.which("systemd-nspawn") and not shutil.which("apt-get"):
        pytest.skip("a lab needs systemd-nspawn, and this machine has no apt-get to install it")
    remove_abandoned()
    before = {n: signal.signal(n, _interrupt) for n in (signal.SIGTERM, signal.SIGHUP)}
    yield machine
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session", name="machine")
def _machine(machine_is_fit):
    return machine_is_fit


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
def unmade(machine):
    """A lab that is not made yet; the test makes it, and it is gone afterwards."""
    lab = owned(new_lab())
    atexit.register(lab.down)
    yield lab
    lab.down()
    atexit.unregister(lab.down)
