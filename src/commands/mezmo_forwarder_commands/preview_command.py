"""`mezmo-forwarder preview`: sample events and settings in, the lines that Mezmo would get out."""

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from . import terminal
from .errors import CommandError

if TYPE_CHECKING:
    from argparse import _SubParsersAction
    from collections.abc import Sequence

    from handler.settings import LogGroupTags

_DESCRIPTION = """\
Show the lines that Mezmo would get for sample events, beside the events, and why they are as they are.
It runs the function's own code. Nothing is sent.
"""
_EPILOG = """\
FILE is what CloudWatch Logs invokes the function with ({"awslogs": ...}, Kinesis records too), its decoded
document, a list or a JSON line of each; what `aws logs filter-log-events` or `get-log-events` prints; an
export to S3 (a file or its folder); or plain text, each line of it a message. `-` is standard input.

examples:
  mezmo-forwarder preview app.log
  mezmo-forwarder preview events.json --settings cdk.out/MezmoLogs.template.json --html preview.html
  aws logs filter-log-events --log-group-name /aws/lambda/orders | \\
      mezmo-forwarder preview - --log-group /aws/lambda/orders
"""

# The settings that have an option of their own, by the names they have in the settings document.
_LINE_FORMATS = ("standard", "mezmo-lambda", "mezmo-lambda-raw")
_OVERSIZE_LINES = ("split", "truncate", "whole")
_JSON_MESSAGES = ("as-is", "text", "flattened")
_OPTIONS = (
    "line_format",
    "oversize_lines",
    "json_messages",
    "timestamp_field",
    "hostname",
    "app",
    "env",
    "tags",
)


def add(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command's options; nothing that is not in the standard library is imported for that."""
    parser = commands.add_parser(
        "preview",
        help="show the lines that Mezmo would get for sample events",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run, extra="preview")
    parser.add_argument("files", nargs="*", default=["-"], metavar="FILE", help="sample events; - by default")

    events = parser.add_argument_group("what the events do not say themselves")
    events.add_argument(
        "--format",
        choices=("auto", "cloudwatch", "events", "export", "text"),
        default="auto",
        help="what FILE is, where the guess is wrong",
    )
    events.add_argument("--log-group", metavar="NAME", help="for all but CloudWatch's own documents")
    events.add_argument("--log-stream", metavar="NAME", help="where the events name none")
    events.add_argument("--account", metavar="ID", default="000000000000", help="the log group's account")

    events.add_argument(
        "--filter-name",
        action="append",
        default=[],
        dest="filters",
        metavar="NAME",
        help="the subscription filter they came by; where --settings is a template, the log group's",
    )

    events.add_argument(
        "--log-group-tag",
        action="append",
        default=[],
        dest="log_group_tags",
        metavar="KEY=VALUE",
        help="a tag of the log group, which is not read here, where settings want it; may be repeated",
    )

    settings = parser.add_argument_group("settings")
    settings.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="a settings document, a synthesized template (cdk.out/*.template.json), or what "
        "`aws lambda get-function-configuration` prints; Mezmo's Log Analysis and the defaults otherwise",
    )
    settings.add_argument("--function", metavar="ID", help="which function of the template, by logical id")
    settings.add_argument("--line-format", choices=_LINE_FORMATS)
    settings.add_argument("--oversize-lines", choices=_OVERSIZE_LINES)
    settings.add_argument("--json-messages", choices=_JSON_MESSAGES)
    settings.add_argument(
        "--timestamp-field", metavar="NAME", help="of JSON messages, with the time of their lines"
    )
    settings.add_argument("--hostname", metavar="TEXT")
    settings.add_argument("--app", metavar="TEXT")
    settings.add_argument("--env", metavar="TEXT")
    settings.add_argument("--tag", action="append", dest="tags", metavar="TAG", help="may be repeated")
    settings.add_argument(
        "--set",
        action="append",
        default=[],
        dest="more",
        metavar="NAME=VALUE",
        help="any field of the settings document; VALUE is JSON, or else a text",
    )

    output = parser.add_argument_group("output")
    output.add_argument("--json", action="store_true", help="JSON in place of text")
    output.add_argument("--html", type=Path, metavar="FILE", help="write a page, in place of text")
    output.add_argument("--width", type=int, help="columns of the text; 0 cuts nothing")
    output.add_argument("--color", choices=("auto", "always", "never"), default="auto")


def run(options: argparse.Namespace) -> int:
    """Run the command.

    Raises:
        CommandError: the events or the settings are not what they should be.
    """
    # They import the handler.
    from .preview import inputs, page, preview, settings_source, text  # noqa: PLC0415  see above

    overrides = {name: value for name in _OPTIONS if (value := getattr(options, name)) is not None}
    settings = settings_source.read(options.settings, overrides, options.more, function=options.function)
    about = inputs.About(
        kind=options.format,
        group=options.log_group,
        stream=options.log_stream,
        owner=options.account,
        filters=tuple(options.filters) or settings_source.filters_of(options.settings, options.log_group),
        now=int(time.time() * 1000),
    )
    tags = _log_group_tags(options.log_group_tags, settings.log_group_tags)
    if "-" in options.files and sys.stdin.isatty():
        print("mezmo-forwarder: reads events from the terminal until Ctrl-D", file=sys.stderr)
    seen = preview.preview(settings, inputs.read(options.files, about), log_group_tags=tags)
    if options.html:
        _write(options.html, page.render(page.of_preview(seen)))
    if options.json:
        sys.stdout.write(preview.to_json(seen))
    elif options.html:
        print(f"{seen.summary}: {options.html}")
    else:
        sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]  # a terminal that is not UTF-8
        colour = options.color == "always" or (options.color == "auto" and terminal.wants_colour(sys.stdout))
        for line in text.render(seen, width=text.width_of(sys.stdout, options.width), colour=colour):
            print(line)
    return 0


def _log_group_tags(given: list[str], wanted: "Sequence[LogGroupTags]") -> dict[str, str]:
    tags: dict[str, str] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise CommandError(
                f"--log-group-tag {text!r} is no KEY=VALUE; write for example --log-group-tag team=shop"
            )
        tags[key] = value
    if tags and not wanted:
        raise CommandError(
            "--log-group-tag is given, and the settings want no tags of log groups; add for example "
            """--set 'log_group_tags=[{"to": "tags", "keys": ["team"]}]'"""
        )
    return tags


def _write(path: Path, contents: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(contents, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"--html {path}: {error.strerror}; name a file that can be written") from error
