"""The log events of a run: every kind of text that applications write, the same for the same seed."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Identity = tuple[str, str, int]
"""A log event's group, stream and time in milliseconds; no two events of a run have the same."""

STREAM_GROUP = "/faults/by-stream"
"""The group whose events come by way of Kinesis."""
GROUPS = ("/faults/orders", "/faults/shop.web", "/faults/audit", STREAM_GROUP)
STREAMS = ("a", "b")

# Of what Lambda's own messages and careless writers end in, all is trimmed by the handler.
BLANKS = " \t\r\n\f\v"

_LARGEST_PUT = 900_000  # bytes; PutLogEvents takes 1,048,576, with 26 for each event
_NAMES = ("Zoë", "Łukasz", "Åsa", "さくら", "Ольга", "José 👩‍💻", "नीरज")
_JAVA = """java.lang.IllegalStateException: order {number} is closed
\tat com.example.orders.Order.add(Order.java:{line})
Caused by: java.lang.NullPointerException
\t... 12 more"""


@dataclass(frozen=True, slots=True)
class Event:
    """One log event as it is written; `timestamp` is in milliseconds since the epoch."""

    log_group: str
    log_stream: str
    timestamp: int
    message: str

    @property
    def identity(self) -> Identity:
        """What tells it from every other."""
        return self.log_group, self.log_stream, self.timestamp

    @property
    def text(self) -> str:
        """What Mezmo should show of it; empty if nothing."""
        return self.message.rstrip(BLANKS)


@dataclass(frozen=True, slots=True)
class Put:
    """Events of one log stream that are written with one call, so many seconds after the beginning."""

    moment: float
    events: tuple[Event, ...]


def make_puts(seed: int, events: int, seconds: float, start: int) -> Iterator[Put]:
    """Make the events of a run, in the order of writing.

    seed: of the choices.
    events: how many.
    seconds: how long the writing lasts.
    start: the time of the beginning, in milliseconds since the epoch; nothing else depends on it.
    """
    choose = random.Random(f"{seed}/events")
    sizes: list[int] = []
    while (left := events - sum(sizes)) > 0:
        # Payloads of some hundred events hold most of them; more often it is a handful, of a quiet stream.
        size = choose.randint(100, 500) if choose.random() < 0.1 else choose.randint(1, 10)
        sizes.append(min(size, left))
    moments = sorted(choose.uniform(0, seconds) for _ in sizes)
    latest: dict[tuple[str, str], int] = {}
    number = 0
    for moment, size in zip(moments, sizes, strict=True):
        stream = choose.choice(GROUPS), choose.choice(STREAMS)
        put: list[Event] = []
        bytes_put = 0
        for _ in range(size):
            number += 1
            timestamp = max(latest.get(stream, 0) + 1, start + int(moment * 1000))
            latest[stream] = timestamp
            event = Event(*stream, timestamp, _message(number, choose))
            length = len(event.message.encode()) + 26
            if bytes_put + length > _LARGEST_PUT:
                yield Put(moment, tuple(put))
                put, bytes_put = [], 0
            put.append(event)
            bytes_put += length
        yield Put(moment, tuple(put))


def _message(number: int, choose: random.Random) -> str:
    (make,) = choose.choices(*_KINDS)
    return make(number, choose) + choose.choice(["", "", "", "\n", " \r\n"])


def _plain(number: int, choose: random.Random) -> str:
    level = choose.choice(["INFO", "INFO", "WARN", "ERROR"])
    return f'{level} GET /orders/{number}?page={choose.randrange(9)} 200 "curl/8" {choose.randrange(900)} ms'


def _json(number: int, choose: random.Random) -> str:
    document = {
        "level": choose.choice(["info", "warn", "error"]),
        "message": f"order {number} placed by {choose.choice(_NAMES)}",
        "order": {"id": number, "items": [choose.randrange(100) for _ in range(3)], "note": 'a "q" \\ word'},
    }
    return json.dumps(document, ensure_ascii=choose.random() < 0.5)


def _several_lines(number: int, choose: random.Random) -> str:
    return _JAVA.format(number=number, line=choose.randrange(1, 400))


def _beyond_ascii(number: int, choose: random.Random) -> str:
    return f"INFO {choose.choice(_NAMES)} paid {choose.randrange(1, 99)},00 € for № {number} ✔"


def _blank(_number: int, choose: random.Random) -> str:
    return choose.choice([" ", "\t", "\n", " \r\n"])


def _long_text(number: int, choose: random.Random) -> str:
    return f"DUMP {number} " + _filling(choose, choose.randint(16_300, 60_000))


def _long_json(number: int, choose: random.Random) -> str:
    stack = _filling(choose, choose.randint(15_000, 50_000)).replace(" ", '"\n\\')
    document = {"level": "error", "id": number, "stack": stack, "trace": f"{choose.getrandbits(64):016x}"}
    return json.dumps(document, ensure_ascii=choose.random() < 0.5)


def _long_beyond_ascii(number: int, choose: random.Random) -> str:
    names = " ".join(choose.choice(_NAMES) for _ in range(choose.randint(2000, 6000)))
    return f"INFO {number} {names}"


def _huge(number: int, choose: random.Random) -> str:
    text = _filling(choose, choose.randint(200_000, 250_000))
    return json.dumps({"id": number, "body": text}) if choose.random() < 0.5 else f"HUGE {number} {text}"


def _filling(choose: random.Random, length: int) -> str:
    words = [f"{choose.getrandbits(40):x} {choose.choice(_NAMES)}" for _ in range(64)]
    text = " ".join(words)
    return (text * (length // len(text) + 1))[:length].rstrip()


_KINDS: tuple[list[Callable[[int, random.Random], str]], list[float]] = (
    [_plain, _json, _several_lines, _beyond_ascii, _blank, _long_text, _long_json, _long_beyond_ascii, _huge],
    [40, 30, 10, 15, 1.5, 0.4, 0.3, 0.2, 0.02],
)
