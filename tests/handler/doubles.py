"""What stands in for time, for the network and for Lambda where a test must own them."""

import sys
from collections.abc import Callable, Iterable, Mapping

import msgspec

from handler.client import Reply
from handler.errors import TransportError
from handler.settings import Settings
from handler.timing import Timing

KEY = "0123456789abcdef0123456789abcdef"
OTHER_KEY = "fedcba9876543210fedcba9876543210"

OK = Reply(200, {}, b'{"status":"ok","batchID":"1"}')


class Clock:
    """Time that passes only when someone waits."""

    def __init__(self, chance: float = 1.0) -> None:
        self.now = 1_000.0
        self.waits: list[float] = []
        self.timing = Timing(
            monotonic=lambda: self.now,
            wall=lambda: self.now + 1_795_000_000,
            sleep=self._sleep,
            random=lambda: chance,
        )

    def _sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.waits.append(seconds)
        self.now += seconds


class ScriptedClient:
    """Answers requests from a script, then with 200; keeps what it was sent."""

    def __init__(self, script: Iterable[Reply | TransportError | Callable[[bytes], Reply]] = ()) -> None:
        self.script = list(script)
        self.sent: list[tuple[str, Mapping[str, str], bytes, float]] = []

    def post(self, target: str, headers: Mapping[str, str], body: bytes, deadline: float) -> Reply:
        self.sent.append((target, headers, body, deadline))
        step = self.script.pop(0) if self.script else OK
        if isinstance(step, TransportError):
            raise step
        return step if isinstance(step, Reply) else step(body)


class Context:
    """Lambda's context object."""

    invoked_function_arn = "arn:aws:lambda:eu-west-3:123456789012:function:forwarder"

    def __init__(self, seconds: float = 60.0) -> None:
        self._milliseconds = round(seconds * 1000)

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds


def settings_json(
    url: str = "https://logs.example.com/logs/ingest",
    *,
    kind: str = "log-analysis",
    gzip: bool | None = None,
    **more: object,
) -> str:
    """Return a settings document with the key in the environment variable KEY."""
    destination = {"kind": kind, "url": url} | ({} if gzip is None else {"gzip": gzip})
    key = {"source": "environment", "variable": "KEY"}
    return msgspec.json.encode({"schema": 1, "key": key, "destination": destination, **more}).decode()


def make_settings(url: str = "https://logs.example.com/logs/ingest", **more: object) -> Settings:
    """Return settings; keyword arguments as for `settings_json`."""
    return msgspec.json.decode(settings_json(url, **more), type=Settings)  # type: ignore[arg-type]


def calls_of(work: Callable[[], object]) -> int:
    """Return how many calls of Python functions some work takes: its time, without a clock."""
    calls = 0

    def count_calls(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count_calls)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls
