"""Reads commands of the AWS CLI, by the rules that it makes them from botocore's models."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session  # type: ignore[import-untyped]  # it ships no types
from botocore import xform_name
from botocore.exceptions import UnknownServiceError  # type: ignore[import-untyped]  # it ships no types
from botocore.validate import ParamValidator  # type: ignore[import-untyped]  # it ships no types

MANY = 10**6


def _options(text: str) -> dict[str, int]:
    """Read options and how many values they take: `flag!`, `one`, `several*`."""
    counts = {"!": 0, "*": MANY}
    return {one.rstrip("!*"): counts.get(one[-1], 1) for one in text.split()}


EVERYWHERE = _options(
    "profile region output query endpoint-url ca-bundle cli-binary-format cli-read-timeout "
    "cli-connect-timeout cli-input-json no-cli-pager! no-paginate! no-sign-request! debug! "
    "max-items page-size starting-token"
)
# What the CLI has besides the services' operations.
CUSTOM = {
    ("s3", "cp"): _options("recursive! sse sse-kms-key-id exclude include quiet! acl"),
    ("s3", "mb"): _options(""),
    ("s3", "ls"): _options("recursive! human-readable! summarize!"),
    ("s3", "rm"): _options("recursive! exclude include"),
    ("s3", "rb"): _options("force!"),
    ("s3", "sync"): _options("delete! exclude include"),
    ("cloudformation", "deploy"): _options(
        "template-file stack-name s3-bucket s3-prefix parameter-overrides* capabilities* role-arn tags* "
        "no-execute-changeset! no-fail-on-empty-changeset! fail-on-empty-changeset! disable-rollback!"
    ),
    ("cloudformation", "package"): _options(
        "template-file s3-bucket s3-prefix output-template-file use-json!"
    ),
    ("logs", "tail"): _options(
        "since follow! format filter-pattern log-stream-names* log-stream-name-prefix"
    ),
    ("eks", "update-kubeconfig"): _options("name alias role-arn kubeconfig dry-run!"),
    ("sso", "login"): _options("sso-session no-browser!"),
}
# Where the CLI has another name for a service than botocore.
SERVICES = {"deploy": "codedeploy", "configservice": "config", "s3api": "s3"}


class AwsCliError(Exception):
    """A command that the AWS CLI would not take."""


@dataclass
class Call:
    """What a command asks for.

    parameters: an operation's, as botocore takes them, or a waiter's; or the values of one of the CLI's own.
    options: those of every command.
    positional: what stands by itself, as the file that `lambda invoke` writes.
    """

    service: str
    operation: str
    waits: bool
    parameters: dict[str, Any] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    positional: list[str] = field(default_factory=list)

    @property
    def is_custom(self) -> bool:
        """Whether it is one of the CLI's own."""
        return (self.service, self.operation) in CUSTOM

    def __str__(self) -> str:
        return f"`aws {self.service} {'wait ' if self.waits else ''}{self.operation}`"


def parse(words: Sequence[str], *, complete: bool = True) -> Call:
    """Read a command's words, unquoted and without `aws`.

    Args:
        words: what stands behind `aws`.
        complete: whether everything must be there that is required. Otherwise it may be a mention.

    Raises:
        AwsCliError: the CLI would refuse it.
    """
    service, operation, *rest = words if len(words) > 1 else [*words, "help"]
    waits = operation == "wait" and bool(rest)
    call = Call(service, rest.pop(0) if waits else operation, waits)
    if operation == "help" and not complete:
        _model(service)
        return call
    shape = None if call.is_custom else _input(call)
    members = {xform_name(name, "-"): name for name in shape.members} if shape else {}
    own = (
        CUSTOM[service, operation]
        if call.is_custom
        else {name: _count(shape, name) for name in members.values()}
    )
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            call.positional.append(word)
            continue
        option, assigned, value = word[2:].partition("=")
        name = _name(option, members) if shape else option
        count = own.get(name, EVERYWHERE.get(option))
        if count is None:
            raise AwsCliError(f"{call} has no option --{option}")
        values = [value] if assigned else []
        while len(values) < count and rest and not rest[0].startswith("--"):
            values.append(rest.pop(0))
        if count and not values:
            raise AwsCliError(f"{call}: --{option} needs a value")
        if name not in own:
            call.options[option] = "".join(values)
        elif shape is None:
            call.parameters[name] = values
        else:
            call.parameters[name] = _typed(shape.members[name], values or [str(option in members)], option)
    if complete and shape:
        _check(call, shape)
    return call


