"""What the tests of joining need."""

import json
from collections.abc import Sequence
from typing import Any

from handler.events.documents import Limits, Received
from handler.events.joining import join
from handler.settings import Multiline, Settings
from tests.handler.cloudwatch import encode, received

LIMITS = Limits.of({})
ALL = Multiline("stack-traces")


def as_events(lines: Sequence[str]) -> list[str]:
    return "\n".join(lines).split("\n")


def joined(messages: Sequence[object], multiline: Multiline = ALL, **document: object) -> list[Any]:
    """Return the messages of the joined document."""
    got = join(multiline, received(messages, **document))
    return [json.loads(bytes(event.message)) for event in got.document.log_events]


def lines_of(settings: Settings, document: Received) -> list[dict[str, Any]]:
    pieces = encode(settings, document)
    return [line for piece in pieces for line in json.loads(piece.array)]
