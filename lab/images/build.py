"""The archive of every image in images.json: `python -m lab.images.build OUT.tar`.

What containerd's `ctr -n k8s.io images import`, and a K3s host's agent/images folder, take.
"""

import argparse
import filecmp
import os
import time
from pathlib import Path

from lab.cache import locked, root
from lab.images import names, oci
from lab.images.layer import Layer, Packed, packed
from lab.images.recipes import RECIPES
from lab.progress import say


def build(out: Path) -> None:
    """Write the archive to `out`. Layers come from the cache; what is missing there is made."""
    store = root() / "images"
    store.mkdir(exist_ok=True)
    with locked(store / "build"):
        images = [
            oci.Image(
                name=name,
                config=RECIPES[key].config,
                layers=[_layer(layer, store / "layers") for layer in RECIPES[key].layers],
            )
            for key, name in sorted(names().items())
        ]
    out.parent.mkdir(parents=True, exist_ok=True)
    aside = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        oci.write(images, aside)
        # An equal archive stays as it is: its time is what tells a host to import it again.
        if not (out.exists() and filecmp.cmp(aside, out, shallow=False)):
            aside.replace(out)
    finally:
        aside.unlink(missing_ok=True)


def _layer(layer: Layer, store: Path) -> Packed:
    start = time.monotonic()
    result = packed(layer, store)
    seconds = time.monotonic() - start
    say(f"images: layer {layer.name:22} {seconds:6.1f} s {result.size / 1e6:7.1f} MB")
    return result


def main() -> None:
    """Build as the command line says, with progress."""
    parser = argparse.ArgumentParser(prog="python -m lab.images.build", description=__doc__)
    parser.add_argument("out", type=Path, help="the archive to write")
    out: Path = parser.parse_args().out
    start = time.monotonic()
    build(out)
    size, seconds = out.stat().st_size / 1e6, time.monotonic() - start
    say(f"images: {len(names())} images in {out} ({size:.1f} MB, {seconds:.1f} s)")


if __name__ == "__main__":
    main()
