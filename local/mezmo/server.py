"""HTTP/1.1 and TLS on loopback: reads requests whole, and answers as the stand-in decides."""

import contextlib
import socket
import socketserver
import ssl
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.client import responses
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Protocol

from local.connections import client_has_left, reset
from local.mezmo.faults import (
    BrokenHandshake,
    CloseAfterAnswer,
    ConnectionFault,
    Drip,
    Fault,
    HalfClose,
    Hang,
    Reset,
    SilentHandshake,
    UntrustedCertificate,
)
from local.mezmo.request_rules import Incoming, Refusal

_IDLE_SECONDS = 60
_WIRE_BYTES = 64 * 1024 * 1024
_JOIN_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to send; the headers are those beyond Content-Length and Content-Type."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()

    def encode(self, *, closing: bool, head: bool) -> bytes:
        """Return the bytes on the wire; ``head`` leaves the body out."""
        bodiless = self.status < 200 or self.status in {204, 304}
        headers = dict(self.headers)
        if not bodiless:
            headers = {"Content-Type": "application/json", "Content-Length": str(len(self.body))} | headers
        if closing:
            headers["Connection"] = "close"
        lines = [f"HTTP/1.1 {self.status} {responses.get(self.status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + (b"" if bodiless or head else self.body)


class Desk(Protocol):
    """Who decides what becomes of connections and requests, and remembers them."""

    def connect(self, number: int, port: int) -> ConnectionFault:
        """Record a connection by its number and the client's port; return its fault."""

    def receive(self, incoming: Incoming) -> tuple[int, Reply | None, Fault]:
        """Judge and record a request.

        Returns its number, the answer, None for none, and the fault that says how to send it.
        """

    def left(self, number: int) -> None:
        """Record that the client of this request was gone before it had the whole answer."""

    def record(self) -> bytes:
        """Return everything that was recorded, as JSON."""


class IngestionServer(socketserver.ThreadingMixIn, HTTPServer):
    """A thread for each connection; ``stop`` ends every one of them, hanging ones included."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, port: int, context: ssl.SSLContext | None, untrusted: ssl.SSLContext | None, desk: Desk
    ) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.desk = desk
        self.closing = threading.Event()
        self._context = context
        self._untrusted = untrusted
        self._lock = threading.Lock()
        self._connections: dict[socket.socket, int] = {}
        self._count = 0
        self._workers: set[threading.Thread] = set()
        self._acceptor = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.02}, name="mezmo stand-in", daemon=True
        )

    def start(self) -> None:
        """Accept connections from now on."""
        self._acceptor.start()

    def stop(self) -> None:
        """Close every connection and end every thread; RuntimeError if one does not end."""
        self.closing.set()
        self.shutdown()
        self.server_close()
        with self._lock:
            workers = [*self._workers]
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    # Not SSLSocket's own method, which would pull the TLS state from under a reading thread.
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)
        for thread in [self._acceptor, *workers]:
            thread.join(_JOIN_SECONDS)
            if thread.is_alive():
                raise RuntimeError(f"{thread.name} did not end")

    def connection_number(self, connection: socket.socket) -> int:
        """Return the place of a connection in the order of arrival, from 1."""
        with self._lock:
            return self._connections[connection]

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as socketserver has it
        """Give a connection its thread."""
        worker = threading.Thread(
            target=self._work, args=(request, client_address), name="mezmo connection", daemon=True
        )
        with self._lock:
            self._workers.add(worker)
        worker.start()

    def _work(self, accepted: socket.socket, client_address: Any) -> None:  # noqa: ANN401  as socketserver has it
        try:
            self.process_request_thread(accepted, client_address)
        finally:
            with self._lock:
                self._workers.discard(threading.current_thread())

    def finish_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  as socketserver has it
        """Serve one connection to its end."""
        request.settimeout(_IDLE_SECONDS)
        with self._lock:
            self._count += 1
            number = self._count
        fault = self.desk.connect(number, client_address[1])
        connection: socket.socket = request
        context = self._untrusted if isinstance(fault, UntrustedCertificate) else self._context
        broken = isinstance(fault, BrokenHandshake | SilentHandshake)
        if context and not broken:
            connection = context.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
        with connection:
            with self._lock:
                self._connections[connection] = number
            try:
                if isinstance(fault, SilentHandshake):
                    self.closing.wait()
                elif isinstance(fault, BrokenHandshake):
                    request.recv(65536)
                    request.sendall(b"this is not TLS\r\n")
                elif not self.closing.is_set():
                    if isinstance(connection, ssl.SSLSocket):
                        connection.do_handshake()
                    _Handler(connection, client_address, self)
            finally:
                with self._lock:
                    del self._connections[connection]
                _say_goodbye(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  as socketserver has it
        """Let clients break connections as they like; show anything else."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def _say_goodbye(connection: socket.socket) -> None:
    """Send TLS's own farewell, without waiting for the other side's, and then the FIN."""
    if connection.fileno() == -1:
        return
    with contextlib.suppress(OSError, ValueError):
        if isinstance(connection, ssl.SSLSocket):
            connection.settimeout(0)
            connection.unwrap()
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_WR)


