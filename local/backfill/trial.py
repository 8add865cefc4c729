"""A log group with a past, backfills of it that are cut short, and what of it arrived how often."""

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.aws import LocalAws
from local.mezmo import MezmoStandIn
from mezmo_forwarder_commands.backfill.state import State

DAY = 24 * 60 * 60 * 1000
PROGRAM = (sys.executable, "-m", "mezmo_forwarder_commands")
_COMMANDS = Path(__file__).resolve().parents[2] / "src/commands"
_LARGEST_PUT = 5000
_RUN_SECONDS = 1800


@dataclass(frozen=True)
class Past:
    """What a log group has: its first millisecond, the first one after it, the ids of its events."""

    start: int
    end: int
    ids: frozenset[str]


def write_past(aws: LocalAws, log_group: str, events: int, *, streams: int = 20) -> Past:
    """Write events of a day, two days ago, to a log group, which is made where it is not there yet."""
    logs = aws.client("logs")
    with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=log_group)
    end = int(time.time()) * 1000 - 2 * DAY
    start = end - DAY
    for stream in range(streams):
        numbers = range(stream, events, streams)
        name = f"2026/11/01/[$LATEST]{stream:032x}"
        logs.create_log_stream(logGroupName=log_group, logStreamName=name)
        for first in range(0, len(numbers), _LARGEST_PUT):
            logs.put_log_events(
                logGroupName=log_group,
                logStreamName=name,
                logEvents=[
                    {"timestamp": start + DAY * number // events, "message": _message(number)}
                    for number in numbers[first : first + _LARGEST_PUT]
                ],
            )
    paginator = logs.get_paginator("filter_log_events")
    pages = paginator.paginate(logGroupName=log_group, startTime=start, endTime=end)
    ids = [event["eventId"] for page in pages for event in page["events"]]
    assert len(ids) == len({*ids}) == events, "the local AWS has what was written"
    return Past(start, end, frozenset(ids))


def _message(number: int) -> str:
    if number % 3 == 0:
        return json.dumps({"level": "info", "message": f"order {number} was shipped", "order": number})
    level = "ERROR" if number % 50 == 0 else "INFO"
    return f"{level} order {number}: größer als zuvor ✓, {'x' * (number % 200)}"


class Runs:
    """Runs of the command, one after the other, by the same state file.

    Args:
        aws: where the log group and the forwarder are.
        mezmo: where the lines arrive.
        arguments: the command's, after its name.
        state: the file.
        program: what is run.
    """

    def __init__(
        self,
        aws: LocalAws,
        mezmo: MezmoStandIn,
        arguments: Sequence[str],
        state: Path,
        program: Sequence[str] = PROGRAM,
    ) -> None:
        self._mezmo = mezmo
        self._command = [*program, "backfill", *arguments, "--state", str(state), "--json"]
        self._environment = dict(aws.environment)
        if program is PROGRAM:
            self._environment["PYTHONPATH"] = str(_COMMANDS)
        self._state = state
        self._before = len(mezmo.lines)
        self.under_way: set[str] = set()

    @property
    def arrived(self) -> int:
        """How many lines there are since the first run."""
        return len(self._mezmo.lines) - self._before

    def cut_short(self, lines: int, by: signal.Signals) -> int:
        """Run until so many lines have arrived in all, and end it by a signal; return its exit status."""
        process = self._start()
        end = time.monotonic() + _RUN_SECONDS
        while self.arrived < lines:
            assert process.poll() is None, f"it ended before it was ended: {process.communicate()}"
            assert time.monotonic() < end, "it takes too long"
            time.sleep(0.005)
        process.send_signal(by)
        process.communicate(timeout=_RUN_SECONDS)
        state = State.read(self._state)
        assert state
        self.under_way |= state.under_way
        return process.returncode

    def to_the_end(self) -> tuple[int, dict[str, Any]]:
        """Run until it ends by itself; return its exit status and its figures."""
        process = self._start()
        out, err = process.communicate(timeout=_RUN_SECONDS)
        assert out, err
        figures: dict[str, Any] = json.loads(out)
        return process.returncode, figures

    def outcome(self, past: Past) -> "Outcome":
        """Compare what has arrived with what was there."""
        metas = [line.meta or {} for line in self._mezmo.lines[self._before :]]
        return compare(past.ids, [str(meta.get("event_id")) for meta in metas], self.under_way)

    def _start(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self._command, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )


@dataclass(frozen=True)
class Outcome:
    """What arrived.

    Args:
        written: events that were there.
        arrived: lines.
        missing: events without a line.
        unknown: lines without an event.
        twice: events with more than one line.
        unexplained: those of them that were not under way when a run was ended.
    """

    written: int
    arrived: int
    missing: int
    unknown: int
    twice: int
    unexplained: int

    @property
    def is_whole(self) -> bool:
        """Whether all is there, and nothing twice but for a reason."""
        return not (self.missing or self.unknown or self.unexplained)


def compare(written: Iterable[str], arrived: Sequence[str], under_way: Iterable[str]) -> Outcome:
    """Compare the ids of events with those of lines."""
    ids = {*written}
    counted = Counter(arrived)
    twice = {id_ for id_, count in counted.items() if count > 1}
    return Outcome(
        written=len(ids),
        arrived=len(arrived),
        missing=len(ids - counted.keys()),
        unknown=len(counted.keys() - ids),
        twice=len(twice),
        unexplained=len(twice - {*under_way}),
    )
