"""A lab leaves nothing on the machine, however its commands end."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lab.hosts import cgroups, layout, machine, network
from tests.lab.deployment import eventually
from tests.lab.labs import new_lab

pytestmark = pytest.mark.usefixtures("machine")
# From before the first file to when the hosts have been up for a moment.
MOMENTS = [random.uniform(0.1, 1.8) for _ in range(8)]


def command(lab, *arguments):
    options = ["--name", lab.place.name, "--subnet", str(lab.place.subnet)]
    options += ["--no-k3s"] if arguments[0] == "up" else []
    return [sys.executable, "-m", "lab", arguments[0], *options, *arguments[1:]]


def start(lab, *arguments):
    """One of the lab's commands, as a shell would start it."""
    return subprocess.Popen(
        command(lab, *arguments),
        cwd=layout.REPOSITORY,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(lab, *arguments):
    with start(lab, *arguments) as process:
        _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    return said


def traces(lab):
    """Everything on this machine that names the lab."""
    place = lab.place
    mine = {str(os.getpid()), "self", "thread-self"}
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            text = (process / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if process.name not in mine and str(place.directory) in text:
            found.append(f"process {process.name}: {text}")
    for mounts in Path("/proc").glob("[0-9]*/mountinfo"):
        try:
            lines = mounts.read_text().splitlines()
        except OSError:
            continue
        found += [f"mount {line} in {mounts}" for line in lines if str(place.directory) in line]
    names = (place.bridge, network.port(place, ""))
    found += [f"interface {name}" for name in network.links() if name.startswith(names)]
    found += [f"control group {group}" for group in cgroups.groups(place.bridge)]
    found += [
        f"file {path}" for path in [place.directory, *place.directory.rglob("*")] if path.exists()
    ]
    found += [f"file {path}" for path in Path("/run/systemd").rglob(f"*{place.name}-*")]
    return found


@pytest.fixture
def lab(machine):
    yield (made := new_lab())
    made.down()


def test_down_leaves_nothing_and_says_what_it_removed(lab):
    limit = machine.INSTANCES.read_text()
    finish(lab, "up", "--servers", "1", "--agents", "1")
    assert traces(lab), "what is looked for is there while the lab is"

    said = finish(lab, "down")

    assert traces(lab) == []
    assert machine.INSTANCES.read_text() == limit
    for trace in ("process", "interface", "control groups", "directory"):
        assert f"removed {trace}" in said or f"{trace}" in said


def test_down_of_a_lab_that_is_not_there_says_so(lab):
    assert "nothing to remove" in finish(lab, "down")


@pytest.mark.parametrize("seconds", MOMENTS, ids="{:.2f}s".format)
def test_down_removes_what_a_killed_up_left(lab, seconds):
    with start(lab, "up") as process:
        time.sleep(seconds)
        process.kill()

    finish(lab, "down")

    time.sleep(0.5)
    assert traces(lab) == []


@pytest.mark.parametrize("seconds", MOMENTS[::2], ids="{:.2f}s".format)
def test_up_finishes_what_a_killed_up_began(lab, seconds):
    with start(lab, "up") as process:
        time.sleep(seconds)
        process.kill()

    finish(lab, "up")

    assert [host.answers() for host in lab.hosts] == [True, True]


@pytest.mark.parametrize("seconds", MOMENTS[::2], ids="{:.2f}s".format)
def test_an_interrupted_up_takes_back_what_it_began(lab, seconds):
    with start(lab, "up", "--agents", "3") as process:
        eventually(lab.place.directory.exists, 30, 0.01)
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)

    if process.returncode:
        assert process.returncode == 130, said
        assert "Traceback" not in said
        assert traces(lab) == []
    else:
        assert len(lab.hosts) == 4, "it was done before the signal came"


def test_an_interrupted_growth_leaves_the_hosts_there_were(lab):
    finish(lab, "up")
    before = [host.pid for host in lab.hosts]

    with start(lab, "up", "--agents", "4") as process:
        eventually((lab.place.hosts / "a2").exists, 30, 0.01)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)

    assert process.returncode == 130, said
    assert [host.name for host in lab.hosts] == ["s1", "a1"]
    assert [host.pid for host in lab.hosts] == before
    assert len(lab.place.known_hosts.read_text().splitlines()) == 2


def test_down_works_without_the_labs_own_records(lab):
    finish(lab, "up")
    for record in (lab.place.directory / "lab.json", *lab.place.directory.rglob("*pid")):
        record.unlink()

    finish(lab, "down")

    assert traces(lab) == []


def test_down_removes_frozen_and_cut_off_hosts(lab):
    finish(lab, "up")
    lab.host("s1").freeze()
    lab.host("a1").cut()

    finish(lab, "down")

    assert traces(lab) == []


def test_a_second_up_of_a_lab_at_the_same_time_is_refused(lab):
    with start(lab, "up") as first:
        eventually(lab.place.directory.exists, 30, 0.01)
        second = subprocess.run(
            command(lab, "up"), cwd=layout.REPOSITORY, capture_output=True, text=True, check=False
        )
        _, said = first.communicate(timeout=60)

    assert first.returncode == 0, said
    assert second.returncode == 1
    assert "another up or down of it is at work" in second.stderr


def test_a_lab_of_the_same_name_in_another_clone_is_left_alone(lab, tmp_path):
    finish(lab, "up", "--agents", "0")
    theirs = type(lab)(lab.place.name, str(lab.place.subnet), tmp_path)

    with pytest.raises(RuntimeError, match="has a lab of that name already, kept in"):
        theirs.down()

    assert lab.host("s1").answers()


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        (["--name", "Dev"], "a name is a letter and up to 6 letters or digits"),
        (["--name", "longname"], "a name is a letter and up to 6 letters or digits"),
        (["--subnet", "10.214.0.0/16"], "a private network of /24"),
        (["--subnet", "198.51.100.0/33"], "is not a valid netmask; give one like 10.213.0.0/24"),
        (["--subnet", "8.8.8.0/24"], "a private network of /24"),
        (["--servers", "11"], "a lab has from 0 to 10 of them"),
        (["--agents", "-1"], "a lab has from 0 to 200 of them"),
    ],
)
def test_a_wrong_request_is_refused_before_anything_is_made(arguments, rule):
    before = network.links().keys()

    done = subprocess.run(
        [sys.executable, "-m", "lab", "up", "--name", "twrong", *arguments],
        cwd=layout.REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert rule in done.stderr
    assert "Traceback" not in done.stderr
    assert network.links().keys() == before
