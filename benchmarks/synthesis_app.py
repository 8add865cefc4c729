"""An application with so many log groups, subscribed in one way; prints what that costs to synthesize.

python -m benchmarks.synthesis_app GROUPS WAY
"""

import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ["CDK_VALIDATION"] = "false"  # two seconds, however many log groups there are

from aws_cdk import App, Environment, Stack
from aws_cdk.aws_logs import FilterPattern, LogGroup, SubscriptionFilter
from aws_cdk.aws_logs_destinations import LambdaDestination
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import IngestionKey, MezmoLogForwarder

HERE = Environment(account="123456789012", region="eu-west-3")
CONTEXT = {
    "aws:cdk:disable-asset-staging": True,
    "@aws-cdk/core:aspectStabilization": True,  # as `cdk init` sets it
    "@aws-cdk/core:stackResourceLimit": 0,  # CDK's own way makes more than CloudFormation takes
}


def none(app: App, forwarder: MezmoLogForwarder, groups: list[LogGroup]) -> None:
    """Subscribe nothing, for what the rest takes."""
    del app, forwarder, groups


def subscribe(app: App, forwarder: MezmoLogForwarder, groups: list[LogGroup]) -> None:
    """Subscribe one after the other."""
    del app
    for group in groups:
        forwarder.subscribe(group)


def subscribe_all(app: App, forwarder: MezmoLogForwarder, groups: list[LogGroup]) -> None:
    """Subscribe all at once."""
    del groups
    forwarder.subscribe_all(app)


def plain(app: App, forwarder: MezmoLogForwarder, groups: list[LogGroup]) -> None:
    """Subscribe as one does with CDK alone."""
    del app
    stack = Stack.of(forwarder)
    for number, group in enumerate(groups):
        SubscriptionFilter(
            stack,
            f"Filter{number}",
            log_group=group,
            destination=LambdaDestination(forwarder.function),
            filter_pattern=FilterPattern.all_events(),
        )


WAYS: dict[str, Callable[[App, MezmoLogForwarder, list[LogGroup]], None]] = {
    "none": none,
    "subscribe": subscribe,
    "subscribe_all": subscribe_all,
    "plain": plain,
}


def main(count: int, way: str) -> None:
    """Make the application and synthesize it."""
    with tempfile.TemporaryDirectory() as directory:
        app = App(outdir=directory, context=CONTEXT, analytics_reporting=False, tree_metadata=False)
        applications, logs = (Stack(app, name, env=HERE) for name in ("Applications", "Logs"))
        groups = [
            LogGroup(applications, f"Group{number}", log_group_name=f"/app/{number}")
            for number in range(count)
        ]
        secret = Secret.from_secret_name_v2(logs, "Secret", "MezmoIngestionKey")
        forwarder = MezmoLogForwarder(
            logs, "Forwarder", ingestion_key=IngestionKey.from_secrets_manager(secret)
        )
        before = cpu_seconds()
        WAYS[way](app, forwarder, groups)
        app.synth()
        seconds = cpu_seconds() - before
        templates = list(Path(directory).glob("*.template.json"))
        found = [json.loads(template.read_text()) for template in templates]
    print(
        json.dumps(
            {
                "seconds": seconds,
                "resources": sum(len(template["Resources"]) for template in found),
                "bytes": sum(len(json.dumps(template, separators=(",", ":"))) for template in found),
            }
        )
    )


def cpu_seconds() -> float:
    """Return the CPU time of this process and of those below it, in which CDK runs."""
    processes = {int(one.name): _stat(one) for one in Path("/proc").iterdir() if one.name.isdecimal()}
    below, grown = {os.getpid()}, True
    while grown:
        more = {process for process, stat in processes.items() if stat and int(stat[1]) in below} - below
        below |= more
        grown = bool(more)
    ticks = sum(int(stat[11]) + int(stat[12]) for process in below if (stat := processes.get(process)))
    return ticks / os.sysconf("SC_CLK_TCK")


def _stat(process: Path) -> list[str] | None:
    """Return the fields of a process after its name: state, parent, ...; None if it has ended."""
    try:
        text = (process / "stat").read_text()
    except OSError:
        return None
    return text.rpartition(")")[2].split()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
