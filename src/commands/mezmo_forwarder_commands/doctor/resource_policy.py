"""A function's own policy: whom it lets invoke the function."""

import json
import re
from collections.abc import Iterator
from typing import Any

from .calls import CallError, Calls, Json

_INVOKES = {"lambda:InvokeFunction", "lambda:*", "*"}


def of(calls: Calls, function: str) -> str:
    """Return a function's policy, as JSON; one without statements if it has none.

    Raises:
        CallError: it cannot be read.
    """
    try:
        return str(calls.call("lambda", "get_policy", FunctionName=function)["Policy"])
    except CallError as error:
        if error.absent:
            return '{"Statement": []}'
        raise


def allows(policy: str, service: str, source: str, account: str) -> bool:
    """Whether a policy lets a service invoke the function for a source, given by its ARN, of an account."""
    return any(_matches(statement, source, account) for statement in _statements(policy, service))


def sources(policy: str, service: str) -> list[str]:
    """Return the ARNs of the sources for which a service may invoke the function."""
    found = (_condition(statement, "sourcearn") for statement in _statements(policy, service))
    return [pattern for patterns in found for pattern in patterns]


def _statements(policy: str, service: str) -> Iterator[Json]:
    """Yield the statements that let a service invoke the function, under whatever conditions."""
    for statement in _list(json.loads(policy).get("Statement", [])):
        principal = statement.get("Principal")
        services = _list(principal.get("Service", [])) if isinstance(principal, dict) else _list(principal)
        if (
            statement.get("Effect") == "Allow"
            and {service, "*"}
            & {re.sub(r"^logs\..*amazonaws", "logs.amazonaws", str(one)) for one in services}
            and _INVOKES & set(_list(statement.get("Action", [])))
        ):
            yield statement


def _matches(statement: Json, source: str, account: str) -> bool:
    arns, accounts = _condition(statement, "sourcearn"), _condition(statement, "sourceaccount")
    return (not arns or any(_like(pattern, source) for pattern in arns)) and (
        not accounts or account in accounts
    )


def _condition(statement: Json, key: str) -> list[str]:
    """Return what a condition wants of the caller's source, in whatever case it is written."""
    return [
        str(value)
        for condition in statement.get("Condition", {}).values()
        for name, values in condition.items()
        if name.lower() == f"aws:{key}"
        for value in _list(values)
    ]


def _like(pattern: str, arn: str) -> bool:
    expression = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(expression, arn, flags=re.DOTALL) is not None


def _list(value: Any) -> list[Any]:  # noqa: ANN401  whatever JSON holds
    return value if isinstance(value, list) else [value]
