"""What is wrong with the files that a cluster section names, beside the stack file."""

from collections.abc import Iterator
from pathlib import Path

from components.k3s.artifacts import FolderArtifacts, sums
from components.k3s.known_hosts import host_key
from components.k3s.spec import Cluster
from components.k3s.ssh import KeyFileAuth, KnownHosts


def problems(cluster: Cluster, root: Path) -> list[str]:
    """A line for each mistake: path in the stack file, what is wrong, the way out."""
    lines = [*_host_keys(cluster, root), *_key_file(cluster, root), *_folder(cluster, root)]
    return [f"cluster.{line}" for line in lines]


def path_of(written: str, root: Path) -> Path:
    """A path of the stack file: `~` is the operator's home, the rest lies below the project."""
    return root / Path(written).expanduser()


def _host_keys(cluster: Cluster, root: Path) -> Iterator[str]:
    trust = cluster.ssh.host_keys
    if not isinstance(trust, KnownHosts):
        return
    try:
        text = path_of(trust.path, root).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        yield (
            f"ssh.hostKeys.path: {trust.path} cannot be read ({_reason(error)}): "
            "make it with `python -m ops scan-host-keys`"
        )
        return
    wanted = [(f"nodes.{n}", node.host, cluster.ssh.port) for n, node in cluster.living.items()]
    if bastion := cluster.ssh.bastion:
        wanted.append(("ssh.bastion", bastion.host, bastion.port))
    for path, host, port in wanted:
        try:
            host_key(text, host, port)
        except ValueError as error:
            yield f"{path}: {trust.path} holds {error}"


def _key_file(cluster: Cluster, root: Path) -> Iterator[str]:
    auth = cluster.ssh.auth
    if not isinstance(auth, KeyFileAuth):
        return
    try:
        text = path_of(auth.path, root).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        yield (
            f"ssh.auth.path: {auth.path} cannot be read ({_reason(error)}): "
            "name a private key, or use kind: agent"
        )
        return
    if text.startswith(("ssh-", "ecdsa-", "sk-")):
        yield f"ssh.auth.path: {auth.path} is a public key: name the file without .pub"


def _folder(cluster: Cluster, root: Path) -> Iterator[str]:
    artifacts = cluster.artifacts
    if not isinstance(artifacts, FolderArtifacts):
        return
    folder = path_of(artifacts.path, root) / cluster.version
    if not folder.is_dir():
        yield f"artifacts.path: no folder {artifacts.path}/{cluster.version}: put its files there"
        return
    for architecture in sorted({node.architecture for node in cluster.living.values()}):
        files = artifacts.files(architecture)
        if artifacts.unpinned(architecture):
            files.append(sums(architecture))
        for name in files:
            if not (folder / name).is_file():
                yield f"artifacts.path: {artifacts.path}/{cluster.version} lacks {name}: add it"


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return error.strerror or "no reason given" if isinstance(error, OSError) else "not text"
