"""The other end, in a process of its own: TLS, answers at once and looks at nothing.

It is Mezmo, Secrets Manager's GetSecretValue, and S3 with an empty bucket that takes every object. How it
answers can be asked for by the beginning of an address: see the constants.
"""

import gzip
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle, islice
from pathlib import Path

import trustme

KEY = "0123456789abcdef0123456789abcdef"

DOWN = "/503"
"""Mezmo answers 503."""
ONCE = "/once"
"""Mezmo takes the first request of a connection, and refuses the key from then on."""
BY_LINE = "/207"
"""Mezmo refuses every other line for good."""
AFTER = "/after/{}"
"""S3 answers after that many milliseconds."""

_TAKEN = b'{"status":"ok"}'
_SECRET = b'{"SecretString":"{\\"LOGDNA_KEY\\":\\"%b\\"}"}' % KEY.encode()
_EMPTY = b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"


@dataclass(frozen=True)
class Sink:
    """A sink that runs: its address, and files of the certificates to trust and of the server's own."""

    url: str
    authorities: Path
    chain: Path


@contextmanager
def running_sink(directory: Path) -> Iterator[Sink]:
    """Run a sink; its certificates are put into `directory`.

    Its authority is added to the machine's own list, because reading some 140 certificates is part of what
    a cold start costs.
    """
    authority = trustme.CA()
    chain, authorities = directory / "server.pem", directory / "authorities.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(chain))
    machine = ssl.get_default_verify_paths().cafile
    authorities.write_bytes((Path(machine).read_bytes() if machine else b"") + authority.cert_pem.bytes())
    command = [sys.executable, "-m", "benchmarks.sink", str(chain)]
    # It ends when its standard input does, so it cannot outlive this process.
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Sink(f"https://localhost:{int(process.stdout.readline())}", authorities, chain)
        finally:
            process.kill()


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    _posts = 0  # on this connection

    def do_POST(self) -> None:
        body = self._read()
        self._posts += 1
        if "X-Amz-Target" in self.headers:
            self._answer(200, _SECRET)
        elif self.path.startswith(DOWN):
            self._answer(503)
        elif self.path.startswith(ONCE) and self._posts > 1:
            self._answer(403)
        elif self.path.startswith(BY_LINE):
            lines = gzip.decompress(body).count(b'{"line":')
            codes = islice(cycle([b"200", b"400"]), lines)
            self._answer(207, b'{"status":[%b]}' % b",".join(codes))
        else:
            self._answer(200, _TAKEN)

    def do_PUT(self) -> None:
        self._read()
        self._wait()
        self._answer(200, headers=b'ETag: "1"\r\n')

    def do_GET(self) -> None:
        self._wait()
        self._answer(200, _EMPTY)

    def _read(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def _wait(self) -> None:
        if self.path.startswith(AFTER.format("")):
            time.sleep(int(self.path.split("/")[2]) / 1000)

    def _answer(self, status: int, body: bytes = b"", headers: bytes = b"") -> None:
        head = b"HTTP/1.1 %d -\r\n%bContent-Length: %d\r\n\r\n" % (status, headers, len(body))
        self.wfile.write(head + body)


def serve(answer: type[BaseHTTPRequestHandler], chain: str) -> int:
    """Serve on a thread, with a certificate chain from a file; return the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    server = ThreadingHTTPServer(("127.0.0.1", 0), answer)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def main() -> None:
    """Serve until standard input ends."""
    print(serve(_Answer, sys.argv[1]), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
