"""Releases: which names there are, and which changes a cluster survives."""

import pytest

from components.k3s.version import obstacle, parse


def test_releases_are_ordered_as_they_were_published():
    names = ["v1.35.9+k3s2", "v1.35.10+k3s1", "v1.36.0-rc1+k3s1", "v1.36.0+k3s1", "v1.36.0+k3s2"]

    assert sorted({*names}, key=parse) == names


@pytest.mark.parametrize(
    "name", ["1.36.4+k3s1", "v1.36.4", "v1.36+k3s1", "latest", "v1.36.4+rke2r1"]
)
def test_a_name_that_no_release_has_is_refused(name):
    with pytest.raises(ValueError, match=r"is no K3s release: write it as on the releases page"):
        parse(name)


@pytest.mark.parametrize("running", ["v1.36.4+k3s1", "v1.36.1+k3s1", "v1.35.8+k3s1"])
def test_a_patch_and_the_next_minor_are_one_step(running):
    assert obstacle(running, "v1.36.4+k3s1") is None


def test_a_skipped_minor_names_the_step_between():
    reason = obstacle("v1.34.2+k3s1", "v1.36.4+k3s1")

    assert "skips 1 minor" in reason
    assert "to a v1.35 release first" in reason


def test_a_datastore_does_not_go_back():
    assert "a datastore does not go back" in obstacle("v1.36.4+k3s1", "v1.36.3+k3s1")
