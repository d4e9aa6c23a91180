"""K3s' release names, and which change from one to another a cluster survives."""

import re
from functools import total_ordering
from typing import Annotated, NamedTuple

from pydantic import AfterValidator

_RELEASE = re.compile(r"v(\d+)\.(\d+)\.(\d+)(?:-rc(\d+))?\+k3s(\d+)")
_FINAL = 1_000_000  # a release candidate comes before its release


@total_ordering
class Release(NamedTuple):
    """A release as numbers, in the order of publication."""

    major: int
    minor: int
    patch: int
    candidate: int
    packaging: int


def parse(version: str) -> Release:
    """The numbers in `version`; ValueError when it is no release's name."""
    match = _RELEASE.fullmatch(version)
    if match is None:
        raise ValueError(
            f'{version} is no K3s release: write it as on the releases page, such as "v1.36.4+k3s1"'
        )
    major, minor, patch, candidate, packaging = match.groups()
    numbers = (int(n) for n in (major, minor, patch, candidate or _FINAL, packaging))
    return Release(*numbers)


def _release(version: str) -> str:
    parse(version)
    return version


K3sVersion = Annotated[str, AfterValidator(_release)]


def obstacle(running: str, wanted: str) -> str | None:
    """Why a cluster cannot go from `running` to `wanted`, and the way out. None: it can.

    https://kubernetes.io/releases/version-skew-policy/: an API server's minor goes up one by one,
    and etcd's data does not go back.
    """
    old, new = parse(running), parse(wanted)
    if new < old:
        return (
            f"runs {running}, and {wanted} is older: a datastore does not go back; "
            "keep the version, or restore a snapshot taken before the upgrade"
        )
    if new.major == old.major and new.minor > old.minor + 1:
        step = f"v{old.major}.{old.minor + 1}"
        return (
            f"runs {running}, and {wanted} skips {new.minor - old.minor - 1} minor version(s): "
            f"go up one by one, to a {step} release first"
        )
    return None
