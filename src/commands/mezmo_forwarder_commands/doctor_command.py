"""`mezmo-forwarder doctor`: what is wrong with a deployed forwarder, and what to do."""

import argparse
import sys
import time
from typing import TYPE_CHECKING

from . import aws_options, terminal
from .errors import CommandError

if TYPE_CHECKING:
    from argparse import _SubParsersAction
    from collections.abc import Iterator

_DESCRIPTION = """\
Go through the chain for a deployed forwarder, and say of each link whether it holds and what to do if not:
function, ingestion key, permissions, subscriptions, store, and the last hour. With your own AWS credentials;
it only reads.
"""
_EPILOG = """\
NAME is the function's name or ARN, the stack's name, or STACK.OUTPUT where that output of the stack is the
function's name. Without it, the region's forwarders are listed.

exit status: 0 nothing is broken (there may be warnings, and what could not be told), 1 something is,
2 it could not be looked at.

examples:
  mezmo-forwarder doctor
  mezmo-forwarder doctor MezmoLogs --profile operations --region eu-west-3
  mezmo-forwarder doctor MezmoLogs --send-test-line --json
"""


def add(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command's options; nothing that is not in the standard library is imported for that."""
    parser = commands.add_parser(
        "doctor",
        help="say what is wrong with a deployed forwarder",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run, extra="doctor")
    parser.add_argument("name", nargs="?", metavar="NAME", help="a function, a stack, or STACK.OUTPUT")
    aws_options.add(parser)
    asking = parser.add_argument_group("asking Mezmo")
    asking.add_argument("--offline", action="store_true", help="do not ask Mezmo about the key")
    asking.add_argument(
        "--send-test-line",
        action="store_true",
        help="let the function send one test line: the one thing that is more than reading",
    )
    output = parser.add_argument_group("output")
    output.add_argument("--json", action="store_true", help="JSON in place of text")
    output.add_argument("--color", choices=("auto", "always", "never"), default="auto")


def run(options: argparse.Namespace) -> int:
    """Run the command.

    Raises:
        CommandError: there is no such forwarder, or AWS cannot be asked.
    """
    # They import the handler, and botocore.
    from .aws_session import AwsSession  # noqa: PLC0415  see above
    from .doctor import deployment, examination, findings, text  # noqa: PLC0415  see above
    from .doctor.calls import Calls  # noqa: PLC0415  see above

    calls = Calls(AwsSession(region=options.region, profile=options.profile))
    if options.name is None:
        found = deployment.candidates(calls)
        if not found:
            raise CommandError(
                f"there is no forwarder in {calls.region}; give --region, or another --profile"
            )
        sys.stdout.write(text.listed(found, as_json=options.json))
        return 0
    patient = deployment.find(calls, options.name, time.time())
    checks = examination.checks(offline=options.offline, send_test_line=options.send_test_line)
    seen: list[findings.Finding] = []
    if options.json:
        seen = list(examination.examine(patient, checks))
        sys.stdout.write(text.to_json(patient, seen))
    else:
        sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]  # a terminal that is not UTF-8
        colour = options.color == "always" or (options.color == "auto" and terminal.wants_colour(sys.stdout))

        def kept() -> "Iterator[findings.Finding]":
            for finding in examination.examine(patient, checks):
                seen.append(finding)
                yield finding

        print(text.head(patient, colour=colour))
        for line in text.render(kept(), colour=colour):
            print(line, flush=True)
        print(f"\n{text.summary(seen, colour=colour)}")
    return 1 if findings.worst(seen) is findings.Verdict.BROKEN else 0
