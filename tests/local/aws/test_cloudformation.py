"""The local AWS makes, updates and removes a forwarder's resources as CloudFormation does."""

import json
from typing import Any

import pytest

from local.aws import LocalAws
from tests.local.aws.resources import (
    READS_STREAMS,
    WRITES_LOGS,
    Json,
    data_records,
    eventually,
    log_lines,
    make_role,
    make_stream,
    write,
)


@pytest.fixture(scope="module")
def aws(aws: LocalAws) -> LocalAws:
    make_role(aws, "writes-logs", WRITES_TO_ITS_GROUP)
    return aws


# Not to make the group: a function that is still running when its stack is removed would bring it back.
WRITES_TO_ITS_GROUP: Json = {
    "Effect": "Allow",
    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
    "Resource": "*",
}
ROLE = "arn:aws:iam::000000000000:role/writes-logs"
CODE = """
import base64, gzip, json, os
def handle(event, context):
    print("RECORD " + gzip.decompress(base64.b64decode(event["awslogs"]["data"])).decode())
    print("VALUE " + os.environ["VALUE"])
"""


def template(name: str, value: str = "1", **filter_properties: Any) -> Json:
    """Return a function, its log group, its permission, and a filter on the group /app/<name>."""
    arn = {"Fn::GetAtt": ["Function", "Arn"]}
    filter_ = {
        "LogGroupName": f"/app/{name}",
        "FilterPattern": "",
        "FilterName": "filter",
        **filter_properties,
    }
    return {
        "LogGroup": {
            "Type": "AWS::Logs::LogGroup",
            "DeletionPolicy": "Delete",
            "Properties": {"LogGroupName": f"/aws/lambda/{name}"},
        },
        "Function": {
            "Type": "AWS::Lambda::Function",
            "DependsOn": "LogGroup",
            "Properties": {
                "FunctionName": name,
                "Role": ROLE,
                "Runtime": "python3.13",
                "Handler": "index.handle",
                "Code": {"ZipFile": CODE},
                "Environment": {"Variables": {"VALUE": value}},
            },
        },
        "Permission": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": arn,
                "Principal": "logs.amazonaws.com",
                "SourceAccount": {"Ref": "AWS::AccountId"},
            },
        },
        "Retries": {
            "Type": "AWS::Lambda::EventInvokeConfig",
            "Properties": {"FunctionName": name, "Qualifier": "$LATEST", "MaximumRetryAttempts": 0},
            "DependsOn": "Function",
        },
        "Filter": {
            "Type": "AWS::Logs::SubscriptionFilter",
            "DependsOn": "Permission",
            "Properties": {"DestinationArn": arn, **filter_},
        },
    }


def deploy(aws: LocalAws, stack: str, resources: Json, outputs: Json | None = None) -> list[str]:
    """Create or update the stack; return why resources failed."""
    formation = aws.client("cloudformation")
    body = json.dumps({"Resources": resources, "Outputs": outputs or {}})
    if any(found["StackName"] == stack for found in formation.describe_stacks()["Stacks"]):
        formation.update_stack(StackName=stack, TemplateBody=body)
    else:
        formation.create_stack(StackName=stack, TemplateBody=body)
    eventually(
        lambda: status(aws, stack),
        enough=lambda seen: seen.endswith(("_COMPLETE", "_FAILED")) and "CLEAN" not in seen,
    )
    events = formation.describe_stack_events(StackName=stack)["StackEvents"]
    return [event["ResourceStatusReason"] for event in events if event["ResourceStatus"] == "CREATE_FAILED"]


def status(aws: LocalAws, stack: str) -> str:
    [found] = aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return str(found["StackStatus"])


def remove(aws: LocalAws, stack: str) -> None:
    formation = aws.client("cloudformation")
    formation.delete_stack(StackName=stack)
    assert eventually(
        lambda: stack not in [found["StackName"] for found in formation.describe_stacks()["Stacks"]]
    ), formation.describe_stack_events(StackName=stack)["StackEvents"]


