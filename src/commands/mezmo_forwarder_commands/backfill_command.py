"""`mezmo-forwarder backfill`: a log group's past, through the deployed forwarder."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from . import aws_options

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_DESCRIPTION = """\
Read a log group's past and send it through the deployed forwarder, as CloudWatch would have: names, redaction
and what the subscription has for itself apply. One invocation at a time, counted and reconciled. What is done
stands in a file; run the same command again to go on where it ended, however it ended.
"""
_EPILOG = """\
exit status: 0 everything was delivered, filtered or stored; 1 it ended, but lines were rejected or the counts
do not add up; 2 it was asked for wrongly, or AWS or the function refuses; 3 it stopped since Mezmo or Lambda
failed again and again; 130 it was interrupted. After 2, 3 and 130 the same command goes on.

examples:
  mezmo-forwarder backfill /aws/lambda/orders --function MezmoLogs-Forwarder-1A2B --from 2026-11-01 --dry-run
  mezmo-forwarder backfill /aws/lambda/orders --function MezmoLogs-Forwarder-1A2B --from 2026-11-01T00:00Z \\
      --to 2026-11-02T00:00Z --rate 500
"""


def add(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command's options; nothing that is not in the standard library is imported for that."""
    parser = commands.add_parser(
        "backfill",
        help="send a log group's past through the deployed forwarder",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run, extra="aws")
    parser.add_argument("log_group", metavar="LOG-GROUP", help="its name")
    parser.add_argument(
        "--function", required=True, metavar="NAME", help="the forwarder's function, or its ARN"
    )
    which = parser.add_argument_group("which log events")
    which.add_argument(
        "--from", required=True, dest="start", metavar="TIME", help="as 2026-11-01T00:00Z, or a date"
    )
    which.add_argument(
        "--to",
        dest="end",
        metavar="TIME",
        help="not included; by default when the subscription began, or else five minutes ago",
    )
    which.add_argument(
        "--filter-pattern",
        metavar="PATTERN",
        help="in CloudWatch's syntax; the subscription filter's by default, '' for everything",
    )
    which.add_argument(
        "--filter-name",
        metavar="NAME",
        help="the subscription filter whose own settings hold; by default the one that leads to the function",
    )
    how = parser.add_argument_group("how")
    how.add_argument(
        "--rate",
        default="1MiB",
        metavar="RATE",
        help="at most; log events a second, as 500, or bytes, as 1MiB, which is the default",
    )
    how.add_argument("--state", type=Path, metavar="FILE", help="mezmo-backfill-<log group>.json by default")
    how.add_argument(
        "--dry-run", action="store_true", help="say how much it is and what it costs; send nothing"
    )
    how.add_argument("--json", action="store_true", help="the figures as JSON")
    aws_options.add(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command.

    Raises:
        CommandError: it was asked for wrongly, or AWS or the function refuses.
    """
    from .backfill import command  # noqa: PLC0415  it imports botocore

    return command.run(options)
