"""A fresh host for each test of host scripts."""

import os
import shutil

import pytest

from tests.scripts.sandbox import Host


@pytest.fixture
def host(tmp_path):
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("a host of its own needs root and unshare")
    return Host(tmp_path / "host")


@pytest.fixture(scope="session")
def untouched(tmp_path_factory):
    """What verbs leave on a host when nothing interrupts them."""
    known = {}

    def files(*verbs):
        if verbs not in known:
            clean = Host(tmp_path_factory.mktemp("clean") / "host")
            for verb in verbs:
                clean.does(verb)
            known[verbs] = clean.files()
        return known[verbs]

    return files