def filters(aws: LocalAws, group: str) -> dict[str, str]:
    found = aws.client("logs").describe_subscription_filters(logGroupName=group)["subscriptionFilters"]
    return {item["filterName"]: item["filterPattern"] for item in found}


def names(aws: LocalAws, prefix: str) -> list[str]:
    """Return the functions and log groups whose names begin like this."""
    functions = [item["FunctionName"] for item in aws.client("lambda").list_functions()["Functions"]]
    groups = [item["logGroupName"] for item in aws.client("logs").describe_log_groups()["logGroups"]]
    return [name for name in (*functions, *groups) if name.rsplit("/", 1)[-1].startswith(prefix)]


def test_a_stack_delivers_and_leaves_nothing(aws: LocalAws) -> None:
    make_stream(aws, "/app/whole")
    assert deploy(aws, "whole", template("whole")) == []
    write(aws, "/app/whole", "hello")
    [record] = eventually(lambda: data_records(aws, "whole"))
    assert record["logEvents"][0]["message"] == "hello"
    remove(aws, "whole")
    assert names(aws, "whole") == ["/app/whole"]
    assert filters(aws, "/app/whole") == {}


def test_a_filter_without_permission_fails_its_stack(aws: LocalAws) -> None:
    make_stream(aws, "/app/forbidden")
    resources = template("forbidden")
    resources["Permission"]["Properties"]["SourceAccount"] = "111111111111"
    [reason] = deploy(aws, "forbidden", resources)
    assert "Make sure you have given CloudWatch Logs permission to execute your function." in reason
    assert status(aws, "forbidden") == "ROLLBACK_COMPLETE"
    assert names(aws, "forbidden") == ["/app/forbidden"]


def test_a_filter_on_a_missing_log_group_fails_its_stack_and_makes_no_group(aws: LocalAws) -> None:
    [reason] = deploy(aws, "missing", template("missing"))
    assert "The specified log group does not exist: /app/missing" in reason
    assert names(aws, "missing") == []


def test_a_failure_destination_without_rights_fails_its_stack(aws: LocalAws) -> None:
    make_stream(aws, "/app/unstored")
    resources = template("unstored")
    resources["Retries"]["Properties"]["DestinationConfig"] = {
        "OnFailure": {"Destination": "arn:aws:s3:::failures"}
    }
    [reason] = deploy(aws, "unstored", resources)
    assert "does not have permissions to call PutObject on S3" in reason


def test_configuration_and_pattern_are_updated_in_place(aws: LocalAws) -> None:
    make_stream(aws, "/app/updated")
    deploy(aws, "updated", template("updated"))
    functions = aws.client("lambda")
    policy = functions.get_policy(FunctionName="updated")["Policy"]
    assert deploy(aws, "updated", template("updated", "2", FilterPattern="ERROR")) == []
    assert filters(aws, "/app/updated") == {"filter": "ERROR"}
    assert functions.get_policy(FunctionName="updated")["Policy"] == policy
    retries = functions.get_function_event_invoke_config(FunctionName="updated", Qualifier="$LATEST")
    assert retries["MaximumRetryAttempts"] == 0
    write(aws, "/app/updated", "INFO", "ERROR")
    [record] = eventually(lambda: data_records(aws, "updated"))
    assert [event["message"] for event in record["logEvents"]] == ["ERROR"]
    logs = aws.client("logs").filter_log_events(logGroupName="/aws/lambda/updated")["events"]
    assert "VALUE 2" in [event["message"] for event in logs]


def stream_template(name: str, role: str) -> Json:
    """Return a stream, a function that writes its records down, and the mapping between them."""
    code = "import json\ndef handle(event, context): print('RECORD', json.dumps(event))"
    return {
        "Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"Name": name, "ShardCount": 1}},
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": name,
                "Role": role,
                "Runtime": "python3.13",
                "Handler": "index.handle",
                "Code": {"ZipFile": code},
            },
        },
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "FunctionName": {"Ref": "Function"},
                "EventSourceArn": {"Fn::GetAtt": ["Stream", "Arn"]},
                "StartingPosition": "LATEST",
            },
        },
    }


