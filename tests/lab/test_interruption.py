"""`pulumi up` killed, and its connections cut, at different moments: the next `up` finishes."""

import time

import pytest

from tests.lab.deployment import Deployment, eventually, kill

pytestmark = pytest.mark.usefixtures("machine")
# A resource that the engine is at work on when the blow falls.
MOMENTS = (
    "cluster-prepare-s1",
    "cluster-join-s1",
    "cluster-join-a1",
    "cluster-roll-a1",
    "postgres",
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


def reached(deployment, resource):
    """Wait until the running `up` has begun `resource`, and a moment longer."""
    log = deployment.folder / "up.log"

    def begun():
        lines = log.read_text().splitlines()
        return any(f" {resource} creating" in line for line in lines)

    eventually(begun, seconds=300, pause=0.1)
    time.sleep(0.5)


def finish(deployment):
    """What an operator does next: take the dead run's lock away, and run again."""
    deployment.pulumi("cancel", "--yes", configured=False)
    deployment.up()
    assert deployment.curl("/ready")[0] == 200
    assert "SchedulingDisabled" not in deployment.kubectl("get nodes")


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_update_killed_while_it_works_is_finished_by_the_next(deployment, moment):
    up = deployment.start_up()
    reached(deployment, moment)

    kill(up)

    finish(deployment)


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_update_whose_connection_is_cut_is_finished_by_the_next(deployment, moment):
    host = deployment.lab.host("a1" if moment.endswith("a1") else "s1")
    up = deployment.start_up()
    reached(deployment, moment)

    host.run("sudo setsid sh -c 'sleep 0.2; pkill -KILL -f \"sshd: ops\"' >/dev/null 2>&1 &")

    assert up.wait(timeout=900) != 0, (deployment.folder / "up.log").read_text()
    finish(deployment)
