"""A real Kubernetes control plane on loopback: etcd, API server and controllers, no node.

Its programs are built from the modules that the lab's stand-in pins, once, into the lab's cache.
"""

import contextlib
import datetime as dt
import fcntl
import hashlib
import ipaddress
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import httpx
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from lab.engine.kubernetes.api import Api
from lab.engine.kubernetes.kubeconfig import connection, parse

_ROOT = Path(__file__).parents[3]
_PACKAGES = {
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
    "server": "go.etcd.io/etcd/server/v3",  # etcd, named after its package's folder
}
# No node is real: nothing may evict its pods or collect them.
_CONTROLLERS = (
    "*,-node-lifecycle-controller,-pod-garbage-collector-controller,-taint-eviction-controller"
)


def why_not():
    """Why no control plane can be had on this machine, or nothing."""
    if _programs().exists():
        return ""
    if shutil.which("go") is None:
        return "no Go toolchain to build a Kubernetes control plane with"
    if not (_ROOT / "lab/k3s/go.mod").exists():
        return "lab/k3s/go.mod, which pins Kubernetes' modules, is not there"
    return ""


def built():
    """The folder of the programs, built on the first use."""
    target = _programs()
    target.parent.mkdir(parents=True, exist_ok=True)
    with Path(f"{target}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            _build(target)
    return target


class ControlPlane:
    """The running programs. `kubeconfig` is the administrator's."""

    def __init__(self, folder):
        self._folder, self._processes = folder, []
        self._ports = dict(zip(("etcd", "peer", "api"), _free_ports(3), strict=True))
        self.kubeconfig = _Authority(folder).kubeconfig(f"https://127.0.0.1:{self._ports['api']}")
        (folder / "kubeconfig").write_text(self.kubeconfig)

    def start(self):
        """Start everything, and wait until the API answers and has its default namespace."""
        self._run("server", self._etcd())
        self._run("kube-apiserver", self._api_server())
        self._await_api()
        self._run("kube-controller-manager", self._controllers())

    def stop(self):
        """Stop what was started, the last one first."""
        for process in reversed(self._processes):
            process.kill()  # what it keeps is thrown away
            process.wait()

    def _run(self, name, arguments):
        with (self._folder / f"{name}.log").open("w") as log:
            command = [str(built() / name), *arguments]
            self._processes.append(subprocess.Popen(command, stdout=log, stderr=log))

    def _await_api(self):
        api = Api(connection(parse(self.kubeconfig), {}))
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                if api._client.get("/readyz").text == "ok":
                    api.close()
                    return
            time.sleep(0.3)
        log = (self._folder / "kube-apiserver.log").read_text()
        raise AssertionError(f"the API server is not ready: {log[-2000:]}")

    def _etcd(self):
        client, peer = (f"http://127.0.0.1:{self._ports[name]}" for name in ("etcd", "peer"))
        return [
            f"--data-dir={self._folder}/etcd",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",
        ]

    def _api_server(self):
        return [
            f"--etcd-servers=http://127.0.0.1:{self._ports['etcd']}",
            f"--secure-port={self._ports['api']}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--tls-cert-file={self._folder}/server.crt",
            f"--tls-private-key-file={self._folder}/server.key",
            f"--client-ca-file={self._folder}/ca.crt",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={self._folder}/service.key",
            f"--service-account-signing-key-file={self._folder}/service.key",
            "--service-cluster-ip-range=10.43.0.0/16",
            "--authorization-mode=RBAC",
            "--endpoint-reconciler-type=none",
        ]

    def _controllers(self):
        return [
            f"--kubeconfig={self._folder}/kubeconfig",
            f"--service-account-private-key-file={self._folder}/service.key",
            f"--root-ca-file={self._folder}/ca.crt",
            f"--controllers={_CONTROLLERS}",
            "--leader-elect=false",
            "--secure-port=0",
        ]


class _Authority:
    """The control plane's certificates, made on the spot."""

    def __init__(self, folder):
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test-ca")])
        self._certificate = self._sign(self._name, self._key.public_key(), is_authority=True)
        service = rsa.generate_private_key(65537, 2048)
        (folder / "ca.crt").write_bytes(_pem(self._certificate))
        (folder / "service.key").write_bytes(_private(service))
        certificate, key = self._issue("kube-apiserver", "")
        (folder / "server.crt").write_bytes(certificate)
        (folder / "server.key").write_bytes(key)

    def kubeconfig(self, server):
        certificate, key = self._issue("admin", "system:masters")
        (self._folder / "admin.crt").write_bytes(certificate)
        (self._folder / "admin.key").write_bytes(key)
        cluster = {"server": server, "certificate-authority": f"{self._folder}/ca.crt"}
        user = {
            "client-certificate": f"{self._folder}/admin.crt",
            "client-key": f"{self._folder}/admin.key",
        }
        return yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "c", "cluster": cluster}],
                "users": [{"name": "u", "user": user}],
                "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
                "current-context": "x",
            }
        )

    def _issue(self, name, group):
        key = ec.generate_private_key(ec.SECP256R1())
        parts = [x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]
        if group:
            parts.append(x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, group))
        return _pem(self._sign(x509.Name(parts), key.public_key())), _private(key)

    def _sign(self, subject, public, *, is_authority=False):
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        )
        if not is_authority:
            address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
            builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
        return builder.sign(self._key, SHA256())


def _programs():
    pins = (_ROOT / "lab/k3s/go.sum").read_bytes() if (_ROOT / "lab/k3s/go.sum").exists() else b""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    cache = Path(os.environ.get("GROUNDWORK_CACHE") or Path(home) / "groundwork")
    return cache / f"control-plane-{hashlib.sha256(pins).hexdigest()[:12]}"


def _build(target):
    aside = Path(f"{target}.new")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    for pins in ("go.mod", "go.sum"):
        shutil.copy(_ROOT / "lab/k3s" / pins, aside)
    flags = ["-mod=mod", "-trimpath", "-buildvcs=false", "-ldflags=-s -w " + _version_flags()]
    command = ["nice", "go", "build", *flags, "-o", f"{aside}/", *_PACKAGES.values()]
    subprocess.run(command, cwd=aside, check=True, env={**os.environ, "GOFLAGS": ""})
    aside.rename(target)


def _version_flags():
    package = "k8s.io/component-base/version"
    named = {"gitVersion": "v1.36.4", "gitMajor": "1", "gitMinor": "36"}
    return " ".join(f"-X {package}.{name}={value}" for name, value in named.items())


def _free_ports(count):
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private(key):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