def test_a_mapping_of_a_stream_needs_the_roles_rights_and_reads(aws: LocalAws) -> None:
    [reason] = deploy(aws, "unread", stream_template("unread", ROLE))
    assert "Cannot access stream arn:aws:kinesis:eu-west-3:000000000000:stream/unread" in reason
    role = make_role(aws, "reads-streams", WRITES_LOGS, READS_STREAMS)
    resources = stream_template("read", role)
    assert deploy(aws, "read", resources) == []
    [mapping] = aws.client("lambda").list_event_source_mappings(FunctionName="read")["EventSourceMappings"]
    assert (mapping["BatchSize"], mapping["MaximumRetryAttempts"]) == (100, -1)
    aws.client("kinesis").put_record(StreamName="read", Data=b"new", PartitionKey="key")
    assert eventually(lambda: [line for line in log_lines(aws, "/aws/lambda/read") if "RECORD" in line])
    destination = {"OnFailure": {"Destination": "arn:aws:s3:::nobodys"}}
    resources["Mapping"]["Properties"]["DestinationConfig"] = destination
    deploy(aws, "read", resources)
    assert status(aws, "read") == "UPDATE_ROLLBACK_COMPLETE"
    remove(aws, "read")
    assert aws.client("lambda").list_event_source_mappings()["EventSourceMappings"] == []


@pytest.mark.parametrize("allowed", [True, False])
def test_a_filter_delivers_to_a_stream_by_a_role_of_its_stack(aws: LocalAws, allowed: bool) -> None:
    name = f"to-stream-{allowed}".lower()
    make_stream(aws, f"/app/{name}")
    stream = {"Fn::GetAtt": ["Stream", "Arn"]}
    trusted = {"Principal": {"Service": "logs.amazonaws.com"}, "Action": "sts:AssumeRole"}
    puts = {"Action": "kinesis:PutRecord", "Resource": stream if allowed else "arn:aws:kinesis:::other"}
    resources: Json = {
        "Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"Name": name, "ShardCount": 1}},
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {"Statement": [{"Effect": "Allow", **trusted}]},
                "Policies": [
                    {"PolicyName": "puts", "PolicyDocument": {"Statement": [{"Effect": "Allow", **puts}]}}
                ],
            },
        },
        "Filter": {
            "Type": "AWS::Logs::SubscriptionFilter",
            "Properties": {
                "LogGroupName": f"/app/{name}",
                "FilterPattern": "",
                "DestinationArn": stream,
                "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
            },
        },
    }
    reasons = deploy(aws, name, resources)
    assert ["Could not deliver test message" in reason for reason in reasons] == ([] if allowed else [True])
    remove(aws, name)


def test_reserved_concurrency_follows_the_template(aws: LocalAws) -> None:
    make_stream(aws, "/app/reserved")
    for value in (1, "2", None):
        resources = template("reserved")
        if value is not None:
            resources["Function"]["Properties"]["ReservedConcurrentExecutions"] = value
        assert deploy(aws, "reserved", resources) == []
        answer = aws.client("lambda").get_function_concurrency(FunctionName="reserved")
        assert answer.get("ReservedConcurrentExecutions") == (None if value is None else int(value))


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        ({"FilterName": "other"}, {"other": ""}, {}),
        ({"LogGroupName": "/app/replaced-2"}, {}, {"filter": ""}),
    ],
    ids=["name", "group"],
)
def test_a_filter_is_replaced_when_its_name_or_group_changes(
    aws: LocalAws, change: dict[str, str], before: dict[str, str], after: dict[str, str]
) -> None:
    stack = f"replaced-{next(iter(change))}"
    for group in ("/app/replaced-1", "/app/replaced-2"):
        if group not in names(aws, "replaced-"):
            make_stream(aws, group)
    deploy(aws, stack, template(stack, LogGroupName="/app/replaced-1"))
    assert filters(aws, "/app/replaced-1") == {"filter": ""}
    assert deploy(aws, stack, template(stack, **{"LogGroupName": "/app/replaced-1", **change})) == []
    assert (filters(aws, "/app/replaced-1"), filters(aws, "/app/replaced-2")) == (before, after)
    remove(aws, stack)
    assert (filters(aws, "/app/replaced-1"), filters(aws, "/app/replaced-2")) == ({}, {})


