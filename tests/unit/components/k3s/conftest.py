"""The component, deployed under the recording engine."""

import pulumi
import pytest

from components.k3s.cluster import K3sCluster, K3sClusterArgs
from components.secrets import Secrets
from tests.unit.components.k3s.given import cluster
from tests.unit.components.k3s.test_known_hosts import ED
from tests.unit.graph import record
from tests.unit.program.stacks import RETURNS


@pytest.fixture
def deploy(tmp_path):
    hosts = [
        "192.0.2.11",
        "192.0.2.12",
        "192.0.2.13",
        "192.0.2.21",
        "192.0.2.22",
        "192.0.2.23",
        "b",
    ]
    (tmp_path / "known_hosts").write_text("".join(f"{host} {ED}\n" for host in hosts))

    def graph(patch=None, *, preview=False):
        def program():
            args = K3sClusterArgs(
                spec=cluster(patch), secret=Secrets(pulumi.Config()), root=tmp_path
            )
            made = K3sCluster("cluster", args)
            pulumi.export("kubeconfig", made.kubeconfig)

        config = {"groundwork:registry": "the-registry-password", "groundwork:key": "the-ssh-key"}
        return record(program, returns=RETURNS, preview=preview, config=config, secret_keys=config)

    return graph
