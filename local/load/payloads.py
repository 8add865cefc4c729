"""What CloudWatch Logs would invoke the function with, log event by log event with an id of its own."""

import base64
import gzip
import itertools
import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

from local.demo.sample_events import ECS_GROUP, sample_events

_SAMPLES = 2_000


@dataclass(frozen=True)
class Payload:
    """One invocation: its event, the ids in it, and the bytes of their messages."""

    event: bytes
    ids: list[str]
    size: int


def payloads(worker: int, events: int) -> Iterator[Payload]:
    """Make payloads of so many log events each, without an end; the ids hold the worker's number."""
    choose = random.Random(worker)
    samples = [event for event in sample_events(_SAMPLES, now=0, seed=worker) if event.log_group == ECS_GROUP]
    numbers = itertools.count()
    while True:
        now = int(time.time() * 1000)
        some = [choose.choice(samples).message for _ in range(events)]
        ids = [f"{worker:06d}{next(numbers):050d}" for _ in some]
        log_events = [
            {"id": one, "timestamp": now, "message": message} for one, message in zip(ids, some, strict=True)
        ]
        document = {
            "messageType": "DATA_MESSAGE",
            "owner": "123456789012",
            "logGroup": ECS_GROUP,
            "logStream": f"web/app/{choose.randrange(3):032x}",
            "subscriptionFilters": ["mezmo-0123456789abcdef"],
            "logEvents": log_events,
        }
        data = base64.b64encode(gzip.compress(json.dumps(document).encode())).decode()
        size = sum(len(message.encode()) for message in some)
        yield Payload(json.dumps({"awslogs": {"data": data}}).encode(), ids, size)
