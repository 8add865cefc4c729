"""What runs inside Lambda's Python, with the asset: each probe prints its result as a line of JSON."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from isal import isal_zlib
from msgspec import Raw

import handler.app
import handler.forwarding.forwarder
from benchmarks.floor import GZIP, LINES, SEND, UNPACK, Floor
from handler.client import Client, Reply
from handler.delivery.mezmo import Mezmo
from handler.events.documents import Limits, Received, read_payload
from handler.store.store import UndeliveredStore

_REDRIVE = {"mezmo_forwarder": "redrive"}
_REDRIVE_SECONDS = 20  # of a whole core: as much CPU time as 270 s of 7 % of one

Work = Callable[[], object]


class _Context:
    invoked_function_arn = "arn:aws:lambda:eu-west-3:123456789012:function:forwarder"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


class _Countdown(_Context):
    """The re-drive's."""

    def __init__(self) -> None:
        self._end = time.monotonic() + _REDRIVE_SECONDS

    def get_remaining_time_in_millis(self) -> int:
        return round((self._end - time.monotonic()) * 1000)


def _handle(data: str) -> None:
    handler.app.handle({"awslogs": {"data": data}}, _Context())


def _bodies(data: str) -> list[bytes]:
    """Return the bodies, packed, that the handler sends for a payload."""
    bodies: list[bytes] = []

    def record(_: Client, __: str, ___: Mapping[str, str], body: bytes, ____: float) -> Reply:
        bodies.append(body)
        return Reply(200, {}, b"")

    post = Client.post
    Client.post = record  # type: ignore[assignment,method-assign]  # put back below
    try:
        _handle(data)
    finally:
        Client.post = post  # type: ignore[method-assign]  # as it was
    return bodies


def _unpacked(bodies: list[bytes]) -> list[bytes]:
    return [isal_zlib.decompress(body, 31) for body in bodies]


def _time(work: Work) -> float:
    """Return seconds of CPU."""
    start = time.process_time()
    work()
    return time.process_time() - start


def _cpu(file: str, rounds: str) -> object:
    """Time both floors and the handler in turns, in seconds of CPU."""
    data = Path(file).read_text()
    bodies = _unpacked(_bodies(data))
    work: dict[str, Work] = {
        "floor": Floor(str, data, bodies).run,
        "raw floor": Floor(Raw, data, bodies).run,
        "handler": lambda: _handle(data),
    }
    warm_up = 5
    times = [{name: _time(run) for name, run in work.items()} for _ in range(warm_up + int(rounds))][warm_up:]
    return {"out": sum(map(len, bodies)), **{name: [turn[name] for turn in times] for name in work}}


def _stages(file: str, rounds: str) -> object:
    """Time the floor's stages and the handler's, in seconds of CPU."""
    data = Path(file).read_text()
    floor = Floor(str, data, _unpacked(_bodies(data))).stages()
    spent: dict[str, float] = {}

    def count(owner: object, function: str, name: str) -> None:
        original = getattr(owner, function)

        def counted(*arguments: object) -> object:
            start = time.process_time()
            result = original(*arguments)
            spent[name] = spent.get(name, 0) + time.process_time() - start
            return result

        setattr(owner, function, counted)

    def read(packed: bytes, limits: Limits, **named: object) -> list[Received]:
        start = time.process_time()
        documents = list(read_payload(packed, limits, **named))  # type: ignore[arg-type]  # passed on as they are
        spent[UNPACK] = spent.get(UNPACK, 0) + time.process_time() - start
        return documents

    vars(handler.forwarding.forwarder)["read_payload"] = read
    count(Mezmo, "prepare", GZIP)
    count(Mezmo, "send", SEND)
    turns = []
    for _ in range(int(rounds)):
        spent.clear()
        whole = _time(lambda: _handle(data))
        spent[LINES] = whole - sum(spent.values())
        turns.append({"floor": {name: _time(stage) for name, stage in floor.items()}, "handler": dict(spent)})
    return turns


