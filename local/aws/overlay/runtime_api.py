"""AWS's Lambda Runtime API, version 2018-06-01, for one execution environment."""

from __future__ import annotations

import json
import queue
import re
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

_PREFIX = "/2018-06-01/runtime"
_RESULT = re.compile(rf"{_PREFIX}/invocation/([\w-]+)/(response|error)")


@dataclass(frozen=True)
class Invocation:
    """One event, as JSON; the runtime may work on it until the deadline, milliseconds since the epoch."""

    request_id: str
    payload: bytes
    deadline_ms: int
    function_arn: str
    trace_id: str


@dataclass(frozen=True)
class RuntimeReport:
    """What a runtime, or the one who watches its process, has to say.

    `next`: it asks for an event; `response` and `error`: the outcome of the event it has; `init error`: it
    could not load the handler; `exit`: its process has ended.
    """

    kind: Literal["next", "response", "error", "init error", "exit"]
    body: bytes = b""


class RuntimeApi:
    """A server on 127.0.0.1 that gives one event at a time to the runtime and passes on its reports."""

    def __init__(self) -> None:
        self.reports: queue.SimpleQueue[RuntimeReport] = queue.SimpleQueue()
        self._invocations: queue.SimpleQueue[Invocation | None] = queue.SimpleQueue()
        self._request_id = ""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        """Host and port, as AWS_LAMBDA_RUNTIME_API has them."""
        return f"127.0.0.1:{self._server.server_port}"

    def submit(self, invocation: Invocation) -> None:
        """Give the runtime its next event."""
        self._request_id = invocation.request_id
        self._invocations.put(invocation)

    def close(self) -> None:
        """Stop serving, in the background; a runtime that waits for an event is told nothing more."""
        self._invocations.put(None)
        threading.Thread(target=self._end, daemon=True).start()

    def _end(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # headers and body in one segment: two would wait for a delayed acknowledgement

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                del format, args

            def do_GET(self) -> None:
                if self.path != f"{_PREFIX}/invocation/next":
                    self._answer(404)
                    return
                api.reports.put(RuntimeReport("next"))
                invocation = api._invocations.get()
                if invocation is None:
                    self.close_connection = True
                    return
                headers = {
                    "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
                    "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
                    "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
                    "Lambda-Runtime-Trace-Id": invocation.trace_id,
                }
                self._answer(200, invocation.payload, headers)

            def do_POST(self) -> None:
                body = self._body()
                result = _RESULT.fullmatch(self.path)
                if self.path == f"{_PREFIX}/init/error":
                    api.reports.put(RuntimeReport("init error", body))
                    self._answer(202, b'{"status":"OK"}')
                elif result is None:
                    self._answer(404)
                elif result[1] != api._request_id:
                    error = {"errorMessage": "Invalid request ID", "errorType": "InvalidRequestID"}
                    self._answer(400, json.dumps(error).encode())
                else:
                    api.reports.put(RuntimeReport("error" if result[2] == "error" else "response", body))
                    self._answer(202, b'{"status":"OK"}')

            def _body(self) -> bytes:
                if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                    return self.rfile.read(int(self.headers.get("Content-Length", 0)))
                chunks = []
                while size := int(self.rfile.readline(), 16):
                    chunks.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(chunks)

            def _answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
                self.send_response(status)
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return Handler
