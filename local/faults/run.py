"""One run: deploy, write while everything goes wrong, mend everything, wait, and look at every event."""

import json
import secrets
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from local.aws import LocalAws
from local.faults.events import GROUPS, STREAM_GROUP, STREAMS, Event, Put, make_puts
from local.faults.evidence import Evidence
from local.faults.history import Histories
from local.faults.processes import PRELUDE, Processes
from local.faults.proxy import AwsProxy
from local.faults.reconciliation import Rejected
from local.faults.report import Figures
from local.faults.stored import events_in
from local.faults.timeline import make_timeline
from local.faults.troubles import SECRET, Troubles
from local.faults.verdict import Outcome, judge
from local.mezmo import MezmoStandIn

RETRY_DELAY = 0.5  # seconds, in the place of a minute of Lambda's
SCHEDULE_SCALE = 0.05  # the re-drive's shortest interval is a minute
QUIET_SECONDS = 5  # longer than any wait of Lambda's here
STUCK_SECONDS = 90  # longer than the lease of a re-drive that was killed while its clock was behind
EVENTS_A_SECOND = 250
_HISTORIES = 5


@dataclass(frozen=True)
class Plan:
    """What to do.

    seed: of everything that is left to chance.
    events: how many log events are written.
    seconds: how long the writing lasts, and the faults.
    patience: how many seconds may pass after it until everything has arrived.
    directory: a new directory, for everything that is kept until the run has passed.
    """

    seed: int
    events: int
    seconds: float
    patience: float
    directory: Path


