"""S3 with a full store, in a process of its own: the simulated one, behind real HTTP and TLS."""

import base64
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import IO

from benchmarks.corpus import MIXED, payload
from benchmarks.sink import serve
from handler.store.store import UNDELIVERED, new_name
from local.simulation import Exchange, SimulatedS3

_EVENTS = 790  # of an object: 100 KB of gzip
_KINDS = 10  # of objects, so that ten thousand fit into memory
_SECONDS = 3.0  # between two objects


@dataclass(frozen=True)
class StoreBucket:
    """A bucket that runs: its address, and the way to its process."""

    url: str
    _to: IO[str]
    _from: IO[str]

    def fill(self, objects: int) -> dict[str, int]:
        """Have it hold that many objects and no others; return the requests since the last time, by kind."""
        self._to.write(f"{objects}\n")
        self._to.flush()
        requests: dict[str, int] = json.loads(self._from.readline())
        return requests


@contextmanager
def running_bucket(chain: Path) -> Iterator[StoreBucket]:
    """Run a bucket, with a certificate chain from a file."""
    command = [sys.executable, "-m", "benchmarks.bucket", str(chain)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield StoreBucket(
                f"https://localhost:{int(process.stdout.readline())}", process.stdin, process.stdout
            )
        finally:
            process.kill()


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    s3 = SimulatedS3()

    def do_GET(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = Exchange(0, "s3", self.command, self.path, dict(self.headers), body)
        reply = self.s3.carry_out(request, time.time())
        headers = {**reply.headers, "Content-Length": f"{len(reply.body)}"}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if reply.status != 204)
        self.wfile.write(f"HTTP/1.1 {reply.status} -\r\n{head}\r\n".encode() + reply.body)


def main() -> None:
    """Serve, and fill the bucket as each line of standard input says, until that ends."""
    print(serve(_Answer, sys.argv[1]), flush=True)
    made = [payload("text", _EVENTS + kind, MIXED) for kind in range(_KINDS)]
    bodies = [base64.b64decode(one.data) for one in made]
    for line in sys.stdin:
        requests, _Answer.s3 = _Answer.s3.requests, SimulatedS3()
        first = time.time() - int(line) * _SECONDS
        for number in range(int(line)):
            moment = first + number * _SECONDS
            _Answer.s3.put(f"{UNDELIVERED}{new_name(moment)}", bodies[number % _KINDS], moment)
        print(json.dumps(requests), flush=True)


if __name__ == "__main__":
    main()
