"""The stand-in itself: joins the rules, the faults and the record behind one address."""

import json
import ssl
import tempfile
import threading
import time
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from http.client import responses
from pathlib import Path
from types import TracebackType
from typing import Self

import trustme

from local.mezmo.credentials import Redactor
from local.mezmo.faults import (
    Answer,
    ConnectionFault,
    Fault,
    FaultScript,
    HalfClose,
    Hang,
    PartialAnswer,
    PartialMix,
    Reset,
)
from local.mezmo.line_rules import LineFlags, committed_line
from local.mezmo.record import (
    CommittedLine,
    Flag,
    ReceivedLine,
    RecordedConnection,
    RecordedRequest,
    to_json,
)
from local.mezmo.request_rules import Incoming, Judgement, Limits, judge
from local.mezmo.server import IngestionServer, Reply


class MezmoStandIn:
    """A Mezmo on 127.0.0.1, as a context manager: it listens inside the ``with`` and leaves nothing behind.

    ``keys`` are the ingestion keys it knows, each of at least 8 characters. ``port`` 0 takes a free one.
    ``body_limit`` and ``pipeline_body_limit`` are the largest decoded bodies in bytes: above the first the
    log-analysis endpoint answers 400 "Message size too large", above the second a pipeline answers 413.
    ``faults`` scripts what goes wrong. Everything else can be read at any time, from any thread; the record
    stays readable after the end.
    """

    def __init__(
        self,
        keys: Collection[str],
        *,
        tls: bool = True,
        port: int = 0,
        body_limit: int = 1_000_000,
        pipeline_body_limit: int = 2_000_000,
    ) -> None:
        self.faults = FaultScript()
        self._tls = tls
        self._port = port
        self._limits = Limits(body_limit, pipeline_body_limit)
        self._changed = threading.Condition()
        self._redactor = Redactor()
        self._line_flags = LineFlags()
        self._connections: list[RecordedConnection] = []
        self._requests: list[RecordedRequest] = []
        self._left: set[int] = set()
        self._lines: list[CommittedLine] = []
        self._flags: list[Flag] = []
        self._ca_file: str | None = None
        self._stack = ExitStack()
        self.keys = keys

    def __enter__(self) -> Self:
        """Listen; OSError if the port is taken."""
        with ExitStack() as stack:
            context, untrusted = self._contexts(stack) if self._tls else (None, None)
            server = IngestionServer(self._port, context, untrusted, _Desk(self))
            self._port = server.server_port
            server.start()
            stack.callback(server.stop)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close every connection, the hanging ones included, and remove the CA file."""
        self._stack.close()

    @property
    def url(self) -> str:
        """The address without a path, "https://localhost:<port>"; http without TLS."""
        return f"{'https' if self._tls else 'http'}://localhost:{self._port}"

    @property
    def log_analysis_url(self) -> str:
        """The address that takes {"lines": [...]}."""
        return f"{self.url}/logs/ingest"

    def pipeline_url(self, route: str) -> str:
        """Return the address that takes a bare array of lines; any route exists."""
        return f"{self.url}/v1/{route}"

    @property
    def ca_file(self) -> str | None:
        """The path of the PEM that a client must trust, for SSL_CERT_FILE; None without TLS."""
        return self._ca_file

    @property
    def keys(self) -> frozenset[str]:
        """The ingestion keys it knows now. Assign others to rotate; the old ones stay redacted."""
        return self._keys

    @keys.setter
    def keys(self, keys: Collection[str]) -> None:
        if any(len(key) < 8 for key in keys):
            raise ValueError(
                "keys: a collection of keys of at least 8 characters, since they are redacted everywhere"
            )
        with self._changed:
            self._keys = frozenset(keys)
            self._redactor.learn(keys)

    @property
    def connections(self) -> tuple[RecordedConnection, ...]:
        """Every connection so far; one that fails before its first request has no request in the record."""
        with self._changed:
            return tuple(self._connections)

    @property
    def left(self) -> frozenset[int]:
        """The numbers of the requests whose clients were gone before they had the whole answer."""
        with self._changed:
            return frozenset(self._left)

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """Every request so far, in order of arrival."""
        with self._changed:
            return tuple(self._requests)

    @property
    def lines(self) -> tuple[CommittedLine, ...]:
        """Every line committed so far, in order; duplicates stay."""
        with self._changed:
            return tuple(self._lines)

    @property
    def flags(self) -> tuple[Flag, ...]:
        """Every flag raised so far, in order. On the normal path there is none."""
        with self._changed:
            return tuple(self._flags)

    def wait_for_lines(self, count: int, timeout: float) -> bool:
        """Wait until that many lines are committed, ``timeout`` seconds at most; return whether they are."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._lines) >= count, timeout)

    def _contexts(self, stack: ExitStack) -> tuple[ssl.SSLContext, ssl.SSLContext]:
        """Return the server's side of TLS, and the same by an authority that nobody trusts."""
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="mezmo-stand-in-"))
        authority = trustme.CA()
        ca_file = Path(directory, "ca.pem")
        authority.cert_pem.write_to_path(ca_file)
        self._ca_file = str(ca_file)
        return _server_context(authority), _server_context(trustme.CA())

    def _as_json(self) -> bytes:
        with self._changed:
            record = tuple(self._requests), tuple(self._lines), tuple(self._flags)
        return to_json(*record)

    def _connect(self, number: int, port: int) -> ConnectionFault:
        with self._changed:
            fault = self.faults.take_connection()
            self._connections.append(RecordedConnection(number, time.time(), port, fault))
        return fault

    def _leave(self, number: int) -> None:
        with self._changed:
            self._left.add(number)

    def _receive(self, incoming: Incoming) -> tuple[int, Reply | None, Fault]:
        # One lock for the whole: the order of requests, faults, lines and meta types is one order.
        with self._changed:
            number = len(self._requests) + 1
            fault = self.faults.take()
            judgement = judge(incoming, self._keys, self._limits, self._redactor)
            by_the_rules = _reply(judgement, number)
            reply, committed = _outcome(fault, by_the_rules, judgement, number)
            flags = self._commit(judgement, committed, number)
            self._requests.append(
                RecordedRequest(
                    number=number,
                    time=time.time(),
                    connection=incoming.connection,
                    method=incoming.method,
                    path=self._redactor.text(incoming.path),
                    query=self._redactor.query(incoming.query),
                    headers=self._redactor.headers(incoming.headers),
                    body=judgement.body,
                    wire_bytes=len(incoming.body),
                    hostname=judgement.hostname,
                    tags=judgement.tags,
                    lines=tuple(
                        ReceivedLine(value, problem, index in committed)
                        for index, (value, problem) in enumerate(judgement.lines)
                    ),
                    flags=flags,
                    fault=fault,
                    verdict=by_the_rules.status,
                    problem=judgement.refusal.text if judgement.refusal else None,
                    status=reply.status if reply else None,
                )
            )
            self._changed.notify_all()
        return number, reply, fault

    def _commit(self, judgement: Judgement, committed: set[int], number: int) -> tuple[Flag, ...]:
        """Keep the lines of these indices; return the flags, which only what is kept can raise."""
        flags = [Flag(kind, number, None, detail) for kind, detail in judgement.flags if committed]
        for index in sorted(committed):
            fields = judgement.lines[index][0]
            assert isinstance(fields, dict)
            flags += [Flag(kind, number, index, detail) for kind, detail in self._line_flags.of(fields)]
            self._lines.append(
                committed_line(
                    fields, request=number, index=index, hostname=judgement.hostname, tags=judgement.tags
                )
            )
        self._flags += flags
        return tuple(flags)