def test_a_stack_is_removed_although_its_filters_group_is_gone(aws: LocalAws) -> None:
    make_stream(aws, "/app/gone")
    deploy(aws, "gone", template("gone"))
    aws.client("logs").delete_log_group(logGroupName="/app/gone")
    remove(aws, "gone")
    assert names(aws, "gone") == []


def test_a_weak_reference_reads_another_stacks_output(aws: LocalAws) -> None:
    group: Json = {"Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/app/weak"}}}
    deploy(aws, "weak-source", group, {"Name": {"Value": {"Ref": "Group"}}})
    name = {
        "Fn::GetStackOutput": {
            "StackName": "weak-source",
            "OutputName": "Name",
            "Region": {"Ref": "AWS::Region"},
        }
    }
    assert deploy(aws, "weak", template("weak", LogGroupName=name)) == []
    assert filters(aws, "/app/weak") == {"filter": ""}
    remove(aws, "weak-source")
    remove(aws, "weak")
    assert names(aws, "weak") == []


def test_a_stack_is_found_by_one_of_its_resources(aws: LocalAws) -> None:
    group: Json = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/app/found"}}
    deploy(aws, "found", {"Group": group})
    formation = aws.client("cloudformation")

    [resource] = formation.describe_stack_resources(PhysicalResourceId="/app/found")["StackResources"]
    assert (resource["StackName"], resource["LogicalResourceId"]) == ("found", "Group")
    remove(aws, "found")
    with pytest.raises(formation.exceptions.ClientError, match="does not exist"):
        formation.describe_stack_resources(PhysicalResourceId="/app/found")


@pytest.mark.parametrize(("names", "made"), [("one,two", ["one", "two"]), (",two", ["two"]), ("", [])])
def test_a_condition_on_a_place_in_a_text(aws: LocalAws, names: str, made: list[str]) -> None:
    places = {"Fn::Split": [",", {"Fn::Join": ["", [{"Ref": "Names"}, ","]]}]}
    name = [{"Fn::Select": [place, places]} for place in (0, 1)]
    body = {
        "Parameters": {"Names": {"Type": "String"}},
        "Conditions": {f"Has{place}": {"Fn::Not": [{"Fn::Equals": [name[place], ""]}]} for place in (0, 1)},
        "Resources": {
            "Always": {"Type": "AWS::SNS::Topic"},
            **{
                f"LogGroup{place}": {
                    "Type": "AWS::Logs::LogGroup",
                    "Condition": f"Has{place}",
                    "Properties": {"LogGroupName": {"Fn::Join": ["", ["/places/", name[place]]]}},
                }
                for place in (0, 1)
            },
        },
    }
    cloudformation = aws.client("cloudformation")
    parameters = [{"ParameterKey": "Names", "ParameterValue": names}]
    cloudformation.create_stack(StackName="places", TemplateBody=json.dumps(body), Parameters=parameters)
    try:
        cloudformation.get_waiter("stack_create_complete").wait(StackName="places", WaiterConfig={"Delay": 1})
        groups = aws.client("logs").describe_log_groups(logGroupNamePrefix="/places/")["logGroups"]
        assert [group["logGroupName"] for group in groups] == [f"/places/{one}" for one in made]
    finally:
        cloudformation.delete_stack(StackName="places")
        cloudformation.get_waiter("stack_delete_complete").wait(StackName="places", WaiterConfig={"Delay": 1})
