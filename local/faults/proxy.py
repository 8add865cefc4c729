"""Between a function and AWS: what goes wrong with S3 and Secrets Manager, call by call, recorded."""

import calendar
import contextlib
import http.client
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self, TypeAlias
from urllib.parse import parse_qs, unquote, urlsplit

from local.connections import client_has_left, reset

_UPSTREAM_SECONDS = 60
_IDLE_SECONDS = 60
_HOP_BY_HOP = {"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"}


@dataclass(frozen=True, slots=True)
class Forward:
    """No fault."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """An error of the service's own, with this status and code; nothing is carried out."""

    status: int
    code: str


@dataclass(frozen=True, slots=True)
class Delay:
    """The answer comes this many seconds late; the call is carried out after the wait, or before it."""

    seconds: float
    after: bool = False


@dataclass(frozen=True, slots=True)
class Sever:
    """No answer: the connection is reset, before the call is carried out or after."""

    after: bool = False


@dataclass(frozen=True, slots=True)
class CutShort:
    """The call is carried out; of its answer comes the first half, and then the end of the connection."""


@dataclass(frozen=True, slots=True)
class WrongClock:
    """The service refuses a call that was signed too long ago, or in the future: no script says so."""


AwsFault: TypeAlias = Forward | Refuse | Delay | Sever | CutShort | WrongClock


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked of a service: `s3` or `secretsmanager`, the operation and, in S3, the object's key.

    source: the key that CopyObject copies from.
    """

    service: str
    operation: str
    key: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A call and its fate, in the order of arrival.

    number: its place, from 1.
    time: when it came, in seconds since the epoch.
    port: the client's.
    call: what was asked.
    fault: what went wrong.
    status: the status sent; None if there was no answer.
    carried_out: whether the service did it.
    answered: whether the client was there for the whole answer.
    content: of an object that was put or got, its content.
    metadata: of an object that was put, its metadata.
    """

    number: int
    time: float
    port: int
    call: Call
    fault: AwsFault
    status: int | None
    carried_out: bool
    answered: bool
    content: bytes = b""
    metadata: Mapping[str, str] | None = None


# How long ago a call may have been signed, in seconds, and what it is refused with otherwise.
_CLOCKS = {
    "s3": (900, Refuse(403, "RequestTimeTooSkewed")),
    "secretsmanager": (300, Refuse(400, "InvalidSignatureException")),
}


