import gzip
import hashlib
import io
import json
import os
import tarfile
from dataclasses import dataclass, replace

import pytest

from lab.images import names, oci
from lab.images.files import Copy, Folders, Link
from lab.images.layer import Layer, Owned, packed
from lab.images.recipes import RECIPES


@dataclass(frozen=True)
class Written:
    """A step that writes files in a given order, at a given time."""

    files: tuple[tuple[str, str], ...]
    time: int = 1

    def sources(self):
        return ()

    def apply(self, root):
        for name, content in self.files:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(content)
            os.utime(root / name, (self.time, self.time))


def layer(*steps, **owned):
    return Layer(name="test", steps=steps, owned=owned)


def entries(layer):
    with tarfile.open(layer.path) as tar:
        return {entry.name: entry for entry in tar}


def test_equal_content_gives_equal_bytes_whenever_and_in_whatever_order_it_is_written(tmp_path):
    first = layer(Written((("b", "2"), ("a/c", "1")), time=1))
    second = layer(Written((("a/c", "1"), ("b", "2")), time=2_000_000_000))

    one, two = packed(first, tmp_path), packed(second, tmp_path)

    assert one.path != two.path
    assert one.path.read_bytes() == two.path.read_bytes()


def test_digests_are_of_the_file_and_of_its_content(tmp_path):
    one = packed(layer(Written((("a", "1"),))), tmp_path)

    compressed = one.path.read_bytes()
    assert one.digest == f"sha256:{hashlib.sha256(compressed).hexdigest()}"
    assert one.content_digest == f"sha256:{hashlib.sha256(gzip.decompress(compressed)).hexdigest()}"
    assert one.size == len(compressed)


def test_a_layer_is_roots_but_for_what_is_said_to_be_anothers(tmp_path):
    one = layer(Folders(("data", "etc")), Link("link", "data"), data=Owned(uid=999, mode=0o1777))

    found = entries(packed(one, tmp_path))

    assert (found["data"].uid, found["data"].gid, found["data"].mode) == (999, 999, 0o1777)
    assert (found["etc"].uid, found["etc"].mode) == (0, 0o755)
    assert found["link"].linkname == "data"


def test_an_owner_of_nothing_is_a_mistake(tmp_path):
    with pytest.raises(FileNotFoundError, match="no step made it"):
        packed(layer(Folders(("etc",)), data=Owned(uid=1, mode=0o755)), tmp_path)
    assert list(tmp_path.glob("test-*[0-9a-f]")) == []


def test_a_layer_is_made_once(tmp_path):
    steps = Written((("a", "1"),))
    made = []
    object.__setattr__(steps, "apply", made.append)

    packed(layer(steps), tmp_path)
    packed(layer(steps), tmp_path)

    assert len(made) == 1


def test_the_key_follows_steps_sources_and_owners(tmp_path, monkeypatch):
    monkeypatch.setattr("lab.images.files.HERE", tmp_path)
    (tmp_path / "script").write_text("1")
    one = layer(Copy("script", "usr/bin/script"))
    keys = {one.key, layer(Copy("script", "usr/bin/other")).key}
    keys.add(replace(one, owned={"usr": Owned(uid=1, mode=0o755)}).key)
    assert one.key in keys

    (tmp_path / "script").write_text("2")

    assert len(keys | {one.key}) == 4


def test_a_source_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no-such-script"):
        packed(layer(Copy("no-such-script", "a")), tmp_path)


def test_the_archive_holds_a_shared_layer_once_and_names_every_image(tmp_path):
    base = packed(layer(Written((("a", "1"),))), tmp_path)
    images = [
        oci.Image(name=f"example/{n}:1", config=oci.Config(user=n), layers=[base]) for n in "xy"
    ]

    oci.write(images, tmp_path / "archive.tar")

    with tarfile.open(tmp_path / "archive.tar") as tar:
        listed = tar.getnames()
        index = json.load(io.TextIOWrapper(tar.extractfile("index.json")))
    assert len(listed) == len(set(listed)) == 2 + 1 + 2 * 2
    annotations = [manifest["annotations"] for manifest in index["manifests"]]
    assert [each["io.containerd.image.name"] for each in annotations] == [i.name for i in images]


def test_every_named_image_has_a_recipe_and_every_recipe_a_name():
    assert set(names()) == set(RECIPES)


def test_no_image_that_serves_says_it_runs_as_root_unless_it_binds_a_low_port():
    as_root = {name for name, recipe in RECIPES.items() if not recipe.config.user}

    assert as_root == {"busybox", "coredns", "local-path-provisioner"}
