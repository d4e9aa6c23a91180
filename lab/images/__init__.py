"""Container images made of registries' packages, as one archive for hosts without internet."""

import json
from pathlib import Path

HERE = Path(__file__).parent


def names() -> dict[str, str]:
    """Every image of the archive: what it is for -> the full name a pod asks for."""
    table: dict[str, str] = json.loads((HERE / "images.json").read_text())
    return table
