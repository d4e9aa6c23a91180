"""Files over SFTP: a file, a text or a folder onto another host."""

import asyncio
import posixpath
from collections.abc import Iterator
from pathlib import Path

import asyncssh

from lab.engine.command.connection import Progress, dial
from lab.engine.properties import Properties, Source
from lab.engine.provider import ProviderError


async def transfer(inputs: Properties, progress: Progress) -> None:
    """Copy the source of plain inputs to its place on the host."""
    connection = await dial(inputs["connection"], progress)
    async with connection:
        try:
            async with connection.start_sftp_client() as sftp:
                await _put(sftp, inputs["source"], inputs["remotePath"])
        except (asyncssh.Error, OSError) as error:
            raise ProviderError(f"copying to {inputs['remotePath']}: {error}") from error


async def _put(sftp: asyncssh.SFTPClient, source: Source, destination: str) -> None:
    is_folder = await sftp.isdir(destination)
    if source.text is not None:
        if is_folder:
            raise ProviderError(
                f"remote path {destination} is a directory; "
                "when using a text asset, remotePath must be a file path"
            )
        await _put_file(sftp, source.text.encode(), destination)
        return
    for path, target in _entries(source.path or "", destination, is_folder=is_folder):
        content = await asyncio.to_thread(_content, path)
        if content is None:
            await _make_folder(sftp, target)
        else:
            await _put_file(sftp, content, target)


def _entries(source: str, destination: str, *, is_folder: bool) -> Iterator[tuple[Path, str]]:
    """Each file and folder of the source, with its place on the host, folders first.

    A file goes into a destination that is a folder; `dir` becomes destination/dir, and of `dir/`
    the content goes into the destination.
    """
    root = Path(source)
    if not root.is_dir():
        yield root, posixpath.join(destination, root.name) if is_folder else destination
        return
    target = destination if source.endswith("/") else posixpath.join(destination, root.name)
    yield root, target
    for path in sorted(root.rglob("*")):
        if path.is_symlink() and path.is_dir():
            raise ProviderError(f"failed to copy {path}: a link to a directory is not followed")
        yield path, posixpath.join(target, path.relative_to(root).as_posix())


def _content(path: Path) -> bytes | None:
    """A file's content, None for a folder."""
    return None if path.is_dir() else path.read_bytes()


async def _put_file(sftp: asyncssh.SFTPClient, content: bytes, destination: str) -> None:
    """Write in place, as the server's umask has it: an existing file keeps its mode."""
    await _make_folder(sftp, posixpath.dirname(destination))
    async with sftp.open(destination, "wb") as handle:
        await handle.write(content)


async def _make_folder(sftp: asyncssh.SFTPClient, path: str) -> None:
    if path:
        await sftp.makedirs(path, exist_ok=True)