def _memory(file: str) -> object:
    """Handle one event; return bytes of resident memory at the peak, seconds, and the error if any."""
    text = Path(file).read_bytes()  # AWS's client holds it, too, until the end
    event = json.loads(text)
    outcome = "delivered"
    start = time.perf_counter()
    try:
        handler.app.handle(event, _Context())
    except Exception as error:  # noqa: BLE001  what it is, is the result
        outcome = type(error).__name__
    seconds = time.perf_counter() - start
    return {"peak": _peak(), "seconds": seconds, "outcome": outcome}


def _peak() -> int:
    """Return the most bytes of memory that were resident."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def _run_redrive() -> Mapping[str, Any]:
    """Run the re-drive once, and return its answer."""
    import handler.redrive  # noqa: PLC0415  the other probes are to measure without

    return handler.redrive.handle(_REDRIVE, _Countdown())


def _redrive() -> object:
    """Have the re-drive empty the store, as often as it takes."""
    began, cpu = time.monotonic(), time.process_time()
    answers = [_run_redrive()]
    while answers[-1].get("left") and answers[-1]["objects"]:
        answers.append(_run_redrive())
    return {
        "runs": len(answers),
        "left": answers[-1]["left"],
        "objects": sum(answer["objects"] for answer in answers),
        "lines": sum(answer["lines"] for answer in answers),
        "cpu": time.process_time() - cpu,
        "seconds": time.monotonic() - began,
        "peak": _peak(),
    }


def _idle() -> object:
    """Re-drive an empty store; return when the first invocation was over, and the seconds of others."""
    _run_redrive()
    first = time.monotonic()
    walls = []
    for _ in range(5):
        time.sleep(0.2)
        start = time.perf_counter()
        _run_redrive()
        walls.append(time.perf_counter() - start)
    return {"first": first, "warm": walls}


def _reserve(file: str) -> object:
    """Handle one event that Mezmo does not take; return how many seconds pass after the last request.

    `all` is until everything is kept, `write` the part of it that writes the object.
    """
    event = json.loads(Path(file).read_bytes())
    moments: dict[str, float] = {}

    def note(owner: object, function: str) -> None:
        original = getattr(owner, function)

        def noted(*arguments: object) -> object:
            moments[f"{function} begins"] = time.perf_counter()
            try:
                return original(*arguments)
            finally:
                moments[f"{function} ends"] = time.perf_counter()

        setattr(owner, function, noted)

    note(Mezmo, "send")
    note(UndeliveredStore, "write")
    handler.app.handle(event, _Context())
    stored = moments["write ends"]
    return {"all": stored - moments["send ends"], "write": stored - moments["write begins"]}


def _wall(rounds: str, *files: str) -> object:
    """Time warm invocations, in seconds of wall time, each after a pause, as Lambda freezes the function."""
    walls: list[list[float]] = []
    for file in files:
        data = Path(file).read_text()
        _handle(data)
        walls.append([])
        for _ in range(int(rounds)):
            time.sleep(0.05)
            start = time.perf_counter()
            _handle(data)
            walls[-1].append(time.perf_counter() - start)
    return walls


def _lines(file: str) -> object:
    """Return the lines that a payload becomes."""
    bodies = _unpacked(_bodies(Path(file).read_text()))
    return [line for body in bodies for line in json.loads(body)["lines"]]


def _sizes(file: str) -> object:
    """Return the bytes of the bodies that a payload becomes, and of the same packed."""
    packed = _bodies(Path(file).read_text())
    return {"out": sum(map(len, _unpacked(packed))), "packed": sum(map(len, packed))}


def main(name: str, *arguments: str) -> None:
    """Run a probe."""
    probes: dict[str, Callable[..., object]] = {
        "cpu": _cpu,
        "stages": _stages,
        "memory": _memory,
        "redrive": _redrive,
        "idle": _idle,
        "reserve": _reserve,
        "wall": _wall,
        "lines": _lines,
        "sizes": _sizes,
    }
    print(json.dumps(probes[name](*arguments)))
