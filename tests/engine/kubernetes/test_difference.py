"""Differences, names, quantities and secrets: what the plugin decides without a server."""

import pytest

from lab.engine.kubernetes import difference, managed_fields, objects, paths, plan, replacement
from lab.engine.kubernetes.quantity import canonical, canonical_in
from lab.engine.properties import UNKNOWN, Secret
from lab.engine.provider import Kind, ProviderError, Request


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("0.5Gi", "512Mi"),
        ("1000m", "1"),
        (0.5, "500m"),
        (2, "2"),
        ("2000", "2k"),
        ("1e3", "1e3"),
        ("0", "0"),
        ("5Gi", "5Gi"),
        ("0.1", "100m"),
        ("70%", "70%"),
        ("latest", "latest"),
        (True, True),
    ],
)
def test_a_quantity_is_written_as_the_api_server_does(written, stored):
    assert canonical(written) == stored


def test_only_fields_that_hold_quantities_are_rewritten():
    spec = {"replicas": 1000, "resources": {"limits": {"cpu": "1000m"}}, "args": ["1000m"]}

    assert canonical_in(spec) == {
        "replicas": 1000,
        "resources": {"limits": {"cpu": "1"}},
        "args": ["1000m"],
    }


@pytest.mark.parametrize(
    "text",
    [
        "spec.replicas",
        'metadata.labels["app.kubernetes.io/name"]',
        "spec.ports[0].name",
        'a["x.y"]',
    ],
)
def test_a_path_is_read_and_written_alike(text):
    assert paths.write(paths.parse(text)) == text


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1}, {}),
        ({"a": 1}, {"a": 1.0}, {}),
        ({"a": 1}, {"a": True}, {"a": Kind.UPDATE}),
        ({"a": 1}, {"a": 2}, {"a": Kind.UPDATE}),
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}, {"a.c": Kind.ADD}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, {"a.c": Kind.DELETE}),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}, {"b": 3}]}, {"a[0].b": Kind.UPDATE, "a[1]": Kind.ADD}),
        ({"a": [1, 2]}, {"a": [1]}, {"a[1]": Kind.DELETE}),
        ({"a": 1}, {"a": UNKNOWN}, {"a": Kind.UPDATE}),
        ({}, {"a": UNKNOWN}, {"a": Kind.ADD}),
        ({"a": {"b": 1}}, {"a": UNKNOWN}, {"a": Kind.UPDATE}),
        ({}, {"a": None}, {}),
        ({"x.y/z": "1"}, {"x.y/z": "2"}, {'["x.y/z"]': Kind.UPDATE}),
    ],
)
def test_a_difference_is_told_by_its_path(old, new, expected):
    assert difference.compare(old, new) == expected


DEPLOYMENT = {"apiVersion": "apps/v1", "kind": "Deployment"}
SECRET = {"apiVersion": "v1", "kind": "Secret"}
CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap"}


