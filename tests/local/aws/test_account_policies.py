"""The local AWS knows an account's subscription policy, as CloudWatch Logs does."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.aws import LocalAws
from tests.local.aws.resources import (
    Json,
    data_records,
    eventually,
    make_function,
    make_recorder,
    make_stream,
    records,
    write,
)

TYPE = "SUBSCRIPTION_FILTER_POLICY"


@pytest.fixture(scope="module")
def whole_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with LocalAws.from_environment(tmp_path_factory.mktemp("aws")) as aws:
        yield aws


@pytest.fixture
def aws(whole_module: LocalAws) -> Iterator[LocalAws]:
    yield whole_module
    for policy in policies(whole_module):
        whole_module.client("logs").delete_account_policy(policyName=policy["policyName"], policyType=TYPE)


def policies(aws: LocalAws) -> list[Json]:
    found: list[Json] = aws.client("logs").describe_account_policies(policyType=TYPE)["accountPolicies"]
    return found


def put(
    aws: LocalAws, function: str, *left_out: str, name: str = "all", pattern: str = "", **other: Any
) -> None:
    document = {"DestinationArn": function, "FilterPattern": pattern}
    request = {
        "policyName": name,
        "policyType": TYPE,
        "policyDocument": json.dumps(document),
        "selectionCriteria": f"LogGroupName NOT IN {json.dumps(left_out)}",
        **other,
    }
    aws.client("logs").put_account_policy(**request)


def messages(aws: LocalAws, function: str) -> list[str]:
    return [event["message"] for record in data_records(aws, function) for event in record["logEvents"]]


def test_it_holds_for_groups_made_before_and_after_and_says_so(aws: LocalAws) -> None:
    function = make_recorder(aws, "receives")
    make_stream(aws, "/before")
    make_stream(aws, "/left-out")
    put(aws, function, "/left-out")
    make_stream(aws, "/after")
    for group in ("/before", "/left-out", "/after"):
        write(aws, group, group)

    found = eventually(lambda: data_records(aws, "receives"), enough=lambda seen: len(seen) == 2)
    assert {record["logGroup"] for record in found} == {"/before", "/after"}
    assert {(record["policyLevel"], *record["subscriptionFilters"]) for record in found} == {
        ("ACCOUNT_LEVEL_POLICY", "all")
    }
    # Asynchronous, and so in any order
    kinds = eventually(
        lambda: [record["messageType"] for record in records(aws, "receives")],
        enough=lambda seen: len(seen) == 3,
    )
    assert sorted(kinds) == ["CONTROL_MESSAGE", "DATA_MESSAGE", "DATA_MESSAGE"]


def test_a_group_subscribed_singly_as_well_gets_twice(aws: LocalAws) -> None:
    function = make_recorder(aws, "twice")
    make_stream(aws, "/twice")
    put(aws, function)
    aws.client("logs").put_subscription_filter(
        logGroupName="/twice", filterName="single", filterPattern="", destinationArn=function
    )
    write(aws, "/twice", "one")

    found = eventually(lambda: data_records(aws, "twice"), enough=lambda seen: len(seen) == 2)
    assert sorted(record["subscriptionFilters"][0] for record in found) == ["all", "single"]
    assert len({record["logEvents"][0]["id"] for record in found}) == 1


def test_the_function_s_own_group_is_left_out_and_patterns_count(aws: LocalAws) -> None:
    function = make_recorder(aws, "own")
    make_stream(aws, "/own")
    put(aws, function, pattern="ERROR")
    write(aws, "/own", "INFO one", "ERROR two")

    assert eventually(lambda: messages(aws, "own")) == ["ERROR two"]
    assert messages(aws, "own") == ["ERROR two"]


def test_it_needs_a_permission_for_every_group(aws: LocalAws) -> None:
    function = make_function(aws, "refused", {"app.py": "def handle(event, context): pass"})
    with pytest.raises(Exception, match="Could not execute the lambda function"):
        put(aws, function)
    aws.client("lambda").add_permission(
        FunctionName="refused",
        StatementId="one",
        Action="lambda:InvokeFunction",
        Principal="logs.amazonaws.com",
        SourceArn="arn:aws:logs:eu-west-3:000000000000:log-group:/one:*",
    )
    with pytest.raises(Exception, match="Could not execute the lambda function"):
        put(aws, function)
    aws.client("lambda").add_permission(
        FunctionName="refused",
        StatementId="all",
        Action="lambda:InvokeFunction",
        Principal="logs.amazonaws.com",
        SourceAccount="000000000000",
        SourceArn="arn:aws:logs:eu-west-3:000000000000:log-group:*",
    )
    put(aws, function)


@pytest.fixture(scope="module")
def function(whole_module: LocalAws) -> str:
    return make_recorder(whole_module, "any")


def criteria(size: int) -> str:
    frame = 'LogGroupName NOT IN [""]'
    names = ["n" * 400] * ((size - len(frame)) // 404)
    rest = size - len(frame) - 404 * len(names)
    return "LogGroupName NOT IN " + json.dumps([*names, "n" * rest], separators=(", ", ":"))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"selectionCriteria": criteria(25 * 1024 + 1)}, "25600 bytes"),
        ({"selectionCriteria": 'LogGroupName IN ["/a"]'}, "NOT IN"),
        ({"selectionCriteria": 'LogGroupNamePrefix NOT IN ["/a"]'}, "NOT IN"),
        ({"selectionCriteria": "LogGroupName NOT IN ['/a']"}, "NOT IN"),
        ({"selectionCriteria": 'LogGroupName NOT IN ["/a*"]'}, "NOT IN"),
        ({"policyDocument": "{"}, "not JSON"),
        ({"policyDocument": '{"DestinationArn": "arn", "EmitSystemFields": []}'}, "may have"),
        ({"policyDocument": '{"FilterPattern": ""}'}, "not supported"),
        ({"policyDocument": json.dumps({"FilterPattern": "x" * 30_720})}, "30720 characters"),
        ({"policyDocument": json.dumps({"FilterPattern": "x" * 1025})}, "1024 characters"),
        ({"policyDocument": '{"Distribution": "ByWeekday"}'}, "Distribution"),
        ({"policyName": "aws/all"}, "policyName"),
        ({"policyType": "DATA_PROTECTION_POLICY"}, "does not simulate"),
    ],
)
def test_what_cannot_be_is_refused(aws: LocalAws, function: str, change: Json, says: str) -> None:
    with pytest.raises(aws.client("logs").exceptions.InvalidParameterException, match=says):
        put(aws, function, **change)
    assert policies(aws) == []


def test_criteria_of_25_kilobytes_pass(aws: LocalAws, function: str) -> None:
    put(aws, function, selectionCriteria=criteria(25 * 1024))


def test_there_is_one_in_an_account_and_region(aws: LocalAws, function: str) -> None:
    put(aws, function)
    put(aws, function, "/left-out")
    [policy] = policies(aws)
    assert policy["selectionCriteria"] == 'LogGroupName NOT IN ["/left-out"]'
    with pytest.raises(aws.client("logs").exceptions.LimitExceededException):
        put(aws, function, name="another")


def test_one_that_is_not_there_cannot_be_deleted(aws: LocalAws) -> None:
    with pytest.raises(aws.client("logs").exceptions.ResourceNotFoundException):
        aws.client("logs").delete_account_policy(policyName="none", policyType=TYPE)


def deploy(aws: LocalAws, kind: str, function: str, **properties: str) -> str:
    """Create or update a stack with a policy; return its status."""
    document = {
        "Resources": {
            "Policy": {
                "Type": "AWS::Logs::AccountPolicy",
                "Properties": {
                    "PolicyName": "by-template",
                    "PolicyType": TYPE,
                    "PolicyDocument": json.dumps({"DestinationArn": function}),
                    **properties,
                },
            }
        }
    }
    formation = aws.client("cloudformation")
    getattr(formation, f"{kind}_stack")(StackName="policy", TemplateBody=json.dumps(document))
    return eventually(
        lambda: str(formation.describe_stacks(StackName="policy")["Stacks"][0]["StackStatus"]),
        enough=lambda status: not status.endswith("IN_PROGRESS"),
    )


def test_by_template_it_is_updated_in_place_and_another_name_fails(aws: LocalAws, function: str) -> None:
    assert deploy(aws, "create", function) == "CREATE_COMPLETE"
    changed = 'LogGroupName NOT IN ["/left-out"]'
    assert deploy(aws, "update", function, SelectionCriteria=changed) == "UPDATE_COMPLETE"
    assert [policy["selectionCriteria"] for policy in policies(aws)] == [changed]
    assert deploy(aws, "update", function, PolicyName="another").startswith("UPDATE_ROLLBACK")
    assert [policy["policyName"] for policy in policies(aws)] == ["by-template"]
    aws.client("cloudformation").delete_stack(StackName="policy")
    assert eventually(lambda: not policies(aws))
