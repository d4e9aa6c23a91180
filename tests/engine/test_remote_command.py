"""remote.Command's life: what runs when, and what is kept. Real engine, real SSH."""

from types import SimpleNamespace

import pytest

TEXTS = {
    "create": "echo create >> {0}; echo made",
    "update": "echo update >> {0}; echo changed",
    "delete": "echo delete >> {0}",
}

# Each row is a command: what differs from TEXTS and other arguments, before and after the change.
ROWS = {
    "unchanged": ({}, {}),
    "no_create": ({"create": None, "update": None}, {"create": None, "update": None}),
    "no_delete": ({"delete": None}, {"delete": None}),
    "stdin": ({}, {"stdin": "other"}),
    "create_text": ({}, {"create": "echo another"}),
    "delete_text": ({}, {"delete": "echo gone >> {0}"}),
    "logging": ({}, {"logging": "stderr"}),
    "connection": ({}, {"dial_error_limit": 3}),
    "no_update": ({"update": None}, {"update": None, "stdin": "other"}),
    "update_added": ({"update": None}, {}),
    "triggers": ({"triggers": [1]}, {"triggers": [2]}),
    "delete_first": (
        {"triggers": [1], "delete_before_replace": True},
        {"triggers": [2], "delete_before_replace": True},
    ),
    "retained": ({"retain_on_delete": True}, {"retain_on_delete": True}),
}

BODY = """

for name, row in ROWS.items():
    connection = {**FIELDS, "dial_error_limit": row.pop("dial_error_limit", 2)}
    options = {key: row.pop(key) for key in ("delete_before_replace", "retain_on_delete")
               if key in row}
    texts = {key: f"cd {DIRECTORY}; " + row.pop(key).format(name)
             for key in ("create", "update", "delete") if row[key] or row.pop(key)}
    command = remote.Command(
        name, connection=remote.ConnectionArgs(**connection), **texts,
        **({"logging": "none", "add_previous_output_in_env": False} | row),
        opts=pulumi.ResourceOptions(**options))
    pulumi.export(name, command.stdout)
    if name == "stdin":
        remote.Command("follower", connection=remote.ConnectionArgs(**FIELDS),
                       create="true", triggers=[command.stdout])
        remote.Command("inside", connection=remote.ConnectionArgs(**FIELDS), create="true",
                       delete=f"echo delete >> {DIRECTORY}/inside",
                       opts=pulumi.ResourceOptions(deleted_with=command))
"""


def program(host, index):
    rows = {name: TEXTS | row[index] for name, row in ROWS.items()}
    return host.head() + f"ROWS = {rows!r}\n" + BODY


@pytest.fixture(scope="module")
def life(story):
    """All rows through up, preview of the change, up, up again, refresh and destroy."""
    project, host = story(lambda host: program(host, 0))

    def logs():
        return {name: host.lines(name) for name in [*ROWS, "inside"]}

    project.up()
    made = logs()
    project.program(program(host, 1))
    planned, previewed = project.planned(), logs()
    project.up()
    changed, outputs = logs(), project.outputs()
    idle = project.up()
    (host.folder / "stdin").unlink()
    refreshed = project.pulumi("refresh")
    # What a destroy runs is in the state: the program no longer says any of it.
    project.program("")
    project.pulumi("destroy")
    return SimpleNamespace(
        made=made,
        planned=planned,
        previewed=previewed,
        changed=changed,
        outputs=outputs,
        idle=idle,
        refreshed=refreshed,
        destroyed=logs(),
    )


def test_a_first_up_runs_create_and_nothing_else(life):
    assert life.made["unchanged"] == ["create"]


def test_without_a_change_nothing_runs(life):
    assert life.changed["unchanged"] == ["create"]
    assert f"{len(ROWS) + 3} unchanged" in life.idle


def test_without_create_nothing_runs_and_the_outputs_are_empty(life):
    assert life.changed["no_create"] == []
    assert life.outputs["no_create"] == ""


@pytest.mark.parametrize("row", ["stdin", "create_text", "delete_text", "logging", "connection"])
def test_a_change_of_any_other_input_runs_update(life, row):
    assert life.changed[row] == ["create", "update"]
    assert life.outputs[row] == "changed"


def test_without_update_a_change_runs_create_again(life):
    assert life.changed["no_update"] == ["create", "create"]


def test_an_update_that_is_added_later_runs_at_once(life):
    assert life.changed["update_added"] == ["create", "update"]


def test_changed_triggers_replace_even_where_update_is_set(life):
    assert life.changed["triggers"] == ["create", "create", "delete"], "new first, then the old"


def test_delete_before_replace_turns_the_order_round(life):
    assert life.changed["delete_first"] == ["create", "delete", "create"]


def test_a_preview_runs_nothing(life):
    assert life.previewed == life.made


def test_a_preview_does_not_know_the_output_of_what_will_run(life):
    assert life.planned["stdin"] == "update"
    assert "replace" in life.planned["follower"], "an unknown trigger counts as another one"


def test_a_refresh_does_not_notice_what_happened_on_the_host(life):
    assert f"{len(ROWS) + 3} unchanged" in life.refreshed


def test_a_destroy_runs_delete_as_the_state_has_it(life):
    assert life.destroyed["delete_text"] == ["create", "update", "gone"]


def test_without_delete_a_destroy_runs_nothing(life):
    assert life.destroyed["no_delete"] == ["create"]


def test_what_is_retained_on_delete_runs_no_delete(life):
    assert life.destroyed["retained"] == ["create"]


def test_what_is_deleted_with_another_resource_runs_no_delete(life):
    assert life.destroyed["inside"] == []


def test_a_failed_run_is_tried_again_and_its_inputs_are_not_recorded(workspace, host):
    def texts(create, stdin):
        return host.program(
            "remote.Command('c', connection=CONNECTION, "
            f"create=f'cd {{DIRECTORY}}; echo create >> log; {create}', stdin={stdin!r}, "
            "delete=f'echo delete >> {DIRECTORY}/log', **QUIET)"
        )

    project = workspace(texts("exit 3", "one"))

    failed = project.pulumi("up", status=1)
    assert "c" not in project.resources(), "what could not be created is not there"
    assert 'Process exited with status 3: running "cd /' in failed

    project.up(texts("true", "one"))
    project.program(texts("test -e fixed", "two"))
    project.pulumi("up", status=1)
    assert project.resources()["c"]["inputs"]["stdin"] == "one"

    (host.folder / "fixed").touch()
    project.up()
    assert project.resources()["c"]["inputs"]["stdin"] == "two"
    assert host.lines() == ["create"] * 4, "and no delete of what never was"
