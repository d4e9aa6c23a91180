import pytest

from components.storage import manifests
from components.storage.spec import LocalPath, Purpose
from tests.unit.components.platform import plain

LOCAL = LocalPath(kind="local-path")


@pytest.mark.parametrize("purpose", [Purpose.DATABASE, Purpose.BULK])
def test_a_volume_of_the_local_provisioner_is_for_one_node(purpose):
    assert plain(manifests.claim(LOCAL, purpose, "5Gi")) == {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "local-path",
        "resources": {"requests": {"storage": "5Gi"}},
    }


def test_the_local_provisioner_has_nothing_to_share():
    assert Purpose.SHARED not in LOCAL.classes
