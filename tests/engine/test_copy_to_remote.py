"""remote.CopyToRemote: what arrives on the host, and when it is copied again."""

import stat
from types import SimpleNamespace

import pytest

BODY = """
def copy(name, source, path, connection=CONNECTION):
    target = f"{DIRECTORY}/{path}"
    remote.CopyToRemote(name, connection=connection, source=source, remote_path=target)

copy("text", pulumi.StringAsset(TEXT), "deep/er/text")
copy("secret", pulumi.Output.secret("hunter2").apply(pulumi.StringAsset), "secret")
copy("file", pulumi.FileAsset("run.sh"), "file")
copy("into", pulumi.FileAsset("run.sh"), "existing")
copy("folder", pulumi.FileArchive("tree"), "as")
copy("content", pulumi.FileArchive("tree/"), "of")
"""


@pytest.fixture(scope="module")
def copied(story):
    """Two texts copied one after the other, the host's files removed in between."""
    project, host = story(lambda host: host.head() + "TEXT = 'one'" + BODY)
    script = project.source / "run.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    (project.source / "tree/branch").mkdir(parents=True)
    (project.source / "tree/branch/leaf").write_text("green")
    (host.folder / "existing").mkdir()
    project.up()
    first = {
        path.relative_to(host.folder).as_posix(): path
        for path in host.folder.rglob("*")
        if path.is_file()
    }
    texts = {name: path.read_text() for name, path in first.items()}
    modes = {name: stat.S_IMODE(path.stat().st_mode) for name, path in first.items()}
    stored = project.stored()

    for name in ("deep/er/text", "file"):
        first[name].unlink()
    project.up(host.head(dial_error_limit=3) + "TEXT = 'two'" + BODY)
    project.pulumi("destroy")
    return SimpleNamespace(texts=texts, modes=modes, stored=stored, host=host.folder)


def test_a_text_arrives_and_its_folders_are_made(copied):
    assert copied.texts["deep/er/text"] == "one"


def test_a_file_goes_into_a_folder_that_is_there(copied):
    assert copied.texts["existing/run.sh"] == "#!/bin/sh\n"


def test_a_folder_arrives_under_its_name_and_with_a_slash_its_content(copied):
    assert copied.texts["as/tree/branch/leaf"] == "green"
    assert copied.texts["of/branch/leaf"] == "green"


def test_mode_bits_are_lost(copied):
    assert copied.modes["file"] == 0o644


def test_a_secret_text_is_encrypted_in_the_state_and_another_is_not(copied):
    assert "hunter2" not in copied.stored
    assert '"one"' in copied.stored


def test_another_content_is_copied_again(copied):
    assert (copied.host / "deep/er/text").read_text() == "two"


def test_another_connection_alone_copies_nothing(copied):
    assert not (copied.host / "file").exists()


def test_a_destroy_leaves_the_files(copied):
    assert (copied.host / "secret").read_text() == "hunter2"
