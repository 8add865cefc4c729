"""Where log events come from that CloudWatch has brought together: accounts and regions, in system fields."""

import msgspec
from msgspec import Struct, structs

from .documents import LogEvent, Received


class _SystemFields(Struct):
    account: str = msgspec.field(default="", name="@aws.account")
    region: str = msgspec.field(default="", name="@aws.region")


_decode = msgspec.json.Decoder(_SystemFields).decode
_NONE = _SystemFields()


def by_source(received: Received) -> list[Received]:
    """Cut a document into one for each account and region that its log events come from.

    CloudWatch names the account and region of the log group, of which a centralized one has neither in common
    with its log events. A subscription that emits system fields has them in each log event.

    Returns:
        The parts, in the order of their first log events; the document itself if no log event tells.
    """
    document = received.document
    parts: dict[tuple[str, str], list[LogEvent]] = {}
    for event in document.log_events:
        fields = _system_fields(event)
        parts.setdefault((fields.account, fields.region), []).append(event)
    if parts.keys() == {("", "")}:
        return [received]
    whole = len(parts) == 1
    return [
        structs.replace(
            received,
            document=structs.replace(
                document, owner=account or document.owner, source_region=region, log_events=events
            ),
            size=received.size * len(events) // len(document.log_events),
            packed=received.packed if whole else None,
        )
        for (account, region), events in parts.items()
    ]


def _system_fields(event: LogEvent) -> _SystemFields:
    try:
        return _decode(event.extracted_fields) if event.extracted_fields else _NONE
    except msgspec.ValidationError:  # of a pattern that names its fields so
        return _NONE
