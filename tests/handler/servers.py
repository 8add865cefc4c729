"""Real servers on the loop-back interface that do on each connection what a test says."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

import trustme

TIMEOUT = 10.0

Talk = Callable[[socket.socket], None]


@contextlib.contextmanager
def server(*talks: Talk, authority: trustme.CA | None = None, port: int = 0) -> Iterator[int]:
    """Listen on a port, any by itself; serve one connection with each function, the last again and again."""
    listener = socket.create_server(("127.0.0.1", port))
    listener.settimeout(TIMEOUT)
    context = None
    if authority:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("localhost").configure_cert(context)
    connections: list[socket.socket] = []

    def serve() -> None:
        number = 0
        with contextlib.suppress(OSError):
            while True:
                sock, _ = listener.accept()
                sock.settimeout(TIMEOUT)
                connections.append(sock)
                with contextlib.suppress(OSError):
                    if context:
                        sock = context.wrap_socket(sock, server_side=True)
                        connections.append(sock)
                    talks[min(number, len(talks) - 1)](sock)
                number += 1

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        close(connections)
        thread.join(TIMEOUT)
        assert not thread.is_alive()
        close(connections)  # one that was accepted just now


def close(connections: list[socket.socket]) -> None:
    """Close connections, whoever reads from them."""
    for sock in connections:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
        sock.close()


def read_request(sock: socket.socket) -> bytes:
    """Read one request, head and body; empty if the other side closed."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = sock.recv(1 << 16)
        if not part:
            return data
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        ),
        0,
    )
    while len(body) < length:
        body += sock.recv(1 << 16)
    return head + b"\r\n\r\n" + body


def answer(*responses: bytes) -> Talk:
    """Answer that many requests on the connection, then close it."""

    def talk(sock: socket.socket) -> None:
        for response in responses:
            if not read_request(sock):
                break
            sock.sendall(response)
        sock.close()

    return talk


def response(status: int = 200, body: bytes = b'{"status":"ok"}', *headers: str) -> bytes:
    """Return the bytes of a response."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


class Proxy:
    """Notes what it is asked, answers, and then passes bytes between both sides.

    Args:
        reply: what it answers to CONNECT.
        port: where on this machine every tunnel ends; by itself at the port that is asked for.
    """

    def __init__(
        self, reply: bytes = b"HTTP/1.1 200 Connection established\r\n\r\n", port: int | None = None
    ) -> None:
        self.reply = reply
        self.port = port
        self.asked: list[bytes] = []

    def __call__(self, sock: socket.socket) -> None:
        request = read_request(sock)
        self.asked.append(request)
        sock.sendall(self.reply)
        port = self.port or int(request.split(b" ")[1].rpartition(b":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=5) as upstream:
            back = threading.Thread(target=pump, args=(upstream, sock), daemon=True)
            back.start()
            pump(sock, upstream)
            back.join(5)


def pump(one: socket.socket, other: socket.socket) -> None:
    """Pass everything on from one to the other, the end as well."""
    with contextlib.suppress(OSError):
        while data := one.recv(1 << 16):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)
