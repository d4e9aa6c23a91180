"""Containers of the lab's images, run by runc as a kubelet may have them: read-only."""

import ctypes
import json
import os
import shutil
import subprocess
import tarfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lab.archives import guarded

CLONE_NEWNET = 0x40000000
NAMESPACES = ("pid", "mount", "ipc", "uts", "network")
MOUNTS = (
    ("/proc", "proc", ()),
    ("/dev", "tmpfs", ("nosuid", "mode=755")),
    ("/dev/pts", "devpts", ("newinstance", "ptmxmode=0666", "mode=0620")),
    ("/dev/shm", "tmpfs", ("mode=1777", "size=64m")),
    ("/dev/mqueue", "mqueue", ()),
    ("/tmp", "tmpfs", ("mode=1777",)),
)


class Archive:
    """An OCI archive, and the file systems of its images, unpacked below `folder` on demand."""

    def __init__(self, path, folder):
        self.path, self._folder = path, folder
        with tarfile.open(path) as tar:
            guarded(tar, "data").extractall(folder)
        index = json.loads((folder / "index.json").read_text())
        self._manifests = {
            m["annotations"]["io.containerd.image.name"]: m for m in index["manifests"]
        }

    def names(self):
        return set(self._manifests)

    def blob(self, digest):
        return self._folder / "blobs" / digest.replace(":", "/")

    def manifest(self, name):
        return json.loads(self.blob(self._manifests[name]["digest"]).read_text())

    def config(self, name):
        return json.loads(self.blob(self.manifest(name)["config"]["digest"]).read_text())["config"]

    def layers(self, name):
        return [self.blob(layer["digest"]) for layer in self.manifest(name)["layers"]]

    def root(self, name):
        root = self._folder / "roots" / name.replace("/", "_")
        if not root.exists():
            for layer in self.layers(name):
                with tarfile.open(layer) as tar:
                    for entry in guarded(tar, "fully_trusted"):
                        # Written through a link of a lower layer, it would change that one's file.
                        if (root / entry.name).is_symlink():
                            (root / entry.name).unlink()
                        tar.extract(entry, root, numeric_owner=True)
        return root


class Containers:
    """The containers of one test; none is left when it ends."""

    def __init__(self, archive, folder):
        self.archive, self._folder, self._all = archive, folder, []

    def run(self, name, **settings):
        container = Container(self.archive, name, self._folder / f"c{len(self._all)}", settings)
        self._all.append(container)
        return container

    def close(self):
        for container in self._all:
            container.close()


class Container:
    """One container. Settings: command, environment, user, binds, near (another one's network)."""

    def __init__(self, archive, name, bundle, settings):
        bundle.mkdir()
        self.id = f"groundwork-test-{os.getpid()}-{bundle.parent.name}-{bundle.name}"
        self._runc = ["runc", "--root", str(bundle / "state")]
        self._log, self._started = bundle / "log", bundle / "pid"
        spec = specification(archive.config(name), archive.root(name), settings)
        (bundle / "config.json").write_text(json.dumps(spec))
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [*self._runc, "run", "--pid-file", self._started, "--bundle", bundle, self.id],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def log(self):
        return self._log.read_text()

    @property
    def pid(self):
        self.until(self._started.exists)
        return int(self._started.read_text())

    def exec(self, *command, check=True, timeout=30):
        done = subprocess.run(
            [*self._runc, "exec", self.id, *command],
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )
        assert not check or done.returncode == 0, f"{command}: {done.stderr}\n{self.log}"
        return done

    def signal(self, name, *, to_all=False):
        command = [*self._runc, "kill", *(["--all"] if to_all else []), self.id, name]
        subprocess.run(command, check=True, capture_output=True)

    def wait(self, timeout=60):
        return self._process.wait(timeout)

    def until(self, condition, timeout=60):
        end = time.monotonic() + timeout
        while not condition():
            assert self._process.poll() is None, f"{self.id} has ended\n{self.log}"
            assert time.monotonic() < end, f"{self.id}: waited {timeout} s\n{self.log}"
            time.sleep(0.05)

    def near(self):
        """A pool of threads whose sockets are the container's."""

        def enter(namespace):
            libc = ctypes.CDLL(None, use_errno=True)
            with Path(namespace).open() as file:
                assert libc.setns(file.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())

        namespace = f"/proc/{self.pid}/ns/net"
        return ThreadPoolExecutor(16, initializer=enter, initargs=(namespace,))

    def close(self):
        subprocess.run(
            [*self._runc, "delete", "--force", self.id], capture_output=True, check=False
        )
        self._process.wait(30)


def specification(image, root, settings):
    """What the image says, overridden as a pod would, under a pod's restrictions."""
    uid, _, gid = settings.get("user", image["User"] or "0:0").partition(":")
    given = [f"{name}={value}" for name, value in settings.get("environment", {}).items()]
    near = settings.get("near")
    capabilities = settings.get("capabilities", [])
    return {
        "ociVersion": "1.0.2",
        "hostname": settings.get("hostname", "pod"),
        "root": {"path": str(root), "readonly": True},
        "process": {
            "user": {"uid": int(uid), "gid": int(gid or uid)},
            "args": image["Entrypoint"] + settings.get("command", image["Cmd"]),
            "env": image["Env"] + given,
            "cwd": image["WorkingDir"],
            "noNewPrivileges": True,
            "capabilities": dict.fromkeys(
                ("bounding", "effective", "permitted", "inheritable"), capabilities
            ),
        },
        "mounts": [mount(*each) for each in MOUNTS]
        + [mount(path, "tmpfs", ("mode=1777",)) for path in settings.get("scratch", ())]
        + [bind(source, target) for target, source in settings.get("binds", {}).items()],
        "linux": {
            "namespaces": [
                {"type": kind, "path": f"/proc/{near.pid}/ns/net"}
                if near and kind == "network"
                else {"type": kind}
                for kind in NAMESPACES
            ]
        },
    }


def mount(target, kind, options):
    return {"destination": target, "type": kind, "source": kind, "options": list(options)}


def bind(source, target):
    return {
        "destination": target,
        "type": "bind",
        "source": str(source),
        "options": ["rbind", "rw"],
    }


def missing():
    """Why this machine cannot run containers; empty if it can."""
    if os.geteuid() != 0:
        return "needs root: containers are run"
    lacking = [
        name for name in ("runc", "containerd", "ctr", "go", "apt-get") if not shutil.which(name)
    ]
    return f"not installed: {', '.join(lacking)}" if lacking else ""
