"""A record of invocations for whoever started this stack: what ran in which process, and how that ended."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, NotRequired, TypedDict

if TYPE_CHECKING:
    from .settings import Settings

_OUTCOMES = {"Sandbox.Timedout": "timeout", "Runtime.ExitError": "exit"}
_lock = threading.Lock()


class InvocationResult(TypedDict):
    """An outcome in MiniStack's words; `log` is what the process wrote meanwhile."""

    status: str
    log: str
    result: NotRequired[object]
    error_payload: NotRequired[object]


class JournalEntry:
    """One invocation, under way.

    It becomes two lines of JSON in `invocations.jsonl`, one when it begins and one when it has ended, and its
    event a file of its own, `events/<request id>.json`.
    """

    def __init__(self, settings: Settings, function: str, request_id: str, event: object) -> None:
        self._directory = Path(settings.directory)
        self._kept = settings.journal
        self._begun: dict[str, object] = {
            "request_id": request_id,
            "function": function,
            "began": time.time(),
        }
        self.pid: int | None = None
        """The process that it runs in, once there is one."""
        if self._kept:
            events = self._directory / "events"
            events.mkdir(exist_ok=True)
            (events / f"{request_id}.json").write_text(json.dumps(event))
            self._write(self._begun)

    def end(self, result: InvocationResult) -> None:
        """Tell how it ended."""
        if self._kept:
            error = result.get("error_payload")
            kind = error.get("errorType") if isinstance(error, dict) else None
            failed = _OUTCOMES.get(str(kind), "error")
            outcome = "response" if result["status"] == "ok" else failed
            answer = result.get("result") if result["status"] == "ok" else error
            ended = {"ended": time.time(), "pid": self.pid, "outcome": outcome, "answer": answer}
            self._write({**self._begun, **ended, "log": result["log"]})

    def _write(self, fields: dict[str, object]) -> None:
        with _lock, (self._directory / "invocations.jsonl").open("a") as file:
            file.write(f"{json.dumps(fields)}\n")
