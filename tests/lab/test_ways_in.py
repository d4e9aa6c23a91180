"""The other ways to hosts and to K3s: a bastion, a key kept as a secret, an agent, a folder."""

import json
import re
import subprocess

import pytest

from lab import cache
from tests.lab.deployment import Deployment

pytestmark = pytest.mark.usefixtures("machine")


@pytest.fixture(scope="module")
def deployed(lab_of, tmp_path_factory):
    """A server alone, reached through a host that is none of the cluster's; files from a folder."""
    lab = lab_of(servers=1, agents=1)
    cluster = {
        "nodes": {"a1": None},
        "ssh": {
            "auth": {"kind": "key", "path": None, "privateKey": {"secret": "sshKey"}},
            "bastion": {"host": lab.host("a1").address, "user": "ops"},
        },
        "artifacts": {"kind": "folder", "url": None, "path": str(cache.root() / "mirror/k3s")},
    }
    patch = {"groundwork:cluster": cluster, "groundwork:postgres": None, "groundwork:systems": {}}
    deployment = Deployment(lab, tmp_path_factory.mktemp("ways"), patch)
    deployment.sections["groundwork:systems"] = {}
    deployment.change()
    key = lab.place.private_key.read_text()
    deployment.pulumi("config", "set", "--secret", "sshKey", stdin=key)
    deployment.sections["groundwork:sshKey"] = deployment.written()["groundwork:sshKey"]
    deployment.up()
    return deployment


def logins(deployed, host):
    journal = "sudo journalctl --unit ssh --grep 'Accepted publickey' --quiet --output cat"
    return deployed.lab.host(host).run(journal).stdout


def test_a_server_behind_a_bastion_comes_up_from_a_folder_of_files(deployed):
    nodes = json.loads(deployed.kubectl("get nodes -o json"))["items"]
    bastion = deployed.lab.host("a1").address

    assert [n["metadata"]["name"] for n in nodes] == ["s1"]
    assert f"from {bastion} " in logins(deployed, "s1"), "nobody came through the bastion"
    assert deployed.lab.host("a1").run("ls /usr/local/bin/k3s").returncode != 0


def test_a_key_that_is_a_secret_is_in_no_plaintext(deployed):
    lines = deployed.lab.place.private_key.read_text().splitlines()

    assert lines[2] not in deployed.state()
    assert lines[2] not in deployed.file.read_text()


def test_an_agent_takes_the_place_of_a_key_and_nothing_restarts(deployed):
    started = "systemctl show -P ActiveEnterTimestamp k3s"
    before = deployed.lab.host("s1").run(started).stdout
    said = subprocess.run(["ssh-agent", "-s"], check=True, capture_output=True, text=True).stdout
    agent = dict(re.findall(r"(SSH_\w+)=([^;]+);", said))
    deployed.environment |= agent
    try:
        subprocess.run(
            ["ssh-add", deployed.lab.place.private_key],
            env=deployed.environment, check=True, capture_output=True,
        )  # fmt: skip
        deployed.change(ssh={"auth": {"kind": "agent", "privateKey": None}})

        deployed.up()
        after = deployed.lab.host("s1").run(started).stdout
        deployed.pulumi("destroy", "--yes", "--skip-preview")
    finally:
        subprocess.run(["ssh-agent", "-k"], env=deployed.environment, check=True)

    assert before.strip() == after.strip() != ""
    assert deployed.lab.host("s1").run("ls /usr/local/bin/k3s").returncode != 0
