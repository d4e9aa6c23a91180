import secrets
import shutil

import pytest

from lab.images import names
from lab.images.build import build
from tests.lab.images.containers import Archive, Containers, missing
from tests.lab.images.database import Database


@pytest.fixture(scope="session")
def archive(tmp_path_factory):
    if reason := missing():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("images")
    build(folder / "images.tar")
    yield Archive(folder / "images.tar", folder / "unpacked")
    shutil.rmtree(folder)


@pytest.fixture
def containers(archive, tmp_path):
    made = Containers(archive, tmp_path)
    yield made
    made.close()


@pytest.fixture
def database(containers, tmp_path):
    """A database that is not started yet, on a volume as Kubernetes' local volumes are."""
    volume = tmp_path / "volume"
    volume.mkdir()
    volume.chmod(0o777)
    return Database(containers, names()["postgres"], volume, secrets.token_hex(8))
