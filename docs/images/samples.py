"""The sample events that pictures show, and what the handler makes of them.

The page of them is got by

    mezmo-forwarder preview docs/images/sample-events.jsonl --settings docs/images/sample-settings.json \
        --html preview.html
"""

import json
from pathlib import Path

from mezmo_forwarder_commands.preview import settings_source
from mezmo_forwarder_commands.preview.inputs import About, read
from mezmo_forwarder_commands.preview.preview import Preview, preview

HERE = Path(__file__).parent
EVENTS = HERE / "sample-events.jsonl"


def seen() -> Preview:
    """Return the preview of all of them."""
    settings = settings_source.read(HERE / "sample-settings.json", {})
    return preview(settings, read([str(EVENTS)], About(now=0)))


def documents() -> list[dict[str, object]]:
    """Return CloudWatch's documents, as they stand in the file."""
    return [json.loads(line) for line in EVENTS.read_text(encoding="utf-8").splitlines()]
