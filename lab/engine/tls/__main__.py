"""The tls plugin's process."""

from lab.engine.plugins import version
from lab.engine.properties import Properties, reveal
from lab.engine.provider import Provider
from lab.engine.serve import serve
from lab.engine.tls.certificates import CertRequest, LocallySignedCert, SelfSignedCert
from lab.engine.tls.keys import PrivateKeyResource, algorithm, described, loaded


class TlsProvider(Provider):
    """The plugin: its four resources, and the function that tells a key's public half."""

    def __init__(self) -> None:
        resources = {
            "tls:index/certRequest:CertRequest": CertRequest(),
            "tls:index/locallySignedCert:LocallySignedCert": LocallySignedCert(),
            "tls:index/privateKey:PrivateKey": PrivateKeyResource(),
            "tls:index/selfSignedCert:SelfSignedCert": SelfSignedCert(),
        }
        super().__init__("tls", version("tls"), resources)

    async def invoke(self, token: str, arguments: Properties, *, preview: bool) -> Properties:
        """`getPublicKey`: what a private key's public half is."""
        if token != "tls:index/getPublicKey:getPublicKey":  # noqa: S105 -- a type token
            return await super().invoke(token, arguments, preview=preview)
        given = reveal(arguments)
        key = loaded(given.get("privateKeyPem") or given.get("privateKeyOpenssh"), "the key")
        identity, public = described(key)
        return arguments | public | {"id": identity, "algorithm": algorithm(key)}


if __name__ == "__main__":
    serve(TlsProvider())