class FaultRun:
    """One run of the suite.

    say: told of progress.
    outcome: what was seen, once it has run.
    """

    outcome: Outcome

    def __init__(self, plan: Plan, say: Callable[[str], None]) -> None:
        self._plan = plan
        self._say = say
        self._stack = ExitStack()
        self._events: list[Event] = []
        self._written = 0

    def run(self) -> Figures:
        """Do everything; what is wrong is told by the figures' problems."""
        began = time.monotonic()
        with self._stack:
            self._start()
            self._deploy()
            self._break_and_write()
            idle = self._drain()
            self.outcome = self._outcome(idle=idle, seconds=time.monotonic() - began)
            figures = judge(self.outcome)
            (self._plan.directory / "table.txt").write_text(f"{figures.table()}\n")
            if figures.problems or figures.duplicates.unexcused:
                self._tell(figures, self.outcome)
        return figures

    def _start(self) -> None:
        enter = self._stack.enter_context
        self._mezmo = enter(MezmoStandIn(keys={secrets.token_hex(16)}))
        self._aws = enter(
            LocalAws.from_environment(
                self._plan.directory / "aws",
                trusted=self._mezmo.ca_file,
                retry_delay=RETRY_DELAY,
                schedule_scale=SCHEDULE_SCALE,
                function_prelude=PRELUDE,
                journal=True,
            )
        )
        self._proxy = enter(AwsProxy(self._aws.endpoint_url))
        self._processes = Processes(self._plan.directory / "processes")
        self._say("the local AWS and the local Mezmo are there")

    def _deploy(self) -> None:
        aws, app = self._aws, f"{sys.executable} {Path(__file__).with_name('app.py')}"
        (key,) = self._mezmo.keys
        aws.client("secretsmanager").create_secret(Name=SECRET, SecretString=json.dumps({"LOGDNA_KEY": key}))
        context = {
            "mezmo-url": self._mezmo.url,
            "secret-name": SECRET,
            "aws-url": self._proxy.url,
            "directory": str(self._processes.directory),
            "groups": " ".join(group for group in GROUPS if group != STREAM_GROUP),
            "stream-group": STREAM_GROUP,
        }
        options = [part for name, value in context.items() for part in ("-c", f"{name}={value}")]
        aws.cdk("bootstrap", *options, app=app, cwd=self._plan.directory)
        aws.cdk("deploy", *options, app=app, cwd=self._plan.directory)
        (stack,) = aws.client("cloudformation").describe_stacks(StackName="Faults")["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        self._forwarder, self._redrive = outputs["Function"], outputs["Redrive"]
        self._bucket = outputs["Bucket"]
        for group in GROUPS:
            for stream in STREAMS:
                aws.client("logs").create_log_stream(logGroupName=group, logStreamName=stream)
        self._say("deployed")

    def _break_and_write(self) -> None:
        plan = self._plan
        start = int(time.time() * 1000)
        puts = list(make_puts(plan.seed, plan.events, plan.seconds, start))
        self._events = [event for put in puts for event in put.events]
        troubles = Troubles(
            self._aws,
            self._mezmo,
            self._proxy,
            self._processes,
            forwarder=self._forwarder,
            redrive=self._redrive,
            seed=plan.seed,
        )
        self._troubles = troubles
        writer = threading.Thread(target=self._write, args=(puts,), daemon=True)
        player = threading.Thread(
            target=troubles.play, args=(make_timeline(plan.seed, plan.seconds),), daemon=True
        )
        self._say(f"writing {plan.events} events in {plan.seconds:.0f} s, while everything goes wrong")
        troubles.begin()
        writer.start()
        player.start()
        while writer.is_alive() or player.is_alive():
            time.sleep(min(10.0, plan.seconds / 4))
            self._say(self._progress())
        troubles.end()
        self._say("all is mended; waiting for what is left")

    def _write(self, puts: list[Put]) -> None:
        started = time.monotonic()
        logs = self._aws.client("logs")
        for put in puts:
            time.sleep(max(0.0, started + put.moment - time.monotonic()))
            first = put.events[0]
            logs.put_log_events(
                logGroupName=first.log_group,
                logStreamName=first.log_stream,
                logEvents=[{"timestamp": one.timestamp, "message": one.message} for one in put.events],
            )
            self._written += len(put.events)

    def _progress(self) -> str:
        return (
            f"{self._written} of {len(self._events)} events written, {len(self._mezmo.lines)} lines at Mezmo,"
            f" {len(self._waiting())} objects in the store, {len(self._troubles.killed)} processes killed"
        )

    def _drain(self) -> bool:
        """Wait until nothing is left to be sent and nobody at work; return whether that came in time."""
        now = time.monotonic()
        deadline, said, changed, before = now + self._plan.patience, now, now, ""
        while (now := time.monotonic()) < deadline and now < changed + STUCK_SECONDS:
            time.sleep(0.5)
            if not self._waiting() and not self._is_busy():
                return True
            if self._progress() != before:
                before, changed = self._progress(), now
            if now > said + 10:
                said = now
                self._say(before)
        return False

    def _is_busy(self) -> bool:
        invocations = self._aws.invocations()
        # The schedule never ends, but a run of the re-drive that has emptied the store is still to say so.
        if any(one.ended is None for one in invocations if one.function == self._redrive):
            return True
        of_forwarder = [one.ended or time.time() for one in invocations if one.function == self._forwarder]
        return time.time() - max(of_forwarder, default=0.0) < QUIET_SECONDS

    def _waiting(self) -> list[str]:
        return [key for prefix in ("undelivered/", "aws/lambda/") for key in self._keys(prefix)]

    def _keys(self, prefix: str) -> Iterator[str]:
        pages = self._aws.client("s3").get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
            yield from (found["Key"] for found in page.get("Contents", []))

    def _objects(self, prefix: str) -> dict[str, tuple[bytes, str]]:
        """Return objects by their keys: the content, and the reason in the metadata."""
        s3 = self._aws.client("s3")
        found: dict[str, tuple[bytes, str]] = {}
        for key in self._keys(prefix):
            answer: Any = s3.get_object(Bucket=self._bucket, Key=key)
            found[key] = answer["Body"].read(), answer["Metadata"].get("reason", "")
        return found

    def _evidence(self) -> Evidence:
        mezmo = self._mezmo
        return Evidence(
            forwarder=self._forwarder,
            redrive=self._redrive,
            lines=mezmo.lines,
            requests=mezmo.requests,
            connections=mezmo.connections,
            left=mezmo.left,
            exchanges=self._proxy.exchanges,
            invocations=self._aws.invocations(),
            owner=self._processes.owner,
            killed=frozenset(one.pid for one in self._troubles.killed),
            unresolved=[
                (one.pid, one.moment)
                for one in self._processes.names_missed
                if one.port == urlsplit(self._proxy.url).port
            ],
        )

    def _outcome(self, *, idle: bool, seconds: float) -> Outcome:
        evidence = self._evidence()
        rejected = [
            Rejected(found.identity, found.reason or reason)
            for body, reason in self._objects("rejected/").values()
            for found in events_in(body)
        ]
        lost = [line for line in self._aws.log.read_text().splitlines() if "LOST" in line]
        return Outcome(
            seed=self._plan.seed,
            seconds=seconds,
            events=self._events,
            evidence=evidence,
            rejected=rejected,
            waiting=self._waiting(),
            idle=idle,
            flags=self._mezmo.flags,
            # Of the re-drive's own invocations there is always another one.
            lost=[line for line in lost if self._redrive not in line],
            invoked_with=self._aws.event,
            of_processes=self._faults_of_processes(evidence),
        )

    def _faults_of_processes(self, evidence: Evidence) -> Counter[str]:
        killed = self._troubles.killed
        found = Counter(f"process: {'re-drive' if one.redrive else 'forwarder'} killed" for one in killed)
        found.update(f"process: no name found, {one.how}" for one in self._processes.names_missed)
        found["process: an invocation with a bent clock"] = sum(
            one.function == (self._redrive if redrive else self._forwarder)
            and one.began < ended
            and (one.ended or began) > began
            for redrive, began, ended in self._troubles.jumps
            for one in evidence.invocations
        )
        made = self._troubles.made
        return found + Counter({f"outage of {name}": times for name, times in made.items()})

    def _tell(self, figures: Figures, outcome: Outcome) -> None:
        """Write down what is needed to look into it."""
        directory = self._plan.directory
        (directory / "problems.txt").write_text("".join(f"{problem}\n" for problem in figures.problems))
        by_identity = {event.identity: event for event in self._events}
        concerned = [finding.identity for finding in figures.reconciliation.findings]
        again = figures.duplicates
        concerned += [identity for identity, _ in [*again.unexplained, *again.inexcusable]]
        at_the_end = {key: body for key, (body, _) in self._objects("").items()}
        events = [by_identity[one] for one in dict.fromkeys(concerned) if one in by_identity]
        histories = Histories(outcome.evidence, outcome.invoked_with, at_the_end)
        stories = histories.of_some(events, _HISTORIES)
        (directory / "histories.txt").write_text("\n\n".join(stories))
