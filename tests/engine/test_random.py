"""The random resources: what is drawn, what is secret, what replaces."""

import base64
import re
from types import SimpleNamespace

import bcrypt
import pytest

PROGRAM = """
import pulumi, pulumi_random as random
draws = {
    "password": random.RandomPassword("password", length=LENGTH, special=SPECIAL,
                                      keepers={"k": pulumi.Output.secret("hunter2")}),
    "minima": random.RandomPassword("minima", length=8, min_numeric=2, min_upper=2, min_lower=2,
                                    min_special=2, override_special="_"),
    "string": random.RandomString("string", length=12, upper=False, numeric=False, special=False),
    "uuid": random.RandomUuid("uuid"),
    "integer": random.RandomInteger("integer", min=3, max=5),
}
for name, drawn in draws.items():
    pulumi.export(name, drawn.result)
ident = random.RandomId("id", byte_length=4, prefix="p-")
pulumi.export("id", [ident.hex, ident.dec, ident.b64_std, ident.b64_url, ident.id])
some = random.RandomBytes("bytes", length=16)
pulumi.export("bytes", [some.base64, some.hex])
pulumi.export("shuffle", random.RandomShuffle("shuffle", inputs=["a", "b", "c"]).results)
"""


@pytest.fixture(scope="module")
def drawn(story):
    """The program brought up, previewed with defaults spelt out, and with another length."""

    def program(length, special):
        return PROGRAM.replace("LENGTH", length).replace("special=SPECIAL,", special)

    project, _ = story(lambda _host: program("24", ""))
    project.up()
    made = SimpleNamespace(
        outputs=project.outputs(), resources=project.resources(), stored=project.stored()
    )
    project.program(program("24", "special=True,"))
    made.spelt_out = project.planned()
    project.program(program("25", ""))
    made.longer = project.planned()
    return made


def test_a_password_is_secret_with_its_hash_and_its_id_is_none(drawn):
    password, resource = drawn.outputs["password"], drawn.resources["password"]
    hashed = resource["outputs"]["bcryptHash"]["plaintext"].strip('"')

    assert len(password) == 24
    assert resource["id"] == "none"
    assert bcrypt.checkpw(password.encode(), hashed.encode())
    assert password not in drawn.stored
    assert hashed not in drawn.stored


def test_keepers_keep_their_secretness(drawn):
    assert "hunter2" not in drawn.stored


def test_minima_and_classes_are_kept_to(drawn):
    assert re.fullmatch(r"[a-zA-Z0-9_]{8}", drawn.outputs["minima"])
    assert all(
        len(re.findall(one, drawn.outputs["minima"])) >= 2
        for one in ("[0-9]", "[A-Z]", "[a-z]", "_")
    )
    assert re.fullmatch("[a-z]{12}", drawn.outputs["string"])


def test_an_id_is_the_same_bytes_in_every_notation(drawn):
    hexadecimal, decimal, std, url, ident = drawn.outputs["id"]

    assert bytes.fromhex(hexadecimal.removeprefix("p-")) == base64.b64decode(std[2:])
    assert int(decimal[2:]) == int.from_bytes(bytes.fromhex(hexadecimal.removeprefix("p-")))
    assert url == f"p-{ident}"


def test_bytes_are_secret_but_for_their_id(drawn):
    text, hexadecimal = drawn.outputs["bytes"]

    assert base64.b64decode(text).hex() == hexadecimal
    assert hexadecimal not in drawn.stored
    assert drawn.resources["bytes"]["id"] == text, "as with the official plugin: in the clear"


def test_a_string_and_a_uuid_are_in_the_clear(drawn):
    assert drawn.outputs["string"] in drawn.stored
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", drawn.outputs["uuid"])


def test_a_number_is_in_its_range_and_a_shuffle_loses_nothing(drawn):
    assert 3 <= drawn.outputs["integer"] <= 5
    assert sorted(drawn.outputs["shuffle"]) == ["a", "b", "c"]


def test_spelling_out_a_default_changes_nothing(drawn):
    assert "password" not in drawn.spelt_out


def test_another_length_replaces(drawn):
    assert "replace" in drawn.longer["password"]
    assert "uuid" not in drawn.longer


def test_an_impossible_wish_is_refused_before_anything_runs(workspace):
    project = workspace(
        "import pulumi_random as r\nr.RandomPassword('p', length=3, min_upper=2, min_lower=2)\n"
    )

    assert "length 3 must be at least 4" in project.pulumi("preview", status=1)
