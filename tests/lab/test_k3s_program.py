"""The stand-in for K3s as a program: its own tests, and both versions of it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from lab.k3s import build

SOURCES = Path(build.__file__).parent
VERSIONS = [f"{version}+k3s1" for version in build.versions()]
needs_go = pytest.mark.skipif(not shutil.which("go"), reason="the stand-in is built with Go")


@needs_go
def test_its_own_tests_pass():
    tested = subprocess.run(
        # With these settings, those of its build, Kubernetes' modules are not compiled again.
        ["go", "test", "-trimpath", "./..."], cwd=SOURCES,
        env={**os.environ, "CGO_ENABLED": "0"}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_an_upgrade_has_a_version_to_come_from():
    assert len(VERSIONS) == 2


@needs_go
@pytest.mark.parametrize("version", VERSIONS)
def test_it_says_which_version_it_is_and_that_it_is_not_k3s(version, tmp_path):
    build.build(version, tmp_path / "k3s")

    said = subprocess.run(
        [tmp_path / "k3s", "--version"], check=True, capture_output=True, text=True
    ).stdout

    assert said.split()[2] == version
    assert "stand-in" in said
    assert "not K3s" in said
