"""Labs of the tests' own: names and subnets nothing on this machine has, and what hosts say."""

import os
import random
import string

from lab.hosts import Lab, layout, network, processes

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


def said(host, command, **options):
    """What a command that has to succeed printed on a host."""
    done = host.run(command, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
