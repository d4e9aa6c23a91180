"""Files that the section names: each mistake with its path and the way out."""

import pytest

from components.k3s.problems import problems
from tests.unit.components.k3s.given import cluster
from tests.unit.components.k3s.test_known_hosts import ED


@pytest.fixture
def root(tmp_path):
    lines = [
        f"{address} {ED}" for address in ("192.0.2.11", "192.0.2.12", "192.0.2.13", "192.0.2.21")
    ]
    (tmp_path / "known_hosts").write_text("\n".join(lines))
    return tmp_path


def test_nothing_is_wrong_when_every_host_has_a_key(root):
    assert problems(cluster(), root) == []


def test_each_host_without_a_key_is_named(root):
    extra = {
        "a2": {"role": "agent", "address": "192.0.2.22"},
        "a3": {"role": "agent", "address": "192.0.2.23"},
    }

    lines = problems(cluster({"nodes": extra}), root)

    assert [line.split(":")[0] for line in lines] == ["cluster.nodes.a2", "cluster.nodes.a3"]
    assert all("holds no key" in line and "scan-host-keys" in line for line in lines)


def test_a_lost_host_needs_no_key(root):
    gone = {"a9": {"role": "agent", "address": "192.0.2.99", "lost": True}}

    assert problems(cluster({"nodes": gone}), root) == []


def test_a_bastion_needs_a_key_too(root):
    [line] = problems(cluster({"ssh": {"bastion": {"host": "b", "port": 2222, "user": "u"}}}), root)

    assert line.startswith("cluster.ssh.bastion: known_hosts holds no key for [b]:2222")


def test_a_missing_file_is_one_mistake_and_not_one_a_host(root):
    (root / "known_hosts").unlink()

    [line] = problems(cluster(), root)

    assert "cluster.ssh.hostKeys.path: known_hosts cannot be read (No such file" in line


def test_a_missing_private_key_is_named(root):
    [line] = problems(cluster({"ssh": {"auth": {"kind": "key-file", "path": "id"}}}), root)

    assert line.startswith("cluster.ssh.auth.path: id cannot be read")


def test_a_public_key_is_not_taken_for_the_private_one(root):
    (root / "id.pub").write_text(ED)

    [line] = problems(cluster({"ssh": {"auth": {"kind": "key-file", "path": "id.pub"}}}), root)

    assert "is a public key: name the file without .pub" in line


def test_a_folder_that_lacks_a_file_says_which(root):
    folder = root / "k3s" / "v1.36.4+k3s1"
    folder.mkdir(parents=True)
    (folder / "k3s").touch()

    lines = problems(
        cluster({"artifacts": {"kind": "folder", "path": "k3s", "images": ["i.tar"]}}), root
    )

    assert [line.split("lacks ")[1] for line in lines] == [
        "i.tar: add it",
        "sha256sum-amd64.txt: add it",
    ]
