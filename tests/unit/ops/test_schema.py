import json

import jsonschema
import pytest
import yaml

from ops import schema
from tests.unit.program.stacks import ROOT, STACKS


def test_the_committed_schema_is_the_models():
    assert schema.TARGET.read_text() == schema.text(), "run `make schema`"


@pytest.mark.parametrize("stack", STACKS)
def test_an_editor_finds_no_fault_in_the_stacks_of_the_repository(stack):
    validator = jsonschema.Draft202012Validator(json.loads(schema.text()))

    validator.validate(yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text()))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("groundwork:cluster", "version"), 1.36),
        (("groundwork:cluster", "vershion"), "v1.36.4+k3s1"),
        (("groundwork:cluster", "nodes", "s1", "role"), "master"),
        (("groundwork:systems", "ffe", "profil"), "production"),
    ],
)
def test_an_editor_marks_a_mistake(path, value):
    stack = yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text())
    section = stack["config"]
    for step in path[:-1]:
        section = section[step]
    section[path[-1]] = value

    validator = jsonschema.Draft202012Validator(json.loads(schema.text()))

    assert list(validator.iter_errors(stack))