class AwsProxy:
    """A way to the local AWS, on 127.0.0.1, as a context manager.

    upstream: the address of the local AWS.

    As AWS does and the local one does not, it refuses what a wrong clock has signed.
    """

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._source: Callable[[Call], AwsFault] = lambda _: Forward()
        self._changed = threading.Condition()
        self._count = 0
        self._exchanges: list[Exchange] = []
        self._server: _Server | None = None

    def __enter__(self) -> Self:
        self._server = _Server(self, self._upstream)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._server
        self._server.closing.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """The address to give to a function, for any of the services."""
        assert self._server
        return f"http://127.0.0.1:{self._server.server_port}"

    def draw(self, source: Callable[[Call], AwsFault]) -> None:
        """Ask for the fault of every call, until `clear`; one call is asked about at a time."""
        with self._changed:
            self._source = source

    def clear(self) -> None:
        """Let everything pass from now on."""
        self.draw(lambda _: Forward())

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Every exchange that is over, in the order of arrival."""
        with self._changed:
            return tuple(sorted(self._exchanges, key=lambda exchange: exchange.number))

    def wait_for(self, matching: Callable[[Exchange], bool], timeout: float) -> Exchange | None:
        """Wait for the next exchange of a kind to be over, for `timeout` seconds at most; return it."""
        with self._changed:
            seen = len(self._exchanges)

            def found() -> Exchange | None:
                return next(filter(matching, self._exchanges[seen:]), None)

            return self._changed.wait_for(found, timeout)

    def begin(self, call: Call) -> tuple[int, AwsFault]:
        """Give a call that has come its number and its fault."""
        with self._changed:
            self._count += 1
            return self._count, self._source(call)

    def end(self, exchange: Exchange) -> None:
        """Record what became of a call."""
        with self._changed:
            self._exchanges.append(exchange)
            self._changed.notify_all()


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, proxy: AwsProxy, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.proxy = proxy
        self.upstream = urlsplit(upstream).netloc
        self.closing = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """Let clients break connections as they like; threads print nothing else either."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body in one segment
    timeout = _IDLE_SECONDS

    def _serve(self) -> None:
        began = time.time()
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:  # the client went away in mid-body: no call
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        call = call_of(self.command, self.path, headers)
        number, fault = self.server.proxy.begin(call)
        if refusal := _clock_refusal(call, headers, began):
            fault = WrongClock()
        else:
            refusal = fault if isinstance(fault, Refuse) else None
        answer: _Answer | None = None
        answered = False
        try:
            answer = _refusal(call, refusal) if refusal else self._carry_out(fault, body)
            answered = answer is not None and self._answer(answer, fault)
        finally:
            done = refusal is None and answer is not None and answer.status < 300
            self.server.proxy.end(
                Exchange(
                    number,
                    began,
                    self.client_address[1],
                    call,
                    fault,
                    answer.status if answer and not isinstance(fault, Sever) else None,
                    carried_out=done,
                    answered=answered,
                    content=_content(call, body, answer) if done else b"",
                    metadata=_metadata(headers) if done else None,
                )
            )

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _carry_out(self, fault: AwsFault, body: bytes) -> _Answer | None:
        """Pass the call on, unless it breaks before; return the answer, even if it is not sent."""
        if isinstance(fault, Sever) and not fault.after:
            self._reset()
            return None
        if isinstance(fault, Delay) and not fault.after:
            self.server.closing.wait(fault.seconds)
        answer = self._ask(body)
        if isinstance(fault, Delay) and fault.after:
            self.server.closing.wait(fault.seconds)
        if isinstance(fault, Sever):
            self._reset()
        return answer

    def _ask(self, body: bytes) -> _Answer:
        upstream = http.client.HTTPConnection(self.server.upstream, timeout=_UPSTREAM_SECONDS)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
        with contextlib.closing(upstream):
            upstream.request(self.command, self.path, body or None, headers)
            response = upstream.getresponse()
            kept = [(name, value) for name, value in response.getheaders() if name.lower() not in _HOP_BY_HOP]
            return _Answer(response.status, kept, response.read())

    def _answer(self, answer: _Answer, fault: AwsFault) -> bool:
        """Send an answer; return whether the client was there for all of it."""
        if isinstance(fault, Sever):
            return False
        gone = client_has_left(self.connection)
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        short = isinstance(fault, CutShort)
        self.close_connection |= short
        self.end_headers()
        self.wfile.write(answer.body[: len(answer.body) // 2] if short else answer.body)
        self.wfile.flush()
        return not (gone or short)

    def _reset(self) -> None:
        self.close_connection = True
        reset(self.connection)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Keep silent: what matters is in the record."""


def call_of(method: str, target: str, headers: Mapping[str, str]) -> Call:
    """Return what a request asks for; the headers' names are in lower case, a bucket begins the path."""
    if operation := headers.get("x-amz-target"):
        service, _, name = operation.partition(".")
        return Call(service, name)
    path, _, query = target.partition("?")
    key = unquote(path).lstrip("/").partition("/")[2]
    if not key:
        listing = method == "GET" and "list-type" in parse_qs(query)
        return Call("s3", "ListObjectsV2" if listing else f"{method} bucket")
    if source := headers.get("x-amz-copy-source"):
        return Call("s3", "CopyObject", key, unquote(source).lstrip("/").partition("/")[2])
    names = {"GET": "GetObject", "PUT": "PutObject", "DELETE": "DeleteObject", "HEAD": "HeadObject"}
    return Call("s3", names.get(method, f"{method} object"), key)


def _clock_refusal(call: Call, headers: Mapping[str, str], now: float) -> Refuse | None:
    signed = headers.get("x-amz-date")
    if not signed:
        return None
    tolerated, refusal = _CLOCKS[call.service]
    moment = calendar.timegm(time.strptime(signed, "%Y%m%dT%H%M%SZ"))
    return refusal if abs(now - moment) > tolerated else None


def _refusal(call: Call, refusal: Refuse) -> _Answer:
    if call.service == "s3":
        xml = f"<Error><Code>{refusal.code}</Code><Message>scripted</Message></Error>"
        return _Answer(refusal.status, [("Content-Type", "application/xml")], xml.encode())
    document = json.dumps({"__type": refusal.code, "message": "scripted"})
    return _Answer(refusal.status, [("Content-Type", "application/x-amz-json-1.1")], document.encode())


def _content(call: Call, body: bytes, answer: _Answer | None) -> bytes:
    if call.operation == "PutObject":
        return body
    return answer.body if answer and call.operation == "GetObject" else b""


def _metadata(headers: Mapping[str, str]) -> dict[str, str]:
    prefix = "x-amz-meta-"
    return {name.removeprefix(prefix): value for name, value in headers.items() if name.startswith(prefix)}
