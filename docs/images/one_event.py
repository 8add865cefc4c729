"""The way of one log event, from the application to Mezmo: at each step, what it is there."""

import json

from docs.images import samples
from docs.images.drawing import Drawing

WIDTH = 860
_LEFT, _SHOWN = 236, 276  # where the steps end, and where what they make begins
_COLUMNS = 74
_LINE = 17


def picture() -> str:
    """Return the picture."""
    steps = _steps()
    heights = [max(58, 24 + _LINE * max(len(shown), len(notes) + 1)) for _, notes, _, shown in steps]
    drawing = Drawing(
        WIDTH,
        sum(heights) + 22 * len(steps) + 10,
        "The way of one log event",
        "A log event is matched by a subscription filter, packed, queued by Lambda, read, redacted, made a "
        "line, put into a batch, sent, and counted.",
    )
    top = 16
    for number, ((title, notes, kind, shown), height) in enumerate(zip(steps, heights, strict=True)):
        drawing.box(16, top, _LEFT - 16, height, title, *notes, kind=kind)
        drawing.line((_LEFT, top + height / 2), (_SHOWN - 10, top + height / 2))
        first = top + (height - _LINE * len(shown)) / 2 + 13
        for place, text in enumerate(shown):
            tone, _, said = text.rpartition("|") if text.startswith(("soft|", "good|")) else ("", "", text)
            drawing.text(_SHOWN, first + _LINE * place, said, "note" if tone else "mono", tone=tone,
                         within=WIDTH - _SHOWN - 10)  # fmt: skip
        if number + 1 < len(steps):
            drawing.arrow((_LEFT / 2 + 8, top + height), (_LEFT / 2 + 8, top + height + 22))
        top += height + 22
    return drawing.svg()


def _steps() -> list[tuple[str, list[str], str, list[str]]]:
    """Return each step: its title and notes, its kind, and what is there then; real, but for what is cut."""
    document = samples.documents()[0]
    preview = samples.seen()
    entry = preview.entries[0]
    event, line = entry.events[0], entry.lines[0]
    meta = line.fields["meta"]
    assert isinstance(meta, dict)
    filters = json.dumps(document["subscriptionFilters"])
    return [
        ("Your application", ["writes a log event"], "card", _in_lines(event.message)),
        (
            "CloudWatch Logs",
            ["a filter matches; the event", "is packed with its neighbours"],
            "card",
            [
                f'{{"owner":"{event.owner}","logGroup":"{event.group}",',
                f' "logStream":"{event.stream}",',
                f' "subscriptionFilters":{filters},"logEvents":[',
                f'   {{"id":"{_short(event.id)}","timestamp":{event.timestamp},"message":...}}, ...]}}',
                "soft|gzip, base64; within seconds",
            ],
        ),
        (
            "Lambda's queue",
            ["takes it, and invokes"],
            "card",
            [
                "good|The promise begins here: each line will be delivered, or kept with its reason.",
                "soft|Up to 6 hours without capacity; two repeats; then the bucket.",
            ],
        ),
        (
            "Forwarder: read",
            ["unpack, join, select, redact"],
            "ours",
            [
                "soft|Here ends what no line is made of: CloudWatch's control messages, the forwarder's own",
                "soft|log group, what is empty, excluded or not sampled. Its lines count as filtered.",
            ],
        ),
        (
            "Forwarder: a line",
            ["message, time, who wrote it"],
            "ours",
            [
                *(_in_lines('{"line":' + json.dumps(line.fields["line"]) + ",")),
                f' "timestamp":{line.fields["timestamp"]},"app":"{line.fields["app"]}",',
                f' "meta":{{"event_id":"{_short(event.id)}","service":"{meta["service"]}",...}}}}',
            ],
        ),
        (
            "Forwarder: a batch",
            ["up to 1,000,000 bytes, gzip"],
            "ours",
            [
                f"POST /logs/ingest?hostname={line.hostname}",
                '{"lines":[{...},{...}]}',
                "soft|with the key out of Secrets Manager or Parameter Store, kept for an hour",
            ],
        ),
        (
            "Mezmo",
            ["answers"],
            "card",
            [
                "good|2xx: delivered.",
                "soft|Any other answer, or none: see the failure ways. Nothing is dropped in silence.",
            ],
        ),
        (
            "Forwarder: counts",
            ["one line of log, the metrics"],
            "ours",
            ["LinesReceived = LinesDelivered + LinesFiltered + LinesStored", "              + LinesRejected"],
        ),
    ]


def _short(identifier: str) -> str:
    return f"{identifier[:6]}...{identifier[-4:]}"


def _in_lines(text: str) -> list[str]:
    return [text[start : start + _COLUMNS] for start in range(0, len(text), _COLUMNS)]
