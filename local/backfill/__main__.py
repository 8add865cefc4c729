"""Deploy the quickstart into the local AWS, and send a log group's past through it, killed in between.

    python3 tools/dev.py backfill [--events 100000] [--kills 3]

Exits 0 only if every event arrived, and none twice that was not under way when a run was killed.
"""

import argparse
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from local.aws import LocalAws
from local.backfill.trial import PROGRAM, Runs, write_past
from local.demo.__main__ import KEY, QUICKSTART
from local.demo.sample_events import ECS_GROUP, LAMBDA_GROUP
from local.mezmo import MezmoStandIn
from mezmo_forwarder_commands.backfill.query import as_time


def main(arguments: Sequence[str]) -> int:
    """Run the trial; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python3 tools/dev.py backfill", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--events", type=int, default=100_000, help="how many (default 100000)")
    parser.add_argument("--kills", type=int, default=3, help="how often a run is killed (default 3)")
    parser.add_argument("--program", help="what is run; the clone's own by default")
    options = parser.parse_args(arguments)
    started = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - started:5.1f} s] {text}", flush=True)

    with ExitStack() as stack:
        mezmo = stack.enter_context(MezmoStandIn(keys={KEY}))
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mezmo-backfill-")))
        aws = stack.enter_context(LocalAws.from_environment(directory / "aws", trusted=mezmo.ca_file))
        aws.client("secretsmanager").create_secret(
            Name="MezmoIngestionKey", SecretString=f'{{"LOGDNA_KEY":"{KEY}"}}'
        )
        aws.client("logs").create_log_group(logGroupName=ECS_GROUP)
        past = write_past(aws, LAMBDA_GROUP, options.events)
        span = f"{as_time(past.start)} to {as_time(past.end)}"
        say(f"{LAMBDA_GROUP} has {options.events:,} log events, {span}")
        app, output = f"{sys.executable} app.py", f"{directory}/cdk.out"
        aws.cdk("bootstrap", app=app, cwd=QUICKSTART)
        aws.cdk("deploy", "-c", f"mezmo-url={mezmo.url}", "--output", output, app=app, cwd=QUICKSTART)
        (stack_of,) = aws.client("cloudformation").describe_stacks(StackName="MezmoLogs")["Stacks"]
        outputs = {found["OutputKey"]: found["OutputValue"] for found in stack_of["Outputs"]}
        say("cdk deploy: done")
        command = [LAMBDA_GROUP, "--function", outputs["FunctionName"]]
        command += ["--from", as_time(past.start), "--rate", "1GB"]
        program = shlex.split(options.program) if options.program else PROGRAM
        runs = Runs(aws, mezmo, command, directory / "state.json", program)
        ends = [signal.SIGKILL] * options.kills + [signal.SIGINT]
        for number, by in enumerate(ends, 1):
            status = runs.cut_short(options.events * number // (len(ends) + 1), by)
            say(f"ended by {by.name}, exit status {status}: {runs.arrived:,} lines at Mezmo")
        status, figures = runs.to_the_end()
        say(f"ran to the end, exit status {status}: {figures}")
        outcome = runs.outcome(past)
    say(
        f"{outcome.written:,} events, {outcome.arrived:,} lines: {outcome.missing} missing, "
        f"{outcome.unknown} unknown, {outcome.twice:,} twice, {outcome.unexplained} without a reason"
    )
    return 0 if outcome.is_whole and status == 0 and figures["reconciled"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
