"""A control plane for the session, and programs that work on it."""

import secrets
from textwrap import dedent

import pytest

from lab.engine.kubernetes.api import Api, Kind
from lab.engine.kubernetes.kubeconfig import connection, parse
from tests.engine.kubernetes import control_plane
from tests.engine.kubernetes.kubelet import Kubelet

_HEAD = """
import pulumi
import pulumi_kubernetes as k8s
NS = {namespace!r}
def provider(name="k", **settings):
    chosen = {{"kubeconfig": {kubeconfig!r}, "cluster_identifier": "one"}} | settings
    return pulumi.ResourceOptions(provider=k8s.Provider(name, **chosen))
def meta(name=None, **annotations):
    named = {{"name": name}} if name else {{}}
    noted = {{f"pulumi.com/{{key}}": value for key, value in annotations.items()}}
    return {{**named, "namespace": NS, "annotations": noted}}
def pod(image, **labels):
    spec = {{"containers": [{{"name": "main", "image": f"lab/{{image}}"}}]}}
    return {{"metadata": {{"labels": labels}}, "spec": spec}}
"""


@pytest.fixture(scope="session")
def plane(tmp_path_factory):
    """The kubeconfig of a running control plane."""
    reason = control_plane.why_not()
    if reason:
        pytest.skip(reason)
    running = control_plane.ControlPlane(tmp_path_factory.mktemp("control-plane"))
    try:
        running.start()
        kubelet = Kubelet(running.kubeconfig)
        yield running.kubeconfig
        kubelet.stop()
    finally:
        running.stop()


@pytest.fixture(scope="session")
def api(plane):
    """The API server, past the plugin."""
    server = Api(connection(parse(plane), {}))
    yield server
    server.close()


class Cluster:
    """A namespace of the test's own, and the programs that use it."""

    def __init__(self, api, kubeconfig):
        self.api, self.kubeconfig = api, kubeconfig
        self.namespace = f"t-{secrets.token_hex(4)}"
        self.make("v1", "Namespace", self.namespace, namespace="")

    def program(self, body, **settings):
        """A program with the options `o`, of a provider with these settings."""
        head = _HEAD.format(namespace=self.namespace, kubeconfig=self.kubeconfig)
        return f"{head}o = provider(**{settings!r})\n{dedent(body)}"

    def make(self, api_version, kind, name, *, namespace=None, **fields):
        """An object made by somebody else."""
        metadata = {"name": name}
        if namespace != "":
            metadata["namespace"] = self.namespace
        obj = {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}
        return self.api.create(obj, manager="somebody-else", dry_run=False)

    def apply(self, api_version, kind, name, manager, **fields):
        """Fields applied by another manager, by force."""
        metadata = {"name": name, "namespace": self.namespace}
        obj = {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}
        return self.api.apply(obj, manager=manager, force=True, dry_run=False)

    def get(self, api_version, kind, name):
        group, _, version = api_version.rpartition("/")
        return self.api.get(Kind(group, version, kind), self.namespace, name)

    def names(self, api_version, kind):
        group, _, version = api_version.rpartition("/")
        listed = self.api.listed(Kind(group, version, kind), self.namespace)
        return [one["metadata"]["name"] for one in listed]


@pytest.fixture
def cluster(api, plane):
    return Cluster(api, plane)
