"""`pulumi up` killed, and its connections cut, at different moments: the next `up` finishes."""

import time

import pytest

from tests.lab.deployment import Deployment, eventually, kill

pytestmark = pytest.mark.usefixtures("machine")
# What the engine is at work on when the blow falls, and how many seconds it has been.
KILLED_AT = (
    ("cluster-prepare-s1", 0.5),
    ("cluster-join-s1", 2),
    ("cluster-join-a1", 2),
    ("cluster-roll-a1", 0.3),
    ("postgres", 0.5),
)
CUT_AT = (
    ("cluster-prepare-s1", 0.5),
    ("cluster-prepare-a1", 1),
    ("cluster-join-s1", 0.5),
    ("cluster-join-s1", 3),
    ("cluster-join-a1", 2),
)


@pytest.fixture(scope="module")
def lab(lab_of):
    return lab_of(servers=1, agents=1)


@pytest.fixture
def deployment(lab, tmp_path):
    yield (made := Deployment(lab, tmp_path))
    made.pulumi("destroy", "--yes", "--skip-preview", check=False)
    for host in lab.hosts:
        host.refresh()
        host.boot()


def reached(deployment, resource, seconds):
    """Wait until the running `up` has begun `resource`, and so many seconds longer."""
    log = deployment.folder / "up.log"

    def begun():
        lines = log.read_text().splitlines()
        return any(f" {resource} creating" in line for line in lines)

    eventually(begun, seconds=300, pause=0.1)
    time.sleep(seconds)


def finish(deployment):
    """What an operator does next: take the dead run's lock away, and run again."""
    deployment.pulumi("cancel", "--yes", configured=False)
    deployment.up()
    eventually(lambda: deployment.curl("/ready")[0] == 200, seconds=30)
    assert "SchedulingDisabled" not in deployment.kubectl("get nodes")


@pytest.mark.parametrize(("resource", "seconds"), KILLED_AT)
def test_an_update_killed_while_it_works_is_finished_by_the_next(deployment, resource, seconds):
    up = deployment.start_up()
    reached(deployment, resource, seconds)

    kill(up)

    finish(deployment)


@pytest.mark.parametrize(("resource", "seconds"), CUT_AT)
def test_an_update_whose_connection_is_cut_is_finished_by_the_next(deployment, resource, seconds):
    host = deployment.lab.host(resource.rsplit("-", 1)[-1])
    up = deployment.start_up()
    reached(deployment, resource, seconds)

    host.run("sudo setsid sh -c 'sleep 0.2; pkill -KILL -f \"sshd: ops\"' >/dev/null 2>&1 &")

    assert up.wait(timeout=900) != 0, (deployment.folder / "up.log").read_text()
    finish(deployment)
