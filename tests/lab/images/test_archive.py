import json
import re
import subprocess
import tarfile
import time
from pathlib import Path

import pytest

from lab.cache import root as cache_root
from lab.images import names
from lab.images.build import build

ROOT = Path(__file__).parents[3]
BUSYBOX = "busybox"


@pytest.fixture
def containerd(archive, tmp_path):
    """A containerd of its own: nothing of it is outside the test's folder."""
    config = f"""
        version = 2
        root = "{tmp_path}/root"
        state = "{tmp_path}/state"
        disabled_plugins = ["io.containerd.grpc.v1.cri"]
        [grpc]
        address = "{tmp_path}/socket"
        [plugins."io.containerd.internal.v1.opt"]
        path = "{tmp_path}/opt"
    """
    (tmp_path / "config.toml").write_text(config)
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            ["containerd", "--config", tmp_path / "config.toml"], stdout=log, stderr=log
        )

    def ctr(*arguments):
        command = ["ctr", "--address", tmp_path / "socket", "--namespace", "k8s.io", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    end = time.monotonic() + 30
    while not (tmp_path / "socket").exists() and process.poll() is None:
        assert time.monotonic() < end, (tmp_path / "log").read_text()
        time.sleep(0.1)
    yield ctr
    process.terminate()
    process.wait(30)


def test_containerd_imports_every_image_and_can_unpack_it(archive, containerd):
    containerd("images", "import", "--snapshotter", "native", archive.path)

    listed = set(containerd("images", "ls", "-q").split())
    assert listed == set(names().values())
    for name in listed:
        checked = containerd("images", "check", "--snapshotter", "native", f"name=={name}")
        assert "complete" in checked, checked
        assert checked.split()[-1] == "true", checked


def test_a_second_build_gives_the_same_bytes_with_an_empty_cache(archive, tmp_path, monkeypatch):
    monkeypatch.setenv("GROUNDWORK_CACHE", str(tmp_path / "cache"))

    build(tmp_path / "again.tar")

    for name in names().values():
        assert archive.layers(name) == [
            archive.blob(d) for d in digests(tmp_path / "again.tar", name)
        ]
    assert (tmp_path / "again.tar").read_bytes() == archive.path.read_bytes()


def digests(path, name):
    with tarfile.open(path) as tar:
        index = json.load(tar.extractfile("index.json"))
        for each in index["manifests"]:
            if each["annotations"]["io.containerd.image.name"] == name:
                manifest = tar.extractfile(f"blobs/{each['digest'].replace(':', '/')}")
                return [layer["digest"] for layer in json.load(manifest)["layers"]]
    raise KeyError(name)


def test_an_equal_archive_is_left_as_it_is(archive):
    before = archive.path.stat().st_mtime_ns

    build(archive.path)

    assert archive.path.stat().st_mtime_ns == before


def test_images_on_the_same_base_share_its_layer(archive):
    bases = {
        archive.layers(names()[key])[0] for key in ("busybox", "demo", "demo-next", "postgres")
    }

    assert len(bases) == 1
    assert archive.layers(names()["demo"]) == archive.layers(names()["demo-next"])


def package_index_hosts():
    """Hosts that this machine's clients are configured to ask, beside everybody's."""
    shown = subprocess.run(["pip", "config", "list"], capture_output=True, text=True, check=True)
    shown_go = subprocess.run(["go", "env", "-changed"], capture_output=True, text=True, check=True)
    hosts = re.findall(r"//(?:[^/@\s]*@)?([\w.-]+)", shown.stdout + shown_go.stdout)
    return set(hosts)


def test_no_layer_tells_of_the_machine_it_was_made_on(archive):
    unwanted = {str(ROOT), str(cache_root()), str(Path.home() / "go"), *package_index_hosts()}
    needles = [text.encode() for text in unwanted]
    for layer in {layer for name in names().values() for layer in archive.layers(name)}:
        with tarfile.open(layer) as tar:
            for entry in tar:
                assert (entry.mtime, entry.uname, entry.gname) == (0, "", ""), entry.name
                assert Path(entry.name).name not in {"pip.conf", ".netrc", "sources.list", "RECORD"}
                content = tar.extractfile(entry).read() if entry.isreg() else b""
                assert not [n for n in needles if n in content], entry.name


@pytest.mark.parametrize(
    ("image", "command"),
    [
        ("busybox", ["busybox"]),
        ("coredns", ["-version"]),
        ("local-path-provisioner", ["local-path-provisioner", "--version"]),
        ("postgres", ["postgres", "--version"]),
        ("traefik", ["version"]),
    ],
)
def test_the_program_inside_has_the_version_of_its_tag(containers, image, command):
    container = containers.run(names()[image], command=command)

    assert container.wait() == 0, container.log
    assert names()[image].rpartition(":")[2].removeprefix("v") in container.log


def test_the_first_process_of_a_pod_reaps_orphans_and_ends_at_once(archive, containers):
    pause = archive.root(names()["pause"]) / "pause"
    pod = containers.run(names()[BUSYBOX], command=["/tmp/pause"], binds={"/tmp/pause": pause})
    pod.until(lambda: pod.exec("cat", "/proc/1/comm", check=False).stdout.strip() == "pause")

    pod.exec("sh", "-c", "(sleep 0.2 & sleep 0.2 &) ; exit 0")

    pod.until(lambda: "sleep" not in pod.exec("ps", "-o", "comm,stat").stdout)
    started = time.monotonic()
    pod.signal("TERM")
    assert pod.wait() == 0
    assert time.monotonic() - started < 10


COREFILE = """
.:5353 {
    errors
    health
    ready
    hosts /etc/coredns/hosts {
        fallthrough
    }
    rewrite name exact old.example web.example
    cache 30
    loop
    reload
    loadbalance
    forward . 127.0.0.1:9
    prometheus :9153
}
"""


def test_coredns_has_the_plugins_of_a_cluster_and_answers(containers, tmp_path):
    folder = tmp_path / "coredns"
    folder.mkdir()
    (folder / "Corefile").write_text(COREFILE)
    (folder / "hosts").write_text("192.0.2.7 web.example\n")
    command = ["-conf", "/etc/coredns/Corefile"]

    server = containers.run(names()["coredns"], command=command, binds={"/etc/coredns": folder})
    server.until(lambda: "CoreDNS-1.14.7" in server.log)
    client = containers.run(
        names()[BUSYBOX], command=["nslookup", "old.example", "127.0.0.1:5353"], near=server
    )

    client.wait()
    assert "192.0.2.7" in client.log, client.log + server.log
    plugins = containers.run(names()["coredns"], command=["-plugins"])
    plugins.wait()
    wanted = re.findall(r"^    (\w+)", COREFILE, re.MULTILINE)
    assert {*wanted, "kubernetes"} <= set(plugins.log.split())


def test_the_provisioners_helper_has_what_its_scripts_call(containers, tmp_path):
    volume = tmp_path / "volumes"
    volume.mkdir()
    script = (
        "set -eu; mkdir -m 0777 -p /volumes/a; test -d /volumes/a; rm -rf /volumes/a; echo done"
    )

    helper = containers.run(
        names()[BUSYBOX], command=["sh", "-c", script], binds={"/volumes": volume}
    )

    assert helper.wait() == 0, helper.log
    assert "done" in helper.log
    assert list(volume.iterdir()) == []


def test_traefik_routes_as_its_user_without_rights(containers, tmp_path):
    command = ["--entrypoints.web.address=:8000", "--ping", "--ping.entrypoint=web"]

    server = containers.run(names()["traefik"], command=command)
    server.until(lambda: server_answers(containers, server))

    assert "65532" in Path(f"/proc/{server.pid}/status").read_text()


def server_answers(containers, server):
    url = "http://127.0.0.1:8000/ping"
    client = containers.run(names()[BUSYBOX], command=["wget", "-qO-", url], near=server)
    return client.wait() == 0 and "OK" in client.log
