"""Deploy the quickstart into the local AWS, write log events, and reconcile what the local Mezmo got.

    python3 tools/dev.py demo [--events 2000]

Exits 0 only if every event arrived once, as it should, and Mezmo would have changed nothing.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path

from local.aws import LocalAws
from local.demo.reconciliation import reconcile
from local.demo.report import example, table, verdict, write_page
from local.demo.sample_events import ECS_GROUP, LAMBDA_GROUP, Event, sample_events
from local.mezmo import MezmoStandIn

ROOT = Path(__file__).resolve().parents[2]
QUICKSTART = ROOT / "examples/quickstart"
PAGE = ROOT / "build/demo/index.html"
KEY = "0123456789abcdef0123456789abcdef"  # the stand-in's; it opens nothing else
LARGEST_PUT = 500
ARRIVAL_SECONDS = 60


def main(arguments: Sequence[str]) -> int:
    """Run the demo; return the exit code."""
    parser = argparse.ArgumentParser(prog="python3 tools/dev.py demo", description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=2000, help="how many events to write (default 2000)")
    options = parser.parse_args(arguments)
    started = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - started:5.1f} s] {text}", flush=True)

    with ExitStack() as stack:
        mezmo = stack.enter_context(MezmoStandIn(keys={KEY}))
        say(f"the local Mezmo listens at {mezmo.url}")
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="mezmo-demo-"))
        aws = stack.enter_context(LocalAws.from_environment(Path(directory), trusted=mezmo.ca_file))
        say(f"the local AWS listens at {aws.endpoint_url}; functions run under {lambda_version()}")
        events = list(sample_events(options.events, now=int(time.time() * 1000)))
        prepare(aws, events)
        say("made the secret MezmoIngestionKey and two log groups, as they exist before the tutorial")
        app = f"{sys.executable} app.py"
        aws.cdk("bootstrap", app=app, cwd=QUICKSTART)
        say("cdk bootstrap: done")
        output = f"{directory}/cdk.out"
        aws.cdk("deploy", "-c", f"mezmo-url={mezmo.url}", "--output", output, app=app, cwd=QUICKSTART)
        say("cdk deploy: done")
        write(aws, events)
        say(f"wrote {len(events)} events; waiting for them at the local Mezmo")
        mezmo.wait_for_lines(len(events), ARRIVAL_SECONDS)
        time.sleep(1)  # what arrives twice arrives now
        rows = reconcile(events, mezmo.lines, mezmo.flags)
        sent = sum(request.wire_bytes for request in mezmo.requests)
        say(f"{len(mezmo.requests)} requests, {sent} bytes compressed\n")
        lines = mezmo.lines
        if not all(row.is_whole for row in rows):
            say("not reconciled; the function's own log says:")
            print(own_log(aws))
    print(table(rows))
    print(f"\nA line, as Mezmo gets it:\n{example(lines)}\n")
    write_page(PAGE, rows, events, lines)
    print(f"The same as a page: {PAGE.relative_to(ROOT)}")
    print(verdict(rows))
    return 0 if all(row.is_whole and row.written for row in rows) and len(rows) == 2 else 1


def prepare(aws: LocalAws, events: Sequence[Event]) -> None:
    """Make what a user of the tutorial has already: the secret by CLI, and log groups with streams."""
    secret = json.dumps({"LOGDNA_KEY": KEY})
    aws.client("secretsmanager").create_secret(Name="MezmoIngestionKey", SecretString=secret)
    logs = aws.client("logs")
    for group in (ECS_GROUP, LAMBDA_GROUP):
        logs.create_log_group(logGroupName=group)
    for group, name in sorted({(event.log_group, event.log_stream) for event in events}):
        logs.create_log_stream(logGroupName=group, logStreamName=name)


def write(aws: LocalAws, events: Sequence[Event]) -> None:
    """Write events to their streams, as agents do: some hundred at a time, in order."""

    def stream(event: Event) -> tuple[str, str]:
        return event.log_group, event.log_stream

    for (group, name), found in groupby(sorted(events, key=stream), key=stream):
        of_stream = [{"timestamp": event.timestamp, "message": event.message} for event in found]
        for first in range(0, len(of_stream), LARGEST_PUT):
            aws.client("logs").put_log_events(
                logGroupName=group, logStreamName=name, logEvents=of_stream[first : first + LARGEST_PUT]
            )


def own_log(aws: LocalAws) -> str:
    """Return the last lines of the forwarder's own log, for what went wrong."""
    logs = aws.client("logs")
    groups = {found["logGroupName"] for found in logs.describe_log_groups()["logGroups"]}
    lines: list[str] = []
    for group in groups - {ECS_GROUP, LAMBDA_GROUP}:
        lines += [event["message"].rstrip() for event in logs.filter_log_events(logGroupName=group)["events"]]
    return "\n".join(lines[-20:]) or "nothing"


def lambda_version() -> str:
    """Name the Python that runs the function, which is not always the one AWS would take."""
    program = os.environ["MEZMO_DEV_LAMBDA_PYTHON"]
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60, check=True)
    version = answer.stdout.strip()
    return version if version.startswith("Python 3.13") else f"{version}, as there is no CPython 3.13 here"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