@pytest.mark.parametrize(
    ("obj", "mutable", "text", "replaces"),
    [
        (DEPLOYMENT, False, "spec.selector.matchLabels.app", True),
        (DEPLOYMENT, False, "spec.replicas", False),
        (DEPLOYMENT, False, "metadata.name", True),
        ({"apiVersion": "batch/v1", "kind": "Job"}, False, "spec.template.spec.x", True),
        ({"apiVersion": "batch/v1", "kind": "Job"}, False, "spec.backoffLimit", False),
        ({"apiVersion": "v1", "kind": "Pod"}, False, "spec.containers[1].image", True),
        ({"apiVersion": "v1", "kind": "Service"}, False, "spec.clusterIP", True),
        ({"apiVersion": "v1", "kind": "Service"}, False, "spec.ports[0].port", False),
        ({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass"}, False, "parameters.a", True),
        ({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget"}, False, "spec.x", False),
        ({"apiVersion": "x.test/v1", "kind": "Job"}, False, "spec.template", False),
        (SECRET, False, "data.a", True),
        (SECRET, True, "data.a", False),
        (SECRET, True, "type", True),
        (SECRET | {"immutable": True}, True, "data.a", True),
        (CONFIG_MAP, False, "data.a", True),
        (CONFIG_MAP, True, "data.a", False),
        (CONFIG_MAP | {"immutable": True}, True, "data.a", True),
    ],
)
def test_a_field_replaces_its_object_or_not(obj, mutable, text, replaces):
    fields = replacement.fields(obj, secret_mutable=mutable, config_map_mutable=mutable)

    assert any(paths.touches(one, paths.parse(text), "value") for one in fields) is replaces


def test_an_added_parent_of_a_field_replaces_too():
    found = difference.compare(
        {"spec": {}}, {"spec": {"roleRef": {"name": "a"}}}, replacing=[("spec", "roleRef", "name")]
    )

    assert found == {"spec.roleRef": Kind.ADD_REPLACE}


def test_an_ignored_path_covers_what_lies_below_it():
    found = {"spec.replicas": Kind.UPDATE, "spec.template.spec.x": Kind.ADD, "data": Kind.ADD}

    kept = difference.without(found, ["spec.template", 'spec["replicas"]'])

    assert kept == {"data": Kind.ADD}


def test_live_fields_nobody_asked_for_are_no_difference():
    live = {"spec": {"a": 1, "defaulted": 2}, "status": {}, "list": [{"a": 1, "b": 2}]}
    wanted = {"spec": {"a": 1, "empty": {}}, "list": [{"a": 1}]}

    assert objects.pruned(live, wanted) == wanted


@pytest.mark.parametrize(
    ("token", "kind", "is_patch"),
    [
        ("kubernetes:apps/v1:Deployment", ("apps", "v1", "Deployment"), False),
        ("kubernetes:core/v1:ConfigMapPatch", ("", "v1", "ConfigMap"), True),
        ("kubernetes:core/v1:Namespace", ("", "v1", "Namespace"), False),
        ("kubernetes:x.test/v1:Thing", ("x.test", "v1", "Thing"), False),
    ],
)
def test_a_type_token_names_a_kind(token, kind, is_patch):
    assert objects.kind_of_token(token) == kind
    assert objects.is_patch(token) is is_patch


def request(**fields):
    return Request(urn="urn:x", type="kubernetes:core/v1:ConfigMap", name="web", **fields)


def test_an_unnamed_object_is_named_after_its_resource():
    wanted = {"metadata": {}}

    plan.name(request(), wanted)

    name = wanted["metadata"]["name"]
    assert name.startswith("web-")
    assert len(name) == len("web-") + 8
    assert wanted["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}


def test_an_automatic_name_is_kept_and_a_given_one_is_not():
    given, automatic = {"metadata": {}}, {"metadata": {}}
    note = {"annotations": {"pulumi.com/autonamed": "true"}}

    plan.name(request(old_inputs={"metadata": {"name": "fixed"}}), given)
    plan.name(request(old_inputs={"metadata": {"name": "web-1"} | note}), automatic)

    assert "name" not in given["metadata"]
    assert automatic["metadata"]["name"] == "web-1"


def test_a_name_that_is_not_known_yet_is_a_name():
    wanted = {"metadata": {"name": UNKNOWN}}

    plan.name(request(), wanted)

    assert wanted == {"metadata": {"name": UNKNOWN}}


def test_generated_names_are_refused():
    with pytest.raises(ProviderError, match="generateName"):
        plan.name(request(), {"metadata": {"generateName": "x-"}})


def test_a_secrets_data_is_always_secret_and_string_data_is_folded_into_it():
    wanted = objects.normalized(
        objects.from_properties(SECRET | {"stringData": Secret({"a": "1"}), "data": {"b": "Mg=="}})
    )
    outputs = dict(wanted)
    objects.hide(outputs, {})

    assert wanted["data"] == {"a": "MQ==", "b": "Mg=="}
    assert "stringData" not in wanted
    assert outputs["data"] == Secret({"a": "MQ==", "b": "Mg=="})


def test_secrets_stay_where_they_came_from_and_lists_are_hidden_whole():
    outputs = {"data": {"a": "1", "b": "2"}, "list": [{"x": "3"}, {"x": "4"}]}

    objects.hide(outputs, {"data": {"a": Secret("1")}, "list": [{"x": Secret("3")}]})

    assert outputs["data"] == {"a": Secret("1"), "b": "2"}
    assert outputs["list"] == Secret([{"x": "3"}, {"x": "4"}])


def live_object(*entries):
    fields = {"f:data": {"f:a": {}}}
    managed = [
        {"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsV1": fields}
        for manager, operation in entries
    ]
    return {"metadata": {"resourceVersion": "7", "managedFields": managed}, "data": {"a": "live"}}


def test_what_the_plugin_created_is_handed_to_the_objects_own_manager():
    live = live_object(("pulumi-kubernetes", "Update"), ("somebody", "Apply"))

    [change, _] = managed_fields.take_over(live, "mine")

    owners = {(entry["manager"], entry["operation"]) for entry in change["value"]}
    assert owners == {("mine", "Apply"), ("somebody", "Apply")}


def test_an_ignored_field_is_left_out_when_it_is_foreign_and_kept_live_when_it_is_ours():
    wanted = {"metadata": {}, "data": {"a": "wanted", "b": "1"}}

    foreign = managed_fields.without_foreign(
        wanted, live_object(("somebody", "Apply")), "mine", ["data.a"]
    )
    ours = managed_fields.without_foreign(
        wanted, live_object(("mine", "Apply")), "mine", ["data.a"]
    )

    assert foreign["data"] == {"b": "1"}
    assert ours["data"] == {"a": "live", "b": "1"}
    assert wanted["data"]["a"] == "wanted", "what is wanted is not changed in place"
