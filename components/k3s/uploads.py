"""K3s' files from the operator's machine to a host that downloads nothing."""

from pathlib import Path

import pulumi
from pulumi_command import remote

from components.k3s.artifacts import FolderArtifacts, sums
from components.k3s.connection import Connections
from components.k3s.spec import Cluster


def uploads(
    prefix: str,
    cluster: Cluster,
    connections: Connections,
    node: str,
    opts: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """The copies for a node: none but with `artifacts: {kind: folder}`.

    They end where any user may write. `prepare` takes them from there, and checks its own copy.
    """
    artifacts, spec = cluster.artifacts, cluster.nodes[node]
    if not isinstance(artifacts, FolderArtifacts):
        return []
    files = artifacts.files(spec.architecture)
    if artifacts.unpinned(spec.architecture):
        files.append(sums(spec.architecture))
    # Relative to the project, as written: the state must not know where a clone lies.
    source = Path(artifacts.path).expanduser() / cluster.version
    return [
        remote.CopyToRemote(
            f"{prefix}-upload-{node}-{file}",
            connection=connections.to(node),
            source=pulumi.FileAsset(str(source / file)),
            remote_path=f"{artifacts.upload(cluster.version)}/{file}",
            # A copy has no way to see that a host was reinstalled, and nothing to undo.
            triggers=[spec.generation, connections.routes[node].host_key or ""],
            opts=opts,
        )
        for file in files
    ]
