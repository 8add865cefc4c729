"""The other end, in a process of its own: TLS, answers at once and looks at nothing.

It answers Secrets Manager's GetSecretValue too.
"""

import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import trustme

KEY = "0123456789abcdef0123456789abcdef"
_TAKEN = b'{"status":"ok"}'
_SECRET = b'{"SecretString":"{\\"LOGDNA_KEY\\":\\"%b\\"}"}' % KEY.encode()


@dataclass(frozen=True)
class Sink:
    """A sink that runs: its address, and a file of the certificates to trust."""

    url: str
    authorities: Path


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
            yield Sink(f"https://localhost:{int(process.stdout.readline())}", authorities)
        finally:
            process.kill()


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = _SECRET if "X-Amz-Target" in self.headers else _TAKEN
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer))


def main() -> None:
    """Serve until standard input ends."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answer)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
