"""`prepare`: the version lies on the host, checked, and nothing that runs is touched."""

import pytest

from tests.scripts.sandbox import NEW, OLD, cluster

STAGED = f"var/lib/groundwork/k3s/{NEW}/k3s"


def test_a_second_run_changes_nothing_and_fetches_nothing(host):
    host.does("prepare")
    before = host.files()
    host.write("calls", "")

    host.does("prepare")

    assert host.files() == before
    assert host.calls("curl") == []


def test_the_version_is_staged_and_not_installed(host):
    output = host.does("prepare")

    assert host.path(STAGED).stat().st_mode & 0o777 == 0o755
    assert not host.path("usr/local/bin/k3s").exists()
    assert "prepare: k3s staged 0 s" in output


def test_a_file_that_is_not_what_its_sum_says_is_never_used(host):
    (host.world / "mirror" / NEW.replace("+", "%2B") / "k3s").write_text("#!/bin/sh\nexit 0\n")

    refused = host.run("prepare")

    assert refused.returncode == 1
    assert "groundwork: prepare s1: k3s from http://mirror/k3s/v1.36.4%2Bk3s1 has sha256" in (
        refused.stderr
    )
    assert not host.path(STAGED).exists()


def test_a_pin_is_stronger_than_the_published_sum(host):
    spec = cluster(
        artifacts={"kind": "mirror", "url": "http://mirror/k3s", "sha256": {"k3s": "0" * 64}}
    )

    refused = host.run("prepare", spec)

    assert refused.returncode == 1
    assert f"expected is {'0' * 64}" in refused.stderr


def test_a_file_without_a_sum_is_refused(host):
    (host.world / "mirror" / NEW.replace("+", "%2B") / "sha256sum-amd64.txt").write_text("")

    refused = host.run("prepare")

    assert "has no line for k3s: pin its sha256" in refused.stderr


def test_a_download_that_was_cut_is_resumed(host):
    part = host.path(f"{STAGED}.part")
    part.parent.mkdir(parents=True)
    whole = (host.world / "mirror" / NEW.replace("+", "%2B") / "k3s").read_text()
    part.write_text(whole[:200])

    host.does("prepare")

    assert host.path(STAGED).read_text() == whole
    assert host.calls("-C -")


def test_a_damaged_part_is_fetched_anew(host):
    part = host.path(f"{STAGED}.part")
    part.parent.mkdir(parents=True)
    part.write_text("x" * 50)

    host.does("prepare")

    assert "stand-in" in host.path(STAGED).read_text()


def test_a_mirror_that_is_gone_is_no_loss_once_staged(host):
    host.does("prepare")
    host.write("mirror-down", "")

    host.does("prepare")


def test_a_mirror_that_is_gone_is_named(host):
    host.write("mirror-down", "")

    refused = host.run("prepare")

    assert (
        "http://mirror/k3s/v1.36.4%2Bk3s1/sha256sum-amd64.txt cannot be fetched" in refused.stderr
    )


def test_a_binary_of_another_version_than_its_folder_says_is_refused(host):
    folder = host.world / "mirror" / NEW.replace("+", "%2B")
    for name in ("k3s", "images.tar", "sha256sum-amd64.txt"):
        folder.joinpath(name).write_bytes(
            (host.world / "mirror" / OLD.replace("+", "%2B") / name).read_bytes()
        )

    refused = host.run("prepare")

    assert f"says it is k3s version {OLD} (stand-in), wanted is {NEW}" in refused.stderr


def test_versions_that_neither_run_nor_are_wanted_are_removed(host):
    host.member(cluster(OLD))
    stray = host.path("var/lib/groundwork/k3s/v1.30.0+k3s1")
    stray.mkdir()

    host.does("prepare", cluster(NEW))

    assert not stray.exists()
    assert host.path(f"var/lib/groundwork/k3s/{OLD}/k3s").exists(), "it runs"
    assert host.path(STAGED).exists()


def test_what_runs_is_not_touched(host):
    host.member(cluster(OLD))
    before = host.path("usr/local/bin/k3s").read_text()
    host.write("calls", "")

    host.does("prepare", cluster(NEW))

    assert host.path("usr/local/bin/k3s").read_text() == before
    assert host.calls("systemctl") == []


@pytest.mark.parametrize("kill_at", range(20, 280, 40))
def test_a_run_killed_anywhere_is_mended_by_the_next(host, untouched, kill_at):
    assert host.run("prepare", kill_at=kill_at).returncode != 0

    host.does("prepare")

    assert host.files() == untouched("prepare")
