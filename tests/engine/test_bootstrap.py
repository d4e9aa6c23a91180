"""Making an engine available: what is on PATH, else the release, else what the lab builds."""

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lab.engine.plugins import versions
from lab.engine.release import VERSION

ROOT = Path(__file__).parents[2]
ARCHIVE = f"pulumi-v{VERSION}-linux-x64.tar.gz"
PROGRAMS = ("pulumi", "pulumi-language-python", "pulumi-language-python-exec")
NOWHERE = "http://127.0.0.1:9"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def downloads(tmp_path):
    """A folder, and the address on loopback where it is served."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def publish(folder, *, checksum=None):
    """A release whose programs say their name."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name in PROGRAMS:
            text = f"#!/bin/sh\necho official {name}\n".encode()
            member = tarfile.TarInfo(f"pulumi/{name}")
            member.size, member.mode = len(text), 0o755
            archive.addfile(member, io.BytesIO(text))
    (folder / ARCHIVE).write_bytes(content.getvalue())
    digest = checksum or hashlib.sha256(content.getvalue()).hexdigest()
    (folder / f"pulumi-{VERSION}-checksums.txt").write_text(f"{digest}  {ARCHIVE}\n")


@pytest.fixture
def run(tmp_path):
    """`python -m lab.engine` with an empty cache and a PATH that has no pulumi."""

    def call(*args, status=0, **variables):
        # The same clone has a built engine in the developer's cache; this one is not to see it.
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path / "home"),
            "GROUNDWORK_CACHE": str(tmp_path / "cache"),
            "GROUNDWORK_PULUMI_DOWNLOADS": NOWHERE,
            **variables,
        }
        done = subprocess.run(
            [sys.executable, "-m", "lab.engine", *args],
            cwd=ROOT,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == status, done.stderr
        return done

    return call


def fake(path, text="exit 0"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def exported(done):
    lines = [line.removeprefix("export ").partition("=") for line in done.stdout.splitlines()]
    return {name: value.strip("'") for name, _, value in lines}


def test_a_pulumi_on_path_is_taken_as_it_is(run, tmp_path):
    found = fake(tmp_path / "bin/pulumi")

    done = run(PATH=f"{found.parent}:/usr/bin:/bin")

    assert done.stdout == ""
    assert f"pulumi is {found}" in done.stderr


def test_the_release_is_downloaded_checked_and_kept(run, downloads, tmp_path):
    folder, address = downloads
    publish(folder)

    first = run(GROUNDWORK_PULUMI_DOWNLOADS=address).stdout.strip()
    again = run().stdout.strip()

    assert first == again, "the second time without a network"
    for name in PROGRAMS:
        assert subprocess.check_output([f"{first}/{name}"], text=True) == f"official {name}\n"


def test_a_wrong_checksum_ends_it_and_leaves_nothing(run, downloads, tmp_path):
    folder, address = downloads
    publish(folder, checksum="0" * 64)

    done = run(GROUNDWORK_PULUMI_DOWNLOADS=address, status=1)

    assert f"the published sum is {'0' * 64}" in done.stderr
    assert not list((tmp_path / "cache/engine").glob(f"release-v{VERSION}/*"))


def test_without_a_release_and_without_go_it_says_what_to_install(run):
    done = run(status=1)

    assert "there is no `go` to build it with; install Pulumi" in done.stderr


def test_a_failed_build_is_no_engine_and_the_next_run_builds_again(run, tmp_path):
    fake(tmp_path / "go/go", f"echo built >> {tmp_path}/builds; exit 1")
    path = f"{tmp_path}/go:/usr/bin:/bin"

    run(PATH=path, status=1)
    done = run(PATH=path, status=1)

    assert "go build" in done.stderr
    assert (tmp_path / "builds").read_text() == "built\nbuilt\n"
    assert not [one for one in (tmp_path / "cache/engine").iterdir() if one.is_dir()]


def test_two_runs_at_once_build_once(run, tmp_path):
    out = 'while [ "$1" != -o ]; do shift; done; echo "#!/bin/sh" > "$2"; sleep 1'
    fake(tmp_path / "go/go", f"echo built >> {tmp_path}/builds; {out}")
    said = []
    threads = [
        threading.Thread(target=lambda: said.append(run(PATH=f"{tmp_path}/go:/usr/bin:/bin")))
        for _ in range(2)
    ]

    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert (tmp_path / "builds").read_text() == "built\n"
    assert len({done.stdout for done in said}) == 1
    assert len(said) == 2


def test_official_plugins_are_left_to_the_engine_where_they_can_be_had(run, downloads, tmp_path):
    folder, address = downloads
    publish(folder)
    environment = exported(run("env", GROUNDWORK_PULUMI_DOWNLOADS=address))
    assert "PULUMI_HOME" in environment, "this place has no plugins"

    for name, version in versions().items():
        (folder / f"pulumi-resource-{name}-v{version}-linux-amd64.tar.gz").touch()
    environment = exported(run("env", GROUNDWORK_PULUMI_DOWNLOADS=address))
    assert "PULUMI_HOME" not in environment
    assert "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION" not in environment


def test_only_the_missing_plugins_are_the_labs(run, tmp_path):
    fake(tmp_path / "bin/pulumi")
    fake(tmp_path / "bin/pulumi-resource-tls")
    path = f"{tmp_path}/bin:/usr/bin:/bin"

    done = run("env", PATH=path)

    plugins = Path(exported(done)["PULUMI_HOME"]) / "plugins"
    assert {one.name.split("-")[1] for one in plugins.iterdir()} == {
        "command",
        "random",
        "kubernetes",
    }
    assert "stand in for command, random, kubernetes" in done.stderr


def test_plugins_in_the_users_pulumi_home_stay_in_use(run, tmp_path):
    fake(tmp_path / "bin/pulumi")
    own = f"resource-random-v{versions()['random']}"
    fake(tmp_path / f"home/.pulumi/plugins/{own}/pulumi-resource-random")

    done = run("env", PATH=f"{tmp_path}/bin:/usr/bin:/bin")

    plugins = Path(exported(done)["PULUMI_HOME"]) / "plugins"
    assert (plugins / own).readlink() == tmp_path / f"home/.pulumi/plugins/{own}"
    assert "stand in for command, tls, kubernetes" in done.stderr


def test_it_is_quick_when_all_is_there_and_changes_nothing_inside_its_own_environment(engine):
    environment = os.environ | engine
    took = []
    for _ in range(3):
        started = os.times().elapsed
        printed = subprocess.run(
            [sys.executable, "-m", "lab.engine", "env"],
            cwd=ROOT,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        took.append(os.times().elapsed - started)

    home = exported(printed)["PULUMI_HOME"] if "PULUMI_HOME" in engine else None
    assert home == engine.get("PULUMI_HOME")
    assert min(took) < 1
    assert shutil.which("pulumi", path=exported(printed)["PATH"]) == shutil.which(
        "pulumi", path=engine["PATH"]
    )
