"""A known_hosts file, read as ssh reads it: which key is a host's.

https://man.openbsd.org/sshd#SSH_KNOWN_HOSTS_FILE_FORMAT
"""

import base64
import binascii
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

_SSH_PORT = 22
# In order of preference. ssh-rsa is not here: servers sign with rsa-sha2, and the client of
# pulumi-command then finds no algorithm in common.
_USABLE = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the file: the names it is for, its marker, the key."""

    names: str
    marker: str
    kind: str
    blob: str

    def is_for(self, name: str) -> bool:
        """Whether the line speaks of `name`, plain, as a pattern or hashed."""
        if self.names.startswith("|1|"):
            return _hashed(self.names, name)
        patterns = self.names.lower().split(",")
        if any(p.startswith("!") and fnmatchcase(name, p[1:]) for p in patterns):
            return False
        return any(fnmatchcase(name, _literal(p)) for p in patterns if not p.startswith("!"))


def entries(text: str) -> Iterator[Entry]:
    """The lines of a known_hosts file; those that are no entry are passed over, as ssh does."""
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        marker = words.pop(0) if words[0].startswith("@") else ""
        if len(words) >= 3:  # noqa: PLR2004 - names, type, key
            yield Entry(words[0], marker, words[1], words[2])


def host_key(text: str, host: str, port: int = _SSH_PORT) -> str:
    """The key to expect at `host`, as `type base64`. ValueError: there is none that can be used."""
    name = lookup_name(host, port)
    found = [entry for entry in entries(text) if entry.is_for(name)]
    revoked = {entry.blob for entry in found if entry.marker == "@revoked"}
    keys = {e.kind: e.blob for e in reversed(found) if not e.marker and e.blob not in revoked}
    for kind in _USABLE:
        if kind in keys:
            return f"{kind} {keys[kind]}"
    raise ValueError(_why_none(name, found, keys, host, port))


def lookup_name(host: str, port: int) -> str:
    """How known_hosts spells a host at a port."""
    return host.lower() if port == _SSH_PORT else f"[{host.lower()}]:{port}"


def _why_none(name: str, found: list[Entry], keys: dict[str, str], host: str, port: int) -> str:
    at = "" if port == _SSH_PORT else f" --port {port}"
    way = f"pin its key with `python -m ops scan-host-keys {host}{at}`"
    markers = {entry.marker for entry in found}
    if keys:
        kinds = ", ".join(sorted(keys))
        return f"no key for {name} that can be used, only {kinds}: {way} (ed25519 or ecdsa)"
    if "@revoked" in markers:
        return f"no key for {name} that is not revoked: {way}"
    if "@cert-authority" in markers:
        return f"no key for {name}, only an authority for certificates, which are not read: {way}"
    return f"no key for {name}: compare fingerprints, and {way}"


def _literal(pattern: str) -> str:
    """In ssh only `*` and `?` are special: brackets stand for themselves."""
    return pattern.replace("[", "[[]")


def _hashed(names: str, name: str) -> bool:
    try:
        salt, digest = (base64.b64decode(part, validate=True) for part in names[3:].split("|"))
    except (ValueError, binascii.Error):
        return False
    return hmac.compare_digest(hmac.new(salt, name.encode(), "sha1").digest(), digest)
