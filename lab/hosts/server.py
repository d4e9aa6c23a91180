"""The mirror: an HTTP server on the lab's own network, with the artifacts hosts may download.

usage: python -m lab.hosts.server ADDRESS PORT HOSTS DIRECTORY PID_FILE
HOSTS, the directory of the lab's hosts, is not read: it says whose server a process is.
"""

import os
import sys
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

from lab.hosts import processes


class Files(SimpleHTTPRequestHandler):
    """Files to read, by their path: + in a name may be written as it is or as %2B."""

    protocol_version = "HTTP/1.1"
    timeout = 60

    def list_directory(self, path: object) -> BytesIO | None:
        """No listing: who downloads knows what it wants."""
        del path
        self.send_error(HTTPStatus.NOT_FOUND)
        return None


class Server(ThreadingHTTPServer):
    """One thread per download; a hundred hosts may ask at once."""

    request_queue_size = 128
    daemon_threads = True


def main(address: str, port: str, _hosts: str, directory: str, pid_file: str) -> None:
    """Serve until killed."""
    processes.record(Path(pid_file), os.getpid())
    Server((address, int(port)), partial(Files, directory=directory)).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
