"""The command, once its options are read."""

import argparse
import json
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from mezmo_forwarder_commands.aws_session import AwsSession
from mezmo_forwarder_commands.errors import CommandError

from . import figures
from .bar import Bar
from .estimate import estimate
from .pacing import Interruption, Pace, Rate
from .query import Query, parse_time
from .reading import REQUESTS_A_SECOND, LogGroupPages, Windows
from .run import Ended, send_all
from .sending import Function
from .state import Progress, State
from .target import Asked, Target, find

_LONGEST_INVOCATION = 900


def run(options: argparse.Namespace) -> int:
    """Run the command.

    Raises:
        CommandError: it was asked for wrongly, or AWS or the function refuses.
    """
    asked, rate = _asked(options), Rate.parse(options.rate)
    session = AwsSession(region=options.region, profile=options.profile)
    target = find(session, asked)
    interruption = Interruption()
    for warning in target.warnings:
        print(f"mezmo-forwarder: note: {warning}", file=sys.stderr)
    with _listening(interruption):
        if options.dry_run:
            return _estimate(session, target, rate, interruption, as_json=options.json)
        path = options.state or _default_state(options.log_group)
        state = _state(State.read(path), path, target.query, end_given=asked.end is not None)
        try:
            ended = _run(session, target, state, rate, interruption)
        except CommandError as error:
            raise CommandError(f"{error}; the same command goes on where it ended") from error
        finally:
            state.close()
    if options.json:
        print(json.dumps(figures.summary_json(state.progress, ended, str(path))))
    else:
        print(figures.summary(state.progress, ended, str(path)))
    return figures.status(state.progress, ended)


def _asked(options: argparse.Namespace) -> Asked:
    return Asked(
        log_group=options.log_group,
        function=options.function,
        start=parse_time("--from", options.start),
        end=None if options.end is None else parse_time("--to", options.end),
        pattern=options.filter_pattern,
        filter_name=options.filter_name,
    )


def _default_state(log_group: str) -> Path:
    return Path(f"mezmo-backfill-{re.sub(r'[^A-Za-z0-9._-]+', '-', log_group).strip('-')}.json")


def _state(found: State | None, path: Path, query: Query, *, end_given: bool) -> State:
    """Return what is done of a query.

    Raises:
        CommandError: the file is another query's.
    """
    if found is None:
        return State(path, Progress(query, until=query.start))
    before = found.progress.query
    differences = before.differences(query if end_given else replace(query, end=before.end))
    if differences:
        raise CommandError(
            f"--state {path} is another backfill's: {'; '.join(differences)}; ask for the same to go on "
            "with it, name another file, or delete it"
        )
    if found.progress.finished:
        print(f"mezmo-forwarder: note: all this was done before, says {path}", file=sys.stderr)
    elif found.under_way:
        print(
            f"mezmo-forwarder: note: {len(found.under_way):,} log events were under way when the last run "
            "ended; they are sent again, and may be there twice",
            file=sys.stderr,
        )
    return found


def _run(session: AwsSession, target: Target, state: State, rate: Rate, interruption: Interruption) -> Ended:
    if state.progress.finished:
        return Ended()
    query = state.progress.query
    client = session.client(
        "lambda",
        retries={"mode": "standard", "total_max_attempts": 1},
        read_timeout=min(target.timeout + 30, _LONGEST_INVOCATION + 30),
        tcp_keepalive=True,
    )
    function = Function(client, query)
    function.check()
    bar = Bar(state.progress, sys.stderr)
    try:
        return send_all(
            state,
            Windows(_pages(session, query, interruption)),
            function,
            rate=rate,
            interruption=interruption,
            watch=bar.watch,
        )
    finally:
        bar.end()


def _estimate(
    session: AwsSession, target: Target, rate: Rate, interruption: Interruption, *, as_json: bool
) -> int:
    query = target.query
    found = estimate(_pages(session, query, interruption), query.start, query.end, interruption)
    print(
        json.dumps(figures.estimate_json(found, target, rate))
        if as_json
        else figures.estimate_text(found, target, rate)
    )
    return 0


def _pages(session: AwsSession, query: Query, interruption: Interruption) -> LogGroupPages:
    pace = Pace(interruption)
    client = session.client("logs", retries={"mode": "standard", "total_max_attempts": 10})
    return LogGroupPages(client, query, wait=lambda: pace.wait(1 / REQUESTS_A_SECOND))


@contextmanager
def _listening(interruption: Interruption) -> Iterator[None]:
    """End in good order at the first Ctrl-C or SIGTERM; at the second one, at once."""

    def ask(_number: int, _frame: object) -> None:
        if interruption.asked:
            raise KeyboardInterrupt
        print("\nmezmo-forwarder: ends after the running invocation; again to end at once", file=sys.stderr)
        interruption.ask()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
