import pytest
from pydantic import TypeAdapter, ValidationError

from components.base import Address, DnsLabel, DnsName, Image, Network, Quantity, SecretRef
from components.merge import merge


@pytest.mark.parametrize(
    ("base", "patch", "expected"),
    [
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": None}}, {"a": {"c": 2}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": 1}, {"a": {"b": None, "c": 1}}, {"a": {"c": 1}}),
        ({"a": {"b": 1}}, {"a": "text"}, {"a": "text"}),
        ({}, {"a": None}, {}),
    ],
)
def test_an_overlay_follows_rfc_7396(base, patch, expected):
    assert merge(base, patch) == expected


def test_an_overlay_leaves_what_it_is_given_alone():
    base = {"a": {"b": 1}}

    merge(base, {"a": {"c": 2}})

    assert base == {"a": {"b": 1}}


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (DnsLabel, "s1", "S1"),
        (DnsLabel, "a" * 63, "a" * 64),
        (DnsLabel, "a-b", "a-"),
        (DnsName, "app.example.com", "app..example.com"),
        (DnsName, "a." * 126 + "a", "a." * 127 + "a"),
        (Quantity, "1.5Gi", "1.5GB"),
        (Quantity, "500m", "-500m"),
        (Address, "2001:db8::1", "2001:db8::g"),
        (Network, "10.42.0.0/16", "10.42.0.1/16"),
    ],
)
def test_a_grammar_takes_what_is_right_and_refuses_what_is_not(kind, good, bad):
    adapter = TypeAdapter(kind)

    assert str(adapter.validate_python(good)) == good
    with pytest.raises(ValidationError, match="must be"):
        adapter.validate_python(bad)


@pytest.mark.parametrize("image", [{"tag": "latest"}, {}, {"tag": ""}])
def test_an_image_that_can_change_under_its_name_is_refused(image):
    with pytest.raises(ValidationError):
        Image.model_validate({"repository": "docker.io/library/postgres", **image})


def test_an_image_is_written_as_a_runtime_reads_it():
    digest = "sha256:" + "a" * 64

    assert str(Image(repository="r.io/a", tag="1")) == "r.io/a:1"
    assert str(Image(repository="r.io/a", digest=digest)) == f"r.io/a@{digest}"
    assert str(Image(repository="r.io/a", tag="1", digest=digest)) == f"r.io/a:1@{digest}"


def test_the_name_of_a_secret_that_looks_like_its_value_is_not_repeated():
    with pytest.raises(ValidationError) as refused:
        SecretRef.model_validate({"secret": "hunter2!"})

    assert "hunter2" not in str(refused.value)