class _Handler(BaseHTTPRequestHandler):
    server: IngestionServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        length, unreadable = self._body_length()
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True  # the client went away in mid-body: no request
            return
        self.close_connection |= unreadable is not None
        path, _, query = self.path.partition("?")
        if path == "/stand-in/record":
            self._send(Reply(200, self.server.desk.record()) if self.command == "GET" else Reply(405, b""))
            return
        headers = tuple((name.lower(), value) for name, value in self.headers.items())
        connection = self.server.connection_number(self.connection)
        number, reply, fault = self.server.desk.receive(
            Incoming(connection, self.command, path, query, headers, body, unreadable)
        )
        match fault:
            case Reset():
                self._reset()
            case Hang():
                self.server.closing.wait()
                self.close_connection = True
            case HalfClose():
                self._half_close()
            case _:
                assert reply is not None
                if client_has_left(self.connection):
                    self.server.desk.left(number)
                try:
                    self._send(reply, interval=fault.interval if isinstance(fault, Drip) else None)
                except OSError:
                    self.server.desk.left(number)
                    raise
                self.close_connection |= isinstance(fault, CloseAfterAnswer)
                if unreadable:
                    self._discard_input()

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self._serve  # every method: the rules say which are allowed
        raise AttributeError(name)

    def _body_length(self) -> tuple[int, Refusal | None]:
        """Return how much to read, and why the body cannot be read where that is so."""
        lengths = self.headers.get_all("Content-Length", [])
        if "Transfer-Encoding" in self.headers or (not lengths and self.command == "POST"):
            return 0, Refusal(411, "Length Required")
        if not lengths:
            return 0, None
        if len(lengths) > 1 or not (lengths[0].isascii() and lengths[0].isdigit()):
            return 0, Refusal(400, "Content-Length is not one number")
        length = int(lengths[0])
        return (length, None) if length <= _WIRE_BYTES else (0, Refusal(413, "Payload too large"))

    def _send(self, reply: Reply, *, interval: float | None = None) -> None:
        data = reply.encode(closing=self.close_connection, head=self.command == "HEAD")
        if interval is None:
            self.wfile.write(data)
            return
        for place in range(len(data)):
            self.wfile.write(data[place : place + 1])
            if self.server.closing.wait(interval):
                self.close_connection = True
                return

    def _discard_input(self) -> None:
        """Let the client finish sending: closing on unread bytes would reset the answer away."""
        self.connection.settimeout(1)
        with contextlib.suppress(OSError):
            for _ in range(1024):
                if not self.connection.recv(65536):
                    return

    def _half_close(self) -> None:
        """Send the end of everything, and read on."""
        self.close_connection = True
        socket.socket.shutdown(self.connection, socket.SHUT_WR)
        with contextlib.suppress(OSError):
            while self.connection.recv(65536):
                pass

    def _reset(self) -> None:
        self.close_connection = True
        reset(self.connection)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Keep silent: what matters is in the record, and a request line may hold a key."""