@cache
def _model(service: str) -> Any:
    try:
        return botocore.session.Session().get_service_model(SERVICES.get(service, service))
    except UnknownServiceError:
        raise AwsCliError(f"there is no `aws {service}`") from None


def _input(call: Call) -> Any:
    """Return the shape of what the operation takes, or the one that the waiter asks."""
    model = _model(call.service)
    names = {xform_name(name, "-"): name for name in model.operation_names}
    if call.waits:
        waiters = botocore.session.Session().get_waiter_model(SERVICES.get(call.service, call.service))
        names = {xform_name(name, "-"): waiters.get_waiter(name).operation for name in waiters.waiter_names}
    if call.operation not in names:
        raise AwsCliError(f"there is no {call}")
    return model.operation_model(names[call.operation]).input_shape


def _name(option: str, members: dict[str, str]) -> str:
    """Return the member that an option sets; `--no-x` sets `x`."""
    return members.get(option) or members.get(option.removeprefix("no-")) or option


def _count(shape: Any, name: str) -> int:
    return {"boolean": 0, "list": MANY, "map": MANY}.get(shape.members[name].type_name, 1)


def _typed(shape: Any, values: Sequence[str], option: str) -> Any:
    """Make what the shape asks for of an option's texts.

    Raises:
        AwsCliError: it cannot be made of them.
    """
    text = values[0]
    if text.startswith("file://") and Path(text[7:]).is_file():
        text = Path(text[7:]).read_text()
    if shape.type_name in {"list", "map", "structure"} and re.match(r"\s*[\[{]", text):
        try:
            return json.loads(text)
        except ValueError as error:
            raise AwsCliError(f"--{option}: {text!r} is no JSON: {error}") from None
    match shape.type_name:
        case "list":
            return [_typed(shape.member, [one], option) for one in values]
        case "map":
            return {
                name: _typed(shape.value, [one], option) for name, one in _pairs(",".join(values), option)
            }
        case "structure":
            return _structure(shape, text, option)
    return _scalar(shape, text, option)


def _structure(shape: Any, text: str, option: str) -> dict[str, Any]:
    pairs = _pairs(text, option)
    unknown = [name for name, _ in pairs if name not in shape.members]
    if unknown:
        raise AwsCliError(f"--{option} has no {unknown[0]}, but {', '.join(shape.members)}")
    return {
        name: _typed(shape.members[name], _parts(shape.members[name], one), option) for name, one in pairs
    }


def _scalar(shape: Any, text: str, option: str) -> Any:
    if getattr(shape, "enum", None) and text not in shape.enum:
        raise AwsCliError(f"--{option}: {text!r} is none of {', '.join(shape.enum)}")
    kinds: dict[str, Callable[[str], Any]] = {
        "integer": int,
        "long": int,
        "float": float,
        "double": float,
        "boolean": lambda value: value.lower() == "true",
        "blob": str.encode,
    }
    try:
        return kinds.get(shape.type_name, str)(text)
    except ValueError:
        raise AwsCliError(f"--{option}: {text!r} is no {shape.type_name}") from None


def _pairs(text: str, option: str) -> list[tuple[str, str]]:
    """Read the CLI's shorthand, `Name=value,Name=value`."""
    pairs = [pair.partition("=") for pair in re.split(r",(?=[\w:-]+=)", text)]
    if not all(equals for _, equals, _ in pairs):
        raise AwsCliError(f"--{option}: {text!r} is neither JSON nor Name=value,...")
    return [(name, value) for name, _, value in pairs]


def _parts(shape: Any, value: str) -> list[str]:
    return value.split(",") if shape.type_name == "list" else [value]


def _check(call: Call, shape: Any) -> None:
    report = ParamValidator().validate(call.parameters, shape)
    if report.has_errors():
        raise AwsCliError(f"{call}: {report.generate_report()}")
    files = 1 if (call.service, call.operation) == ("lambda", "invoke") else 0
    if len(call.positional) != files:
        raise AwsCliError(f"{call} takes {files} file, not {call.positional}")
