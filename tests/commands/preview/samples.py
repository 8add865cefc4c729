"""Sample events in the forms that a user has them in, and the preview of them."""

from collections.abc import Iterable
from pathlib import Path

from handler.settings import Settings
from mezmo_forwarder_commands.preview.inputs import About, Payload, pack, read
from mezmo_forwarder_commands.preview.preview import Preview, preview
from tests.handler.cloudwatch import make_document
from tests.handler.doubles import make_settings

STANDARD = make_settings()
NOW = 1_795_000_000_000


def see(messages: Iterable[object], settings: Settings = STANDARD, **document: object) -> Preview:
    """Preview some messages of one document; keyword arguments as for `make_document`."""
    packed = pack(make_document(messages, **document))  # type: ignore[arg-type]
    return preview(settings, [Payload(packed, "test")])


def see_file(path: Path, settings: Settings = STANDARD, **about: object) -> Preview:
    """Preview a file; keyword arguments as for `About`."""
    return preview(settings, read([str(path)], About(**{"now": NOW, **about})))  # type: ignore[arg-type]


def texts(seen: Preview) -> list[object]:
    """Return the texts of all lines."""
    return [line.fields["line"] for entry in seen.entries for line in entry.lines]


def messages_of(seen: Preview) -> list[str]:
    """Return the texts of all events."""
    return [event.message for entry in seen.entries for event in entry.events]


def notes_of(seen: Preview) -> list[list[str]]:
    """Return what is said about each entry, but for who wrote it, which each of one document has."""
    return [
        [f"{note.kind}: {note.text}" for note in entry.notes if note.kind != "names"]
        for entry in seen.entries
    ]
