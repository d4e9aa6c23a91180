"""A stack on lab hosts, driven by the real CLI; what it writes is in a folder of the test's."""

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import yaml

from components.merge import merge
from lab.engine.environment import environment
from lab.stack import create, settings

ROOT = Path(__file__).parents[2]
STACK = "lab"


class Deployment:
    """The repository's dev stack, moved to the hosts of `lab`."""

    def __init__(self, lab, folder, patch=None):
        self.lab, self.folder = lab, folder
        self.file = folder / f"Pulumi.{STACK}.yaml"
        (folder / "state").mkdir()
        self.environment = {
            **os.environ,
            **environment(),
            "PULUMI_BACKEND_URL": f"file://{folder}/state",
            "PULUMI_CONFIG_PASSPHRASE": "a passphrase of the test's",
        }
        self.sections = merge(settings(lab.place), patch or {})
        create(STACK, self.file, self.sections, self.environment)

    def change(self, **cluster):
        """Patch the cluster section."""
        self.sections = merge(self.sections, {"groundwork:cluster": cluster})
        before = yaml.safe_load(self.file.read_text())
        self.file.write_text(yaml.safe_dump({**before, "config": self.sections}))

    def written(self):
        """The settings as the stack file has them."""
        return yaml.safe_load(self.file.read_text())["config"]

    def command(self, *arguments, configured=True):
        where = ["--stack", STACK] if arguments[0] != "stack" else []
        file = ["--config-file", str(self.file)] if configured else []
        return ["pulumi", *arguments, *where, *file, "--non-interactive", "--color", "never"]

    def pulumi(self, *arguments, check=True, configured=True, stdin=""):
        done = subprocess.run(
            self.command(*arguments, configured=configured),
            cwd=ROOT, env=self.environment, input=stdin, text=True, timeout=900,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        if check:
            assert done.returncode == 0, done.stdout
        return done

    def up(self, *arguments, **options):
        return self.pulumi("up", "--yes", "--skip-preview", *arguments, **options)

    def start_up(self):
        """`pulumi up` in the background, in a process group of its own."""
        with (self.folder / "up.log").open("ab") as log:
            return subprocess.Popen(
                self.command("up", "--yes", "--skip-preview"),
                cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def outputs(self):
        done = self.pulumi(
            "stack", "output", "--json", "--show-secrets", "--stack", STACK, configured=False
        )
        return json.loads(done.stdout)

    def exported(self):
        """The state with its secrets decrypted, as JSON text."""
        where = ("--show-secrets", "--stack", STACK)
        return self.pulumi("stack", "export", *where, configured=False).stdout

    def state(self):
        """The state as the backend holds it, in text."""
        return (self.folder / "state/.pulumi/stacks/groundwork" / f"{STACK}.json").read_text()

    def kubectl(self, *arguments, node="s1", check=True):
        done = self.lab.host(node).run("sudo k3s kubectl " + " ".join(arguments))
        if check:
            assert done.returncode == 0, done.stderr
        return done.stdout

    def curl(self, path="/", *options):
        """(status, body) of the application over HTTPS, its chain verified by the stack's CA."""
        outputs = self.outputs()
        authority = self.folder / "ca.crt"
        authority.write_text(outputs["certificateAuthority"])
        [[url, *_]] = outputs["urls"].values()
        host, address = url.removeprefix("https://"), outputs["ingressAddresses"][0]
        done = subprocess.run(
            ["curl", "--silent", "--show-error", "--max-time", "20", "--cacert", str(authority),
             "--resolve", f"{host}:443:{address}", "--write-out", "\n%{http_code}", *options,
             f"{url}{path}"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        body, _, status = done.stdout.rpartition("\n")
        return int(status), body


def kill(process):
    """SIGKILL to the CLI and all that is in its process group; what it has started ends as well."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    eventually(lambda: not session(process.pid), seconds=20)


def session(leader):
    """The processes of a session, as `ps` shows them."""
    command = ["ps", "-o", "pid=,stat=,args=", "-s", str(leader)]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return [line for line in listed.splitlines() if line.split()[1][0] != "Z"]


def eventually(ask, seconds=60, pause=0.5):
    """The first true answer of `ask`; what it last raised or answered, when there is none."""
    end = time.monotonic() + seconds
    while True:
        try:
            if answer := ask():
                return answer
            assert time.monotonic() < end, f"still {answer!r} after {seconds} s"
        except AssertionError:
            if time.monotonic() > end:
                raise
        time.sleep(pause)


class CommandLines:
    """Every command line of this machine and of the lab's hosts while it is entered, as `ps` shows.

    A host's processes are the machine's, seen from outside.
    """

    def __enter__(self):
        self.seen, self._ended = set(), threading.Event()
        self._watcher = threading.Thread(target=self._watch)
        self._watcher.start()
        return self.seen

    def __exit__(self, *error):
        self._ended.set()
        self._watcher.join()

    def _watch(self):
        while not self._ended.wait(0.05):
            for process in Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    self.seen.add(
                        process.read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    )
