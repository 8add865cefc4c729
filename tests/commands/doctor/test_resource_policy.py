"""Whom a function's policy lets invoke it."""

import json

import pytest

from mezmo_forwarder_commands.doctor.resource_policy import allows, sources

ACCOUNT = "123456789012"
GROUP = f"arn:aws:logs:eu-west-3:{ACCOUNT}:log-group:/app:*"
OURS = {
    "Effect": "Allow",
    "Principal": {"Service": "logs.amazonaws.com"},
    "Action": "lambda:InvokeFunction",
    "Condition": {
        "StringEquals": {"AWS:SourceAccount": ACCOUNT},
        "ArnLike": {"AWS:SourceArn": f"arn:aws:logs:eu-west-3:{ACCOUNT}:log-group:*"},
    },
}


def allowed(**changes: object) -> bool:
    return allows(json.dumps({"Statement": [OURS | changes]}), "logs.amazonaws.com", GROUP, ACCOUNT)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"Condition": {}},
        {"Principal": "*"},
        {"Principal": {"Service": ["events.amazonaws.com", "logs.eu-west-3.amazonaws.com"]}},
        {"Action": ["lambda:GetFunction", "lambda:*"]},
        {"Condition": {"ArnLike": {"aws:SourceArn": [GROUP, "arn:other"]}}},
    ],
)
def test_allowed(changes: dict[str, object]) -> None:
    assert allowed(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"Effect": "Deny"},
        {"Principal": {"Service": "events.amazonaws.com"}},
        {"Principal": {"AWS": "arn:aws:iam::123456789012:root"}},
        {"Action": "lambda:GetFunction"},
        {"Condition": {"StringEquals": {"AWS:SourceAccount": "210987654321"}}},
        {"Condition": {"ArnLike": {"AWS:SourceArn": GROUP.replace("eu-west-3", "us-east-1")}}},
    ],
)
def test_not_allowed(changes: dict[str, object]) -> None:
    assert not allowed(**changes)


def test_without_statements() -> None:
    assert not allows('{"Statement": []}', "logs.amazonaws.com", GROUP, ACCOUNT)


def test_the_sources_that_are_allowed() -> None:
    condition = {"ArnLike": {"AWS:SourceArn": GROUP}}
    policy = json.dumps({"Statement": {**OURS, "Condition": condition}})

    assert sources(policy, "logs.amazonaws.com") == [GROUP]
    assert sources(policy, "events.amazonaws.com") == []