class _Desk:
    """The stand-in, as its server sees it."""

    def __init__(self, stand_in: MezmoStandIn) -> None:
        self.connect = stand_in._connect  # noqa: SLF001  two halves of one thing
        self.receive = stand_in._receive  # noqa: SLF001  likewise
        self.left = stand_in._leave  # noqa: SLF001  likewise
        self.record = stand_in._as_json  # noqa: SLF001  likewise


def _server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.set_alpn_protocols(["http/1.1"])
    # Mezmo's own names too, for functions whose prelude resolves them to this machine
    names = ("localhost", "127.0.0.1", "logs.mezmo.com", "pipeline.mezmo.com")
    authority.issue_cert(*names).configure_cert(context)
    return context


def _reply(judgement: Judgement, number: int) -> Reply:
    refusal = judgement.refusal
    if refusal:
        allow = (("Allow", "POST"),) if refusal.status == 405 else ()
        return Reply(refusal.status, _error(refusal.text), allow)
    if any(problem for _, problem in judgement.lines):
        return Reply(207, _codes([400 if problem else 200 for _, problem in judgement.lines]))
    return Reply(200, _accepted(number))


def _outcome(
    fault: Fault, by_the_rules: Reply, judgement: Judgement, number: int
) -> tuple[Reply | None, set[int]]:
    """Return what is answered, None for nothing, and the indices of the lines that are committed."""
    acceptable = {index for index, (_, problem) in enumerate(judgement.lines) if problem is None}
    match fault:
        case Reset() | Hang() | HalfClose():
            return None, acceptable if fault.after_commit else set()
        case PartialAnswer():
            return _partial(fault.codes, acceptable)
        case PartialMix() if judgement.refusal is None:
            return _partial(fault.codes(len(judgement.lines)), acceptable)
        case Answer() if not (fault.if_accepted and judgement.refusal):
            return _scripted(fault, number), acceptable if fault.commits else set()
        case _:
            return by_the_rules, acceptable


def _partial(codes: Sequence[int], acceptable: set[int]) -> tuple[Reply, set[int]]:
    taken = {index for index, code in enumerate(codes) if 200 <= code < 300}
    return Reply(207, _codes([*codes])), acceptable & taken


def _scripted(answer: Answer, number: int) -> Reply:
    body = answer.body
    if body is None:
        succeeded = 200 <= answer.status < 300
        body = _accepted(number) if succeeded else _error(responses.get(answer.status, "Unknown"))
    headers = answer.headers
    if answer.retry_after is not None:
        headers = (*headers, ("Retry-After", str(answer.retry_after)))
    return Reply(answer.status, body.encode() if isinstance(body, str) else body, headers)


def _accepted(number: int) -> bytes:
    return json.dumps({"status": "ok", "batchID": f"stand-in:{number}"}).encode()


def _codes(codes: list[int]) -> bytes:
    return json.dumps({"status": codes}).encode()


def _error(text: str) -> bytes:
    return json.dumps({"status": "error", "error": text}).encode()
