"""What parameters decide and no token can: what is left out, and the kind of destination."""

from typing import Any

Json = dict[str, Any]

SETTINGS = "MEZMO_FORWARDER_SETTINGS"


def apply_parameters(template: Json) -> None:
    """Let an empty parameter leave out what it would say, and a route id make the destination a Pipeline.

    Raises:
        ValueError: the template has no such place, or more than one.
    """
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Lambda::Function":
            (_, parts) = properties["Environment"]["Variables"][SETTINGS]["Fn::Join"]
            _apply_to_settings(parts)
        elif resource["Type"] == "AWS::IAM::Policy":
            statements = properties["PolicyDocument"]["Statement"]
            place = _place(statements, "SecretKmsKeyArn")
            statements[place] = _if_given("SecretKmsKeyArn", statements[place], {"Ref": "AWS::NoValue"})


def _apply_to_settings(parts: list[Any]) -> None:
    """Change the parts of the settings document: JSON text, and between them what deployment knows."""
    for name in ("SecretField", "Hostname"):
        place = _unquoted(parts, name)
        # To the handler null is what is not there.
        parts[place] = _if_given(name, _quoted(parts[place]), "null")
    place = _unquoted(parts, "Tags")
    tags = {"Fn::Join": ['","', {"Fn::Split": [",", parts[place]]}]}
    parts[place] = _if_given("Tags", _quoted(tags), "")

    kind = '"kind":"log-analysis"'
    (place,) = (number for number, part in enumerate(parts) if kind in str(part))
    before, _, after = parts[place].partition(kind)
    chosen = _if_given("PipelineRouteId", '"pipeline"', '"log-analysis"')
    parts[place : place + 1] = [f'{before}"kind":', chosen, after]


def _unquoted(parts: list[Any], name: str) -> int:
    """Take away the quotation marks around the one part with a parameter; return its place."""
    place = _place(parts, name)
    before, after = parts[place - 1], parts[place + 1]
    if not (before.endswith('"') and after.startswith('"')):
        raise ValueError(f"{name} is not a text of its own between {before!r} and {after!r}")
    parts[place - 1], parts[place + 1] = before[:-1], after[1:]
    return place


def _place(values: list[Any], name: str) -> int:
    """Return the place of the one value that refers to a parameter."""
    (place,) = (number for number, value in enumerate(values) if _refers(value, name))
    return place


def _refers(value: object, name: str) -> bool:
    if isinstance(value, dict):
        return value == {"Ref": name} or any(_refers(inner, name) for inner in value.values())
    return isinstance(value, list) and any(_refers(inner, name) for inner in value)


def _quoted(text: object) -> Json:
    return {"Fn::Join": ["", ['"', text, '"']]}


def _if_given(name: str, value: object, otherwise: object) -> Json:
    return {"Fn::If": [f"Has{name}", value, otherwise]}
