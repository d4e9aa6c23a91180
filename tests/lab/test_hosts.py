"""Hosts of a lab behave like machines: reached by their keys, cut off, frozen, switched off."""

import json
import subprocess

import pytest

from lab.hosts import status
from tests.lab.deployment import eventually
from tests.lab.labs import said

pytestmark = pytest.mark.usefixtures("machine")


@pytest.fixture(scope="module")
def lab(lab_of):
    return lab_of(servers=1, agents=1, k3s=())


def reaches(host, other):
    return host.run(f"ping -c 1 -W 1 {other.address}").returncode == 0


def test_a_host_is_a_debian_of_its_own_with_a_sudo_user(lab, s1, a1):
    assert said(s1, "hostname; whoami; sudo -n whoami") == "s1\nops\nroot"
    assert said(s1, "cat /etc/machine-id") != said(a1, "cat /etc/machine-id")
    assert said(s1, "systemctl is-system-running") == "running"
    assert s1.address.endswith(".11")
    assert a1.address.endswith(".21")


def test_hosts_have_keys_of_their_own_and_all_are_in_known_hosts(lab, s1, a1):
    lines = [line.split() for line in lab.place.known_hosts.read_text().splitlines()]

    assert [line[0] for line in lines] == [s1.address, a1.address]
    assert len({line[2] for line in lines}) == 2


def test_another_key_is_refused(lab, s1, tmp_path):
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    options = [f"-oUserKnownHostsFile={lab.place.known_hosts}", "-oIdentitiesOnly=yes"]

    done = subprocess.run(
        ["ssh", "-F", "none", "-oBatchMode=yes", "-i", key, *options, f"ops@{s1.address}", "true"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 255
    assert "Permission denied" in done.stderr


def test_a_host_with_another_host_key_is_not_spoken_to(lab, s1, a1):
    known = lab.place.known_hosts
    text = known.read_text()
    swapped = text.replace(s1.address, "x").replace(a1.address, s1.address)
    known.write_text(swapped.replace("x", a1.address))

    done = s1.run("true")

    known.write_text(text)
    assert done.returncode == 255
    assert "REMOTE HOST IDENTIFICATION HAS CHANGED" in done.stderr or "verification" in done.stderr


def test_hosts_reach_each_other_and_their_gateway_and_nothing_beyond(lab, s1, a1):
    assert reaches(s1, a1)
    assert said(s1, "ip -4 route show default").startswith(f"default via {lab.place.gateway} ")
    assert s1.run("timeout 3 bash -c '</dev/tcp/192.0.2.1/80'").returncode != 0


def test_a_host_that_is_cut_off_is_silent_until_it_is_healed(s1, a1):
    s1.cut()

    assert s1.state == "cut off"
    assert not reaches(a1, s1)
    s1.heal()
    assert eventually(lambda: reaches(a1, s1), 10)


def test_a_frozen_host_stands_still_and_goes_on(s1, a1):
    tick = s1.directory / "rancher/tick"
    said(s1, "sudo systemd-run --unit tick sh -c 'while date +%s%N; do sleep 0.05; done "
         ">/var/lib/rancher/tick'")  # fmt: skip
    assert eventually(lambda: tick.exists() and tick.stat().st_size, 10)
    s1.freeze()
    stopped = tick.stat().st_size

    assert s1.state == "frozen"
    assert not s1.answers()
    assert reaches(a1, s1), "its kernel goes on: only its processes stand still"
    assert tick.stat().st_size == stopped

    s1.thaw()
    assert eventually(lambda: tick.stat().st_size > stopped, 10)
    said(s1, "sudo systemctl stop tick")


def test_a_killed_host_is_off_and_boots_with_its_disk(lab, s1):
    said(s1, "echo kept | sudo tee /etc/kept /var/lib/rancher/kept; sync")
    identity = said(s1, "cat /etc/machine-id")

    s1.kill()

    assert s1.state == "off"
    assert not s1.answers()
    s1.boot()
    assert said(s1, "cat /etc/kept /var/lib/rancher/kept /etc/machine-id").split() == [
        "kept", "kept", identity,
    ]  # fmt: skip


def test_a_host_reboots_itself(s1, a1):
    before = said(s1, "cat /proc/1/stat | cut -d' ' -f22")

    s1.run("sudo systemctl reboot")

    def rebooted():
        return s1.run("cat /proc/1/stat | cut -d' ' -f22").stdout.strip() not in {"", before}

    assert eventually(rebooted, 20)
    assert reaches(a1, s1)
    assert s1.state == "on"


def test_a_host_powers_itself_off_and_up_starts_it_again(lab, s1):
    s1.run("sudo systemctl poweroff")
    assert eventually(lambda: s1.state == "off", 20)

    lab.up(servers=1, agents=1, k3s=())

    assert s1.answers()


def test_a_fresh_host_has_a_new_disk_and_the_old_host_key(s1):
    said(s1, "sudo touch /etc/old /var/lib/rancher/old")
    identity = said(s1, "cat /etc/machine-id")

    s1.refresh()
    s1.boot()

    assert said(s1, "ls /etc/old /var/lib/rancher/old 2>/dev/null | wc -l") == "0"
    assert said(s1, "cat /etc/machine-id") != identity


def test_up_again_adds_hosts_and_leaves_the_others_alone(lab, s1, a1):
    before = (s1.pid, a1.pid, lab.place.known_hosts.read_text())

    lab.up(servers=1, agents=2, k3s=())

    assert lab.host("a2").answers()
    assert (s1.pid, a1.pid) == before[:2]
    assert lab.place.known_hosts.read_text().startswith(before[2])
    recorded = json.loads((lab.place.directory / "lab.json").read_text())["hosts"]
    assert {name: recorded[name]["pid"] for name in ("s1", "a1")} == {"s1": s1.pid, "a1": a1.pid}


def test_status_says_what_each_host_is_doing(lab, s1):
    s1.kill()

    rows = {line.split()[0]: line.split() for line in status.table(lab).splitlines()}

    s1.boot()
    assert rows["s1"][:4] == ["s1", s1.address, "off", "no"]
    assert rows["a1"][2:4] == ["on", "yes"]
