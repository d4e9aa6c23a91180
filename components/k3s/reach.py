"""Whether the API can be reached from the operator's machine, with the stack's own authority.

    python3 -m components.k3s.reach < {"url": ..., "authority": PEM, "seconds": ...}

A firewall or a missing name in the certificate is found here, once, and not by every resource.
"""

import json
import ssl
import sys
import time
from urllib.error import URLError
from urllib.request import urlopen

_PAUSE_SECONDS = 1
_REQUEST_SECONDS = 10


def question(url: str, authority: str, seconds: int) -> str:
    """The stdin of this program."""
    return json.dumps({"url": url, "authority": authority, "seconds": seconds})


def obstacle(url: str, authority: str) -> str | None:
    """Why the API at `url` cannot be used from here; None when it can."""
    context = ssl.create_default_context(cadata=authority)
    try:
        # The one path that a K3s server shows to anybody
        with urlopen(f"{url}/cacerts", timeout=_REQUEST_SECONDS, context=context) as reply:  # noqa: S310 - https, from the spec
            served = reply.read().decode()
    except (URLError, OSError) as error:
        return str(getattr(error, "reason", error))
    return None if served == authority else "another cluster answers there"


def main() -> int:
    """Exit status 0 as soon as the API answers."""
    asked = json.load(sys.stdin)
    deadline = time.monotonic() + asked["seconds"]
    while reason := obstacle(asked["url"], asked["authority"]):
        if time.monotonic() > deadline:
            sys.stderr.write(
                f"groundwork: ready: {asked['url']} cannot be used from this machine, "
                f"after {asked['seconds']} s: {reason}. Open the way to it, or correct `endpoint` "
                "in the stack file\n"
            )
            return 1
        time.sleep(_PAUSE_SECONDS)
    sys.stdout.write(f"{asked['url']} answers\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
