"""A host to run host scripts on: private directories, real bash, stand-ins for the rest."""

import hashlib
import shutil
import subprocess
from pathlib import Path

from components.k3s import jobs
from components.k3s.spec import Cluster
from tests.unit.components.k3s.given import SECRET, TRUST

STANDINS = Path(__file__).parent / "standins"
OLD, NEW = "v1.35.8+k3s1", "v1.36.4+k3s1"
SECRETS = [
    "the-server-password",
    "the-agent-password",
    "the-registry-password",
    "key of",
    "nance key",
]
ADDRESSES = {"s1": "192.0.2.11", "s2": "192.0.2.12", "s3": "192.0.2.13", "a1": "192.0.2.21"}
DIRECTORIES = ["etc", "run", "usr/local/bin", "var/lib", "var/log", "var/tmp"]
# The shell that enters is process 1 there, which nothing can kill; the script's is not.
ENTER = """
for directory in {directories}; do mount --bind "$SANDBOX/$directory" "/$directory"; done
# These limits are the machine's own, whatever the namespace: the script gets files to write to.
mount -t tmpfs limits /proc/sys/fs/inotify
echo 128 >/proc/sys/fs/inotify/max_user_instances
echo 8192 >/proc/sys/fs/inotify/max_user_watches
BASH_ENV=$KILLER bash -s -- "$@"
exit
"""
KILLER = """
set -T
commands=0
die_at() { commands=$((commands + 1)); ((commands != KILL_AT)) || kill -KILL $$; }
trap 'die_at' DEBUG
"""


def cluster(version=NEW, **patch):
    """Three servers and an agent, whose files come from a mirror."""
    roles = {name: "server" if name.startswith("s") else "agent" for name in ADDRESSES}
    stack = {
        "version": version,
        "ssh": {"hostKeys": {"kind": "accept-any", "because": "nothing is dialled here"}},
        "artifacts": {"kind": "mirror", "url": "http://mirror/k3s", "images": ["images.tar"]},
        "nodes": {n: {"role": roles[n], "address": a} for n, a in ADDRESSES.items()},
        "registries": {
            "auths": {"r.example.com": {"username": "u", "password": {"secret": "registry"}}}
        },
        "gateTimeoutSeconds": 10,
        "drainTimeoutSeconds": 10,
    }
    return Cluster.model_validate({**stack, **patch})


class Host:
    """One host and the world that it sees."""

    def __init__(self, root, node="s1"):
        self.root, self.node, self.world = root, node, root / "world"
        for directory in DIRECTORIES:
            (root / directory).mkdir(parents=True)
        for directory in ("active", "answers", "silent", "mirror"):
            (self.world / directory).mkdir(parents=True)
        shutil.copy("/etc/passwd", root / "etc/passwd")
        self.write("token", "the-server-password")
        self.write("server-ca.crt", TRUST.server_ca)
        self.write("nodes", "")
        self.write("calls", "")
        self.write("deeds", "")
        for version in (OLD, NEW):
            self.publish(version)

    def write(self, name, text):
        path = self.world / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def read(self, name):
        path = self.world / name
        return path.read_text() if path.exists() else ""

    def publish(self, version):
        """A version's files in the mirror, with their sums."""
        folder = self.world / "mirror" / version.replace("+", "%2B")
        folder.mkdir()
        binary = (STANDINS / "k3s").read_text().replace("@VERSION@", version)
        files = {"k3s": binary, "images.tar": f"images of {version}\n"}
        sums = ""
        for name, text in files.items():
            (folder / name).write_text(text)
            sums += f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n"
        (folder / "sha256sum-amd64.txt").write_text(sums)
        return folder

    def others(self, *names, **fields):
        """Other nodes of a cluster that lives; the servers among them answer."""
        for name in names:
            server = name.startswith("s")
            line = [name, "True", "True" if server else "", "true" if server else "", ""]
            line += [fields.get("version", OLD), ADDRESSES[name], "2026-01-01T00:00:00Z", ""]
            line[1] = fields.get("ready", line[1])
            self.write("nodes", f"{self.read('nodes')}{'|'.join(line)}\n")
            if server and line[1] == "True":
                self.write(f"answers/{ADDRESSES[name]}", "")

    def script(self, verb, spec):
        """What travels on stdin for a verb."""
        match verb:
            case "prepare":
                return jobs.prepare(spec, self.node)
            case "roll":
                return jobs.roll(spec, self.node, SECRET)
            case "teardown":
                return jobs.teardown(spec)
            case "forget":
                return jobs.forget(spec, self.node, SECRET)
        return jobs.join(spec, self.node, SECRET)

    def run(self, verb, spec=None, kill_at=None, subject=None):
        """The finished process of a verb; `kill_at`: dead before that many commands."""
        environment = {
            "SANDBOX": str(self.root),
            "WORLD": str(self.world),
            "PATH": f"{STANDINS}:/usr/bin:/bin:/usr/sbin:/sbin",
        }
        if kill_at:
            (self.root / "killer").write_text(KILLER)
            environment |= {"KILLER": str(self.root / "killer"), "KILL_AT": str(kill_at)}
        enter = ENTER.format(directories=" ".join(DIRECTORIES))
        return subprocess.run(
            ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--net", "--kill-child",
             "bash", "-c", enter, "enter", verb, subject or self.node],
            input=self.script(verb, spec or cluster()),
            env={"KILLER": "", **environment},
            text=True, capture_output=True, check=False, timeout=120,
        )  # fmt: skip

    def does(self, verb, spec=None, **options):
        """As `run`, and it must succeed."""
        done = self.run(verb, spec, **options)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def member(self, spec=None):
        """The host, prepared and joined."""
        self.does("prepare", spec)
        self.does("join", spec)
        return self

    def path(self, name):
        return self.root / name.lstrip("/")

    def files(self):
        """Path -> (mode, content) of every file and link on the host, but for locks."""
        found = {}
        for path in sorted(self.root.rglob("*")):
            name = str(path.relative_to(self.root))
            if path.is_relative_to(self.world) or name in {"killer", "run/groundwork/lock"}:
                continue
            if path.is_symlink():
                found[name] = ("link", str(path.readlink()))
            elif path.is_file():
                found[name] = (oct(path.stat().st_mode), path.read_bytes())
        return found

    def calls(self, word):
        return [line for line in self.read("calls").splitlines() if word in line]
