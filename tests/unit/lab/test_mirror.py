"""The mirror has the release where it can be had, else the stand-in, laid out like a release."""

import hashlib
import http.client
import threading
from functools import partial
from pathlib import Path

import pytest
import yaml

from lab import mirror
from lab.hosts.server import Files, Server

VERSION = "v1.2.3+k3s1"
AIRGAP = "k3s-airgap-images-amd64.tar.zst"
BINARY = {"k3s": b"a binary", AIRGAP: b"images"}


@pytest.fixture
def serve():
    """Serves a folder on a loopback port; gives the port."""
    servers = []

    def start(folder):
        servers.append(Server(("127.0.0.1", 0), partial(Files, directory=str(folder))))
        threading.Thread(target=servers[-1].serve_forever, args=(0.01,)).start()
        return servers[-1].server_port

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def built(monkeypatch, tmp_path):
    """A cache and sources of the test's own; which modules were run to build what."""
    (tmp_path / "lab/k3s").mkdir(parents=True)
    (tmp_path / "lab/k3s/main.go").write_text("package main")
    monkeypatch.setenv("GROUNDWORK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(mirror, "REPOSITORY", tmp_path)
    monkeypatch.setattr(mirror, "RELEASES", "http://127.0.0.1:1/nothing-listens-here")
    runs = []

    def module(name, *arguments):
        runs.append(name)
        Path(arguments[-1]).write_text(f"built by {name}")

    monkeypatch.setattr(mirror, "_module", module)
    return runs


@pytest.fixture
def release(built, serve, monkeypatch, tmp_path):
    """K3s' releases with one version in it, served on loopback; the folder of its files."""
    folder = tmp_path / "releases" / VERSION
    folder.mkdir(parents=True)
    for name, content in BINARY.items():
        (folder / name).write_bytes(content)
    sums = "".join(f"{hashlib.sha256(c).hexdigest()}  {n}\n" for n, c in BINARY.items())
    (folder / mirror.SUMS).write_text(sums)
    monkeypatch.setattr(mirror, "RELEASES", f"http://127.0.0.1:{serve(folder.parent)}")
    return folder


def test_the_release_is_taken_where_it_can_be_reached(release, built):
    filled = mirror.fill(VERSION)

    assert {name: (filled / name).read_bytes() for name in BINARY} == BINARY
    assert built == ["lab.images.build"], "the application's image is in no release of K3s"
    assert set(mirror.read_sums(filled / mirror.SUMS)) == {*BINARY, mirror.IMAGES}


def test_new_images_are_put_beside_a_release_that_is_not_downloaded_again(release, built, tmp_path):
    mirror.fill(VERSION)
    (tmp_path / "lab/k3s/main.go").write_text("package main // changed")
    (release / "k3s").unlink()

    filled = mirror.fill(VERSION)

    assert built == ["lab.images.build"] * 2
    assert (filled / "k3s").read_bytes() == BINARY["k3s"]


def test_a_release_that_does_not_match_its_sums_is_refused(release):
    (release / "k3s").write_bytes(b"another binary")

    with pytest.raises(RuntimeError, match=r"k3s has sha256 .*, and sha256sum-amd64.txt .* says"):
        mirror.fill(VERSION)

    assert not mirror.directory(VERSION).exists()


def test_the_stand_in_is_built_where_no_release_can_be_reached(built, capsys):
    filled = mirror.fill(VERSION)

    assert built == ["lab.k3s.build", "lab.images.build"]
    sums = mirror.read_sums(filled / mirror.SUMS)
    assert sums == {name: mirror.sha256(filled / name) for name in ("k3s", mirror.IMAGES)}
    assert "is the lab's stand-in, not K3s" in capsys.readouterr().err


def test_what_is_there_is_not_built_again_until_its_sources_change(built, tmp_path):
    mirror.fill(VERSION)
    mirror.fill(VERSION)
    assert len(built) == 2

    (tmp_path / "lab/k3s/main.go").write_text("package main // changed")
    mirror.fill(VERSION)

    assert len(built) == 4


def test_a_failed_build_leaves_what_was_there(built, tmp_path, monkeypatch):
    before = (mirror.fill(VERSION) / "k3s").read_bytes()
    (tmp_path / "lab/k3s/main.go").write_text("package broken")

    def fails(name, *_):
        raise RuntimeError(name)

    monkeypatch.setattr(mirror, "_module", fails)
    with pytest.raises(RuntimeError):
        mirror.fill(VERSION)

    assert (mirror.directory(VERSION) / "k3s").read_bytes() == before


@pytest.mark.parametrize("version", ["1.2.3", "v1.2+k3s1", "v1.2.3", "../v1.2.3+k3s1", ""])
def test_what_is_no_version_is_refused(built, version):
    with pytest.raises(ValueError, match="K3s has versions like v"):
        mirror.fill(version)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/k3s/v1+k3s1/k3s", 200),
        ("/k3s/v1%2Bk3s1/k3s", 200),
        ("/k3s/v1%2bk3s1/k3s", 200),
        ("/k3s/", 404),
        ("/../secret", 404),
        ("/%2e%2e/secret", 404),
        ("/k3s/v2/k3s", 404),
    ],
)
def test_the_server_gives_files_by_either_spelling_and_nothing_else(serve, tmp_path, path, status):
    served = tmp_path / "served"
    (served / "k3s/v1+k3s1").mkdir(parents=True)
    (served / "k3s/v1+k3s1/k3s").write_text("binary")
    (tmp_path / "secret").write_text("secret")
    connection = http.client.HTTPConnection("127.0.0.1", serve(served), timeout=5)

    connection.request("GET", path)
    answer = connection.getresponse()

    assert answer.status == status
    assert (answer.read() == b"binary") == (status == 200)
    connection.close()


def test_the_lab_has_the_version_the_dev_stack_wants():
    root = Path(mirror.__file__).parents[1]
    config = yaml.safe_load((root / "Pulumi.dev.yaml").read_text())["config"]

    assert config["groundwork:cluster"]["version"] == mirror.CURRENT
