"""The inputs both remote resources share: the connection, completed and secret."""

from lab.engine.properties import Properties, Secret, Unknown, reveal, secret
from lab.engine.provider import Checked, Failure

DEFAULTS: Properties = {"user": "root", "port": 22, "dialErrorLimit": 10, "perDialTimeout": 15}
"""What an absent field means; the official plugin writes these into the inputs, too."""


def checked_connection(inputs: Properties) -> Checked:
    """The inputs with the connection's defaults filled in, and the connection secret."""
    given = inputs.get("connection")
    known = given.value if isinstance(given, Secret) else given
    if isinstance(known, Unknown):
        return Checked(inputs)
    if not isinstance(known, dict) or reveal(known.get("host")) is None:
        return Checked(inputs, [Failure("connection", "connection needs a `host`: name it")])
    complete = DEFAULTS | known
    if isinstance(known.get("proxy"), dict):
        complete["proxy"] = DEFAULTS | known["proxy"]
    return Checked(inputs | {"connection": secret(complete)})
