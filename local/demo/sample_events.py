"""Log events as applications write them: plain text, JSON, several lines in one, and beyond ASCII."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

ECS_GROUP = "/aws/ecs/MyApplicationLogGroup"
LAMBDA_GROUP = "/aws/lambda/orders"

_TRACEBACK = """Traceback (most recent call last):
  File "/app/orders.py", line {line}, in charge
    gateway.charge(order)
  File "/app/gateway.py", line 88, in charge
    raise TimeoutError("payment {number}")
TimeoutError: payment {number}"""
_JAVA = """java.lang.IllegalStateException: order {number} is closed
\tat com.example.orders.Order.add(Order.java:{line})
\tat com.example.orders.Service.handle(Service.java:41)
Caused by: java.lang.NullPointerException
\t... 12 more"""
_NAMES = ["Zoë", "Łukasz", "Åsa", "さくら", "Ольга", "José 👩‍💻", "नीरज"]


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a log stream; `timestamp` is in milliseconds since the epoch."""

    log_group: str
    log_stream: str
    timestamp: int
    message: str


def sample_events(count: int, *, now: int, seed: int = 1) -> Iterator[Event]:
    """Make events for two log groups with three streams each, the same for the same seed.

    Args:
        count: how many.
        now: the latest event's time, in milliseconds; each event is some milliseconds older than the next.
        seed: of the random choices.
    """
    choose = random.Random(seed)
    time = now - 7 * count
    for number in range(count):
        time += choose.randrange(1, 8)
        group = choose.choice([ECS_GROUP, LAMBDA_GROUP])
        stream = choose.randrange(3)
        if group == ECS_GROUP:
            name = f"web/app/{0xE1F0 + stream:032x}"
            message = choose.choice([_plain, _json, _several_lines, _beyond_ascii])(number, choose)
        else:
            name = f"2026/11/24/[$LATEST]{0xA5C0 + stream:032x}"
            # Lambda's own messages end in a line feed.
            message = choose.choice([_plain, _json, _report])(number, choose) + "\n"
        yield Event(group, name, time, message)


def _plain(number: int, choose: random.Random) -> str:
    level = choose.choice(["INFO", "INFO", "INFO", "WARN", "ERROR"])
    return (
        f'{level} GET /orders/{number}?page={choose.randrange(9)} 200 "curl/8.5" {choose.randrange(900)} ms'
    )


def _json(number: int, choose: random.Random) -> str:
    document = {
        "level": choose.choice(["info", "warn", "error"]),
        "message": f"order {number} placed by {choose.choice(_NAMES)}",
        "order": {
            "id": number,
            "items": [choose.randrange(100) for _ in range(3)],
            "note": 'a "quoted" \\ word',
        },
    }
    return json.dumps(document, ensure_ascii=choose.random() < 0.5)


def _several_lines(number: int, choose: random.Random) -> str:
    return choose.choice([_TRACEBACK, _JAVA]).format(number=number, line=choose.randrange(1, 400))


def _beyond_ascii(number: int, choose: random.Random) -> str:
    return f"INFO {choose.choice(_NAMES)} paid {choose.randrange(1, 99)},00 € for № {number} ✔"


def _report(number: int, choose: random.Random) -> str:
    return f"REPORT RequestId: {number:032x}\tDuration: {choose.random() * 900:.2f} ms\tMemory Size: 128 MB"
