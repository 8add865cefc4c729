"""What is done, in a file that outlives the command, however it ends.

The first line is all that was done up to a time, and it is replaced as a whole with each window. What is
done beyond that time follows, two lines a document, each written through to the disk: that it is about to be
sent, and how that went. So after a run that was killed all is known but what became of the one document under
way, whose events are sent once more and counted as `repeated`.
"""

import json
import os
import sys
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from mezmo_forwarder_commands.errors import CommandError

from .counts import Counts
from .query import Query

_KIND = "backfill"
_SCHEMA = 1


@dataclass
class Progress:
    """How far a backfill is.

    Args:
        query: what is asked for.
        until: everything before this millisecond is done.
        read: how many log events there were before that.
        counts: what became of all that were answered, beyond `until` too.
        repeated: events that were sent more than once, or may have been, at most.
        sent: the ids of events beyond `until` that are done.
        finished: whether all is done.
    """

    query: Query
    until: int
    read: int = 0
    counts: Counts = field(default_factory=Counts)
    repeated: int = 0
    sent: set[str] = field(default_factory=set)
    finished: bool = False


class State:
    """The file.

    Args:
        path: where it is.
        progress: what it says.
        under_way: the ids of events of which the file does not know what became of them.
    """

    def __init__(self, path: Path, progress: Progress, under_way: Collection[str] = ()) -> None:
        self.path = path
        self.progress = progress
        self.under_way = frozenset(under_way)
        self._file: IO[bytes] | None = None

    @classmethod
    def read(cls, path: Path) -> "State | None":
        """Read a file; None if there is none.

        Raises:
            CommandError: it cannot be read, is something else, or belongs to a run that has not ended.
        """
        try:
            with path.open("rb") as file:
                _lock(file, path)
                lines = file.read().split(b"\n")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise CommandError(f"--state {path}: {error.strerror}; name a file that can be read") from error
        try:
            progress = _progress_of(json.loads(lines[0]))
            under_way = _take(lines[1:-1], progress)  # a line without its end was never finished
        except (ValueError, KeyError, TypeError) as error:
            raise CommandError(
                f"--state {path} is no backfill's state, or one of another version; name another file"
            ) from error
        return cls(path, progress, under_way)

    def sending(self, ids: list[str]) -> None:
        """Say, before it happens, which events are sent now."""
        self._append({"sending": ids})

    def done(self, ids: Iterable[str], counts: Counts) -> None:
        """Say what became of what was sent last."""
        self.progress.sent.update(ids)
        self.progress.counts.add(counts)
        self._append({"counts": asdict(counts)})

    def not_sent(self) -> None:
        """Say that nothing of what was about to be sent arrived."""
        self._append({"not_sent": True})

    def repeating(self, events: int) -> None:
        """Say that what was sent last, or some of it, may have arrived, and is sent again."""
        self.progress.repeated += events
        self._append({"repeated": events})

    def finish_window(self, until: int, ids: Collection[str]) -> None:
        """Say that everything before a time is done, of which these are the events."""
        progress = self.progress
        progress.until = until
        progress.read += len(ids)
        progress.sent.difference_update(ids)
        if until >= progress.query.end:
            # What was sent and is not found again: CloudWatch has deleted it since.
            progress.read += len(progress.sent)
            progress.sent.clear()
            progress.finished = True
        self.write()

    def write(self) -> None:
        """Replace the file as a whole.

        Raises:
            CommandError: it cannot be written.
        """
        progress = self.progress
        head = {
            "mezmo_forwarder": _KIND,
            "schema": _SCHEMA,
            **asdict(progress),
            "sent": sorted(progress.sent),
        }
        new = self.path.with_name(f"{self.path.name}.new")
        try:
            file = new.open("wb")
            file.write(_line(head))
            file.flush()
            os.fsync(file.fileno())
            _lock(file, self.path)
            if sys.platform == "win32":  # where an open file cannot be renamed
                self.close()
                file.close()
                new.replace(self.path)
                file = self.path.open("ab")
            else:
                new.replace(self.path)
                self.close()
                _sync_directory(self.path.parent)
        except OSError as error:
            raise self._unwritable(error) from error
        self._file = file

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()
            self._file = None

    def _append(self, entry: object) -> None:
        assert self._file, "a state is written as a whole first"
        try:
            self._file.write(_line(entry))
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> CommandError:
        return CommandError(f"--state {self.path}: {error.strerror}; name a file that can be written")


def _progress_of(head: dict[str, Any]) -> Progress:
    if (head["mezmo_forwarder"], head["schema"]) != (_KIND, _SCHEMA):
        raise ValueError(head["schema"])
    return Progress(
        Query(**{**head["query"], "filters": tuple(head["query"]["filters"])}),
        until=head["until"],
        read=head["read"],
        counts=Counts.of(head["counts"]),
        repeated=head["repeated"],
        sent=set(head["sent"]),
        finished=head["finished"],
    )


def _take(lines: Iterable[bytes], progress: Progress) -> list[str]:
    """Take the lines that follow the first; return the ids of what is under way after them."""
    under_way: list[str] = []
    repeated = False
    for line in lines:
        entry = json.loads(line)
        if "sending" in entry:
            under_way, repeated = list(entry["sending"]), False
        elif "repeated" in entry:
            progress.repeated += entry["repeated"]
            repeated = True
        else:
            if "counts" in entry:
                progress.counts.add(Counts.of(entry["counts"]))
                progress.sent.update(under_way)
            under_way = []
    if not repeated:
        progress.repeated += len(under_way)
    return under_way


def _line(entry: object) -> bytes:
    return json.dumps(entry, separators=(",", ":")).encode() + b"\n"


def _lock(file: IO[bytes], path: Path) -> None:
    """Keep other runs off a file for as long as it is open, where the system can.

    Raises:
        CommandError: another run has it.
    """
    if sys.platform != "win32":
        import fcntl  # noqa: PLC0415  there is none on Windows

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CommandError(
                f"--state {path} is in use by another run; wait for its end, or end it"
            ) from error


def _sync_directory(path: Path) -> None:
    """Write a folder's new entry through to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
