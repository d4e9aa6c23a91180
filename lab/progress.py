"""Progress: what the lab is doing, for whoever waits for it."""

import sys


def say(text: str) -> None:
    """Show a line of progress; standard output stays free for answers."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201
