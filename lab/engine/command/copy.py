"""remote:CopyToRemote: a file, a text or a folder on another host, over SFTP.

Mode bits and owners are not carried over, nothing is ever removed, and a change of the connection
alone copies nothing. Behaviour: https://github.com/pulumi/pulumi-command, copyController.go
"""

import secrets
from collections.abc import Callable

from lab.engine.command.inputs import checked_connection
from lab.engine.properties import Properties, Source, content_hash, reveal
from lab.engine.provider import Checked, Failure, Log, Request, Resource

_ID_BYTES = 4


class CopyToRemote(Resource):
    """A source that is copied when its content or its destination changes."""

    replace_on = frozenset({"triggers"})

    def __init__(self, log: Callable[[], Log]) -> None:
        self._log = log

    async def check(self, request: Request) -> Checked:
        """The inputs with a complete connection and a source that lies on this machine."""
        answer = checked_connection(request.inputs)
        source = reveal(request.inputs.get("source"))
        wrong = isinstance(source, Source) and source.text is None and source.path is None
        if source is None or wrong:
            rule = "source must be a FileAsset, a StringAsset or a FileArchive of this machine"
            return Checked(answer.inputs, [*answer.failures, Failure("source", rule)])
        return answer

    async def create(self, request: Request) -> tuple[str, Properties]:
        """Copy."""
        if request.preview:
            return "", request.inputs
        await self._copy(request)
        return secrets.token_hex(_ID_BYTES), request.inputs

    async def update(self, request: Request) -> Properties:
        """Copy again if the content or the destination is another; else record the inputs."""
        old, new = reveal(request.state), reveal(request.inputs)
        if not request.preview and (
            old["remotePath"] != new["remotePath"]
            or content_hash(old["source"]) != content_hash(new["source"])
        ):
            await self._copy(request)
        return request.inputs

    async def _copy(self, request: Request) -> None:
        # Not above: the SSH library takes a while to load, and a preview has no use for it.
        from lab.engine.command.transfer import transfer  # noqa: PLC0415

        log = self._log()
        await transfer(
            reveal(request.inputs), lambda text: log.info(text, request.urn, status=True)
        )
