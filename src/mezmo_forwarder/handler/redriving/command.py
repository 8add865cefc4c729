"""What the re-drive function can be told, by the schedule or by hand."""

import re

import msgspec
from msgspec import Struct

from handler.errors import CommandError
from handler.store.store import FAILED_INVOCATIONS, REJECTED, UNDELIVERED

NAME = "redrive"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d([:.]\d\d){0,2})?Z?")


class Command(Struct, forbid_unknown_fields=True, rename={"since": "from", "until": "to"}):
    """What to send again; everything undelivered unless something else is said.

    Args:
        mezmo_forwarder: the command's name.
        prefix: what keys of objects begin with.
        since: the least time in names of objects, or the beginning of one.
        until: the time before which those in names must be.
        dry_run: whether to count only.
    """

    mezmo_forwarder: str
    prefix: str = ""
    since: str = ""
    until: str = ""
    dry_run: bool = False

    @property
    def by_hand(self) -> bool:
        """Whether a person waits for it."""
        return bool(self.prefix or self.since or self.until)

    @property
    def prefixes(self) -> list[str]:
        """What the keys of the objects begin with."""
        return [self.prefix] if self.prefix else [UNDELIVERED, FAILED_INVOCATIONS]


def read_command(event: object) -> Command:
    """Read what the function was invoked with.

    Raises:
        CommandError: it is not understood.
    """
    try:
        command = msgspec.convert(event, Command)
    except msgspec.ValidationError as error:
        raise CommandError(
            f'not a command: the function expects {{"mezmo_forwarder": "{NAME}"}}, with prefix, from, to and '
            f"dry_run where they are wanted: {error}"
        ) from error
    if command.mezmo_forwarder != NAME:
        raise CommandError(f'mezmo_forwarder is {command.mezmo_forwarder!r}; give "{NAME}"')
    known = (UNDELIVERED, REJECTED, FAILED_INVOCATIONS)
    if command.prefix and not command.prefix.startswith(known):
        raise CommandError(
            f"prefix is {command.prefix!r}; give one that begins with {UNDELIVERED}, {REJECTED} or "
            f"{FAILED_INVOCATIONS}"
        )
    for name, moment in (("from", command.since), ("to", command.until)):
        if moment and not _MOMENT.fullmatch(moment):
            raise CommandError(f"{name} is {moment!r}; give a time such as 2026-11-25T10:00:00Z")
    # As the names of objects have it.
    command.since, command.until = (
        moment.rstrip("Z").replace(":", ".") for moment in (command.since, command.until)
    )
    return command
