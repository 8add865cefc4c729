"""CloudFormation's conditions on texts that are joined or split; MiniStack compares whole parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from . import seams

    Evaluate = Callable[[seams.Record, seams.Record], dict[str, bool]]

Value = Any  # in a template: JSON

_FUNCTIONS = {"Fn::Join", "Fn::Select", "Fn::Split"}


def on_texts(evaluate: Evaluate) -> Evaluate:
    """Work out Join, Split and Select before conditions are evaluated."""

    def evaluated(template: seams.Record, parameters: seams.Record) -> dict[str, bool]:
        conditions = _worked_out(template.get("Conditions", {}), parameters)
        return evaluate({**template, "Conditions": conditions}, parameters)

    return evaluated


def _worked_out(value: Value, parameters: seams.Record) -> Value:
    if isinstance(value, list):
        return [_worked_out(part, parameters) for part in value]
    if not isinstance(value, dict):
        return value
    if value.keys() <= _FUNCTIONS and value:
        ((function, arguments),) = value.items()
        return _call(function, arguments, parameters)
    return {name: _worked_out(part, parameters) for name, part in value.items()}


def _call(function: str, arguments: list[Value], parameters: seams.Record) -> Value:
    first, second = (_known(argument, parameters) for argument in arguments)
    if function == "Fn::Select":
        return second[int(first)]
    return first.join(second) if function == "Fn::Join" else second.split(first)


def _known(argument: Value, parameters: seams.Record) -> Value:
    """Return what an argument is once parameters are known; a list parameter is one text to MiniStack."""
    if isinstance(argument, list):
        return [_known(part, parameters) for part in argument]
    if isinstance(argument, dict) and "Ref" in argument:
        parameter = parameters.get(argument["Ref"], {"Value": argument["Ref"], "Type": "String"})
        value = parameter["Value"]
        return value.split(",") if parameter["Type"] == "CommaDelimitedList" else value
    return _worked_out(argument, parameters)
