"""The settings that lines are made by: from a file, from options, and by the defaults."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from handler.errors import SettingsError
from handler.settings import SCHEMA, VARIABLE, Settings, read_settings
from mezmo_forwarder_commands.errors import CommandError

_Object = dict[str, object]

# The key is never read; it has to be somewhere.
_DEFAULTS: _Object = {
    "schema": SCHEMA,
    "key": {"source": "environment", "variable": "KEY"},
    "destination": {"kind": "log-analysis", "url": "https://logs.mezmo.com/logs/ingest"},
}


def read(
    path: Path | None,
    overrides: Mapping[str, object],
    assignments: Iterable[str] = (),
    *,
    function: str | None = None,
) -> Settings:
    """Return the settings, as the handler itself reads them.

    Args:
        path: a settings document, a template, or a function's configuration; None for the defaults.
        overrides: fields of the settings document, over those of the file.
        assignments: the same as `name=value`, where the value is JSON or a text.
        function: the logical id of a template's function, where it holds several forwarders.

    Raises:
        CommandError: there are none in the file, or the handler would refuse them.
    """
    beside = Path() if path is None else path.parent  # where the function's code would be
    document = dict(_DEFAULTS)
    if path is not None:
        document, beside = _document(path, function)
    document |= overrides
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or not name:
            raise CommandError(f"--set {assignment!r} is no NAME=VALUE; write for example --set app=orders")
        document[name] = _value(value)
    try:
        return read_settings({**os.environ, "LAMBDA_TASK_ROOT": str(beside), VARIABLE: json.dumps(document)})
    except SettingsError as error:
        where = f"{path}, with the options: " if path else ""
        raise CommandError(f"{where}{error}") from error


def filters_of(path: Path | None, group: str | None) -> tuple[str, ...]:
    """Return the names of a log group's subscription filters, as far as a template has them literally."""
    if path is None or group is None:
        return ()
    try:
        resources = _at(json.loads(path.read_bytes()), "Resources")
    except (OSError, ValueError):
        return ()  # `read` says so
    found = (
        _at(resource, "Properties", "FilterName")
        for resource in (resources.values() if isinstance(resources, dict) else ())
        if _at(resource, "Type") == "AWS::Logs::SubscriptionFilter"
        and _at(resource, "Properties", "LogGroupName") == group
    )
    return tuple(name for name in found if isinstance(name, str))


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _document(path: Path, function: str | None) -> tuple[_Object, Path]:
    """Return the settings document of a file, and the folder with what it names."""
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise CommandError(f"--settings {path}: {error.strerror}; name a file that can be read") from error
    except ValueError as error:
        raise CommandError(f"--settings {path} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise CommandError(f"--settings {path} holds a {type(found).__name__}, not a JSON object")
    if "Resources" in found:
        return _of_template(path, found, function)
    if isinstance(configuration := found.get("Configuration"), dict):  # `aws lambda get-function`
        found = configuration
    if "Environment" in found:
        value = _at(found, "Environment", "Variables", VARIABLE)
        if not isinstance(value, str):
            raise CommandError(
                f"--settings {path}: its environment has no {VARIABLE}; is it the forwarder's?"
            )
        return _parse(path, value), path.parent
    if isinstance(value := found.get(VARIABLE), str):
        return _parse(path, value), path.parent
    return found, path.parent


def _of_template(path: Path, template: _Object, function: str | None) -> tuple[_Object, Path]:
    """Return the settings of a template's forwarder; its re-drive has the same, and is passed over."""
    resources = template["Resources"]
    found: dict[str, _Object] = {}
    for logical_id, resource in (resources if isinstance(resources, dict) else {}).items():
        value = _at(resource, "Properties", "Environment", "Variables", VARIABLE)
        if value is not None:
            document = _parse(path, _evaluate(value))
            if "redrive" not in document:
                found[logical_id] = document
    if not found:
        raise CommandError(
            f"--settings {path}: no function in this template has {VARIABLE}; name the forwarder's stack's"
        )
    if function is None and len(found) > 1:
        raise CommandError(
            f"--settings {path} has several forwarders; add --function with one of: {', '.join(found)}"
        )
    if function is not None and function not in found:
        raise CommandError(f"--function {function!r} is no forwarder of {path}; it has: {', '.join(found)}")
    chosen = function or next(iter(found))
    document = found[chosen]
    destination = document.get("destination")
    if isinstance(destination, dict) and str(destination.get("url", "")).startswith("${"):
        destination["url"] = f"https://known-at-deployment.invalid/{destination['url']}"
    key = _at(resources, chosen, "Properties", "Code", "S3Key")
    asset = path.parent / f"asset.{str(key).removesuffix('.zip')}"
    return document, asset if asset.is_dir() else path.parent


def _parse(path: Path, text: str) -> _Object:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise CommandError(f"--settings {path}: {VARIABLE} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise CommandError(f"--settings {path}: {VARIABLE} is not a JSON object")
    return found


def _at(value: object, *names: str) -> object:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _evaluate(value: object) -> str:
    """Work out what CloudFormation would; what it alone knows shows as `${Name}`."""
    match value:
        case str(text) | {"Fn::Sub": str(text)}:
            return text
        case {"Fn::Join": [str(delimiter), {"Fn::Split": [str(separator), text]}]}:
            return delimiter.join(_evaluate(text).split(separator))
        case {"Fn::Join": [str(delimiter), list(parts)]}:
            return delimiter.join(map(_evaluate, parts))
        case {"Ref": str(name)} | {"Fn::ImportValue": str(name)}:
            pass
        case {"Fn::GetAtt": [str(resource), str(attribute)]}:
            name = f"{resource}.{attribute}"
        case _:
            name = "?"
    return f"${{{name}}}"
