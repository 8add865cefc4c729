"""What an object of the store holds: gzip data of which each member is a document as CloudWatch sends it.

It holds the log events and not the lines: these are made again, by the settings of the day, when it is sent.
"""

from binascii import b2a_base64
from collections.abc import Iterable

import msgspec
from isal import isal_zlib
from msgspec import UNSET, Raw, Struct, UnsetType

from handler.events.documents import GZIP, Received
from handler.lines.batches import Settled

_LEVEL = 1


class _Event(Struct, gc=False):
    id: Raw
    timestamp: int
    message: Raw
    event_ids: tuple[str, ...] | UnsetType = msgspec.field(default=UNSET, name="eventIds")
    reason: str | UnsetType = UNSET


class _Document(Struct, rename="camel"):
    message_type: str
    owner: str
    log_group: str
    log_stream: str
    subscription_filters: list[str]
    log_events: list[_Event]
    policy_level: str | UnsetType = UNSET
    joined: bool | UnsetType = UNSET
    source_region: str | UnsetType = UNSET


def pack_undelivered(settled: Iterable[Settled], documents: Iterable[Received] = ()) -> bytes:
    """Pack the log events of lines, and whole documents; those that are whole as they came."""
    members = []
    for source, events in _by_source(settled).items():
        whole = source.packed is not None and len(events) == len(source.document.log_events)
        members.append(source.packed if whole and source.packed else _pack(source, dict.fromkeys(events, "")))
    members += [pack_document(document) for document in documents]
    return b"".join(members)


def pack_document(received: Received) -> bytes:
    """Pack a document, or a part of one."""
    return received.packed or _pack(received, dict.fromkeys(range(len(received.document.log_events)), ""))


def pack_rejected(settled: Iterable[Settled]) -> bytes:
    """Pack the log events of lines, each with the reason why it was refused."""
    return b"".join(_pack(source, events) for source, events in _by_source(settled).items())


def _by_source(settled: Iterable[Settled]) -> dict[Received, dict[int, str]]:
    """Return for each document the places of its log events, in order, with the reasons."""
    found: dict[Received, dict[int, str]] = {}
    for one in settled:
        for piece in one.batch.pieces:
            events = found.setdefault(piece.source, {})
            for place in piece.events:
                events.setdefault(place, one.reason)
    return {source: dict(sorted(events.items())) for source, events in found.items()}


def _pack(source: Received, events: dict[int, str]) -> bytes:
    document = source.document
    stored = _Document(
        document.message_type,
        document.owner,
        document.log_group,
        document.log_stream,
        document.subscription_filters,
        [
            _Event(event.id, event.timestamp, event.message, event.event_ids or UNSET, reason or UNSET)
            for event, reason in ((document.log_events[place], why) for place, why in events.items())
        ],
        document.policy_level or UNSET,
        document.joined or UNSET,
        document.source_region or UNSET,
    )
    return isal_zlib.compress(msgspec.json.encode(stored), _LEVEL, GZIP)


def pack_invocation(packed: bytes) -> bytes:
    """Return gzip data, which may hold anything, as Lambda keeps what it invoked a function with."""
    data = b2a_base64(packed, newline=False).decode()
    return msgspec.json.encode({"requestPayload": {"awslogs": {"data": data}}})
