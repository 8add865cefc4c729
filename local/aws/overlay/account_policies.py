"""The account's subscription policy: what CloudWatch Logs refuses, and what it makes of it.

The rules are those of PutAccountPolicy in CloudWatch Logs' API reference, and of "Account-level subscription
filters" in its user guide.
"""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

from . import seams
from .filter_patterns import UnsupportedPatternError, compile_pattern
from .log_destinations import destination_of
from .payloads import control_payload

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from .log_destinations import Destination
    from .seams import Record, Response

TYPE = "SUBSCRIPTION_FILTER_POLICY"
LEVEL = "ACCOUNT_LEVEL_POLICY"
_LARGEST_DOCUMENT = 30_720  # characters
_LARGEST_CRITERIA = 25 * 1024  # bytes
_ATTRIBUTES = {"DestinationArn", "RoleArn", "FilterPattern", "Distribution"}
_CRITERIA = re.compile(r"LogGroupName NOT IN (\[.*\])", re.DOTALL)
_GROUP = re.compile(r"[\w.\-/#]{1,512}", re.ASCII)
_NAME = re.compile(r"(?!aws/)[^:*]{1,256}")  # what PolicyName may be in CloudFormation's schema

_policies = seams.by_account_and_region()


class PolicyError(ValueError):
    """What CloudWatch Logs would answer: the error's code, and its text."""

    def __init__(self, message: str, code: str = "InvalidParameterException") -> None:
        super().__init__(message)
        self.code = code


def answering(handle: Callable[..., Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
    """Answer the three requests on account policies, which MiniStack does not know."""
    actions = {
        "PutAccountPolicy": lambda request: {"accountPolicy": _put(request)},
        "DescribeAccountPolicies": _describe,
        "DeleteAccountPolicy": _delete,
    }

    async def handle_request(
        method: str, path: str, headers: dict[str, str], body: bytes, query: object
    ) -> Response:
        act = actions.get(headers.get("x-amz-target", "").rpartition(".")[2])
        if act is None:
            return await handle(method, path, headers, body, query)
        try:
            return seams.answer(act(json.loads(body)))
        except PolicyError as error:
            return seams.refusal(error.code, str(error))

    return handle_request


def resource_handlers() -> Record:
    """Return what CloudFormation does for an AWS::Logs::AccountPolicy, whose name and type replace it."""

    def create(logical_id: str, properties: Record, stack_name: str) -> tuple[str, Record]:
        del logical_id, stack_name
        # CloudFormation's contract: what exists already is not taken over.
        if properties.get("PolicyName") in _policies:
            raise ValueError(f"{properties['PolicyName']} already exists")
        return _provide(properties)

    def update(physical_id: str, old: Record, new: Record, stack_name: str) -> tuple[str, Record]:
        replaces = any(old.get(name) != new.get(name) for name in ("PolicyName", "PolicyType"))
        return create("", new, stack_name) if replaces else (physical_id, _provide(new)[1])

    def delete(physical_id: str, properties: Record) -> None:
        del physical_id
        _policies.pop(properties["PolicyName"], None)

    return {"create": create, "update": update, "delete": delete}


def _provide(properties: Record) -> tuple[str, Record]:
    request = {name[0].lower() + name[1:]: value for name, value in properties.items()}
    policy = _put(request)
    identifier = "|".join((policy["accountId"], policy["policyType"], policy["policyName"]))
    return identifier, {"AccountId": policy["accountId"]}


def subscribed(log_group: str) -> Iterator[tuple[str, Destination, Callable[[str], bool]]]:
    """Yield the name of the policy that selects a log group, its destination, and which messages match."""
    group = seams.log_group(log_group) or {}
    if group.get("logGroupClass", "STANDARD") != "STANDARD":
        return
    for policy in _policies.values():
        document = json.loads(policy["policyDocument"])
        destination = _destination(document)
        if log_group not in _left_out(policy.get("selectionCriteria")) and destination is not None:
            yield policy["policyName"], destination, compile_pattern(document.get("FilterPattern") or "")


def _put(request: Record) -> Record:
    name, kind = request.get("policyName") or "", request.get("policyType")
    if kind != TYPE:
        raise PolicyError(f"The local stack does not simulate the policy type {kind!r}: it knows {TYPE}.")
    if not _NAME.fullmatch(name):
        raise PolicyError(f"policyName {name!r} is not valid")
    if request.get("scope") not in {None, "ALL"}:
        raise PolicyError("scope must be ALL")
    if any(other != name for other in _policies):
        raise PolicyError("Resource limit exceeded.", "LimitExceededException")
    criteria = request.get("selectionCriteria")
    _left_out(criteria)
    destination = _checked(str(request.get("policyDocument") or ""))
    # AWS does not say which source it tries a function with; its guide's permission is for every group.
    if problem := destination.problem("*"):
        raise PolicyError(problem)
    policy = {
        "policyName": name,
        "policyDocument": request["policyDocument"],
        "lastUpdatedTime": int(time.time() * 1000),
        "policyType": TYPE,
        "scope": "ALL",
        "accountId": seams.account(),
        **({"selectionCriteria": criteria} if criteria else {}),
    }
    _policies[name] = policy
    destination.deliver(control_payload(destination.kind), "", "")
    return policy


def _checked(text: str) -> Destination:
    """Return the destination of a policy's document."""
    if len(text) > _LARGEST_DOCUMENT:
        raise PolicyError(f"policyDocument has more than {_LARGEST_DOCUMENT} characters")
    try:
        document: Any = json.loads(text)
    except ValueError as error:
        raise PolicyError("policyDocument is not JSON") from error
    if not isinstance(document, dict) or not document.keys() <= _ATTRIBUTES:
        raise PolicyError(f"policyDocument may have {', '.join(sorted(_ATTRIBUTES))}")
    if document.get("Distribution") not in {None, "Random", "ByLogStream"}:
        raise PolicyError("Distribution must be Random or ByLogStream")
    pattern = document.get("FilterPattern") or ""
    if len(pattern) > 1024:
        raise PolicyError("FilterPattern has more than 1024 characters")
    try:
        compile_pattern(pattern)
    except UnsupportedPatternError as error:
        raise PolicyError(str(error)) from error
    destination = _destination(document)
    if destination is None:
        raise PolicyError(f"DestinationArn {document.get('DestinationArn')!r} is not supported")
    return destination


def _destination(document: Record) -> Destination | None:
    return destination_of({name[0].lower() + name[1:]: value for name, value in document.items()})


def _left_out(criteria: str | None) -> frozenset[str]:
    if not criteria:
        return frozenset()
    if len(criteria.encode()) > _LARGEST_CRITERIA:
        raise PolicyError(f"selectionCriteria has more than {_LARGEST_CRITERIA} bytes")
    listed = _CRITERIA.fullmatch(criteria)
    try:
        names: Any = json.loads(listed[1]) if listed else None
    except ValueError:
        names = None
    if names is None or not all(isinstance(name, str) and _GROUP.fullmatch(name) for name in names):
        raise PolicyError('selectionCriteria must be LogGroupName NOT IN ["name", ...]')
    return frozenset(names)


def _describe(request: Record) -> Record:
    kind, name = request.get("policyType"), request.get("policyName")
    found = [policy for policy in _policies.values() if policy["policyType"] == kind]
    return {"accountPolicies": [policy for policy in found if name in {None, policy["policyName"]}]}


def _delete(request: Record) -> Record:
    name = str(request.get("policyName"))
    if request.get("policyType") != TYPE or name not in _policies:
        raise PolicyError(f"The policy does not exist: {name}", "ResourceNotFoundException")
    _policies.pop(name)
    return {}
