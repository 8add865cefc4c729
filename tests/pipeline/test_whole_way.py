"""From `cdk deploy` and `put_log_events` to lines at Mezmo, and back to nothing."""

import json
from collections.abc import Callable

import pytest

from local.aws import LocalAws
from local.mezmo import CommittedLine, MezmoStandIn
from tests.pipeline.whole_way import KEY, WholeWay, make_secret

pytestmark = pytest.mark.slow

Deploy = Callable[..., WholeWay]

MESSAGES = [
    "INFO started",
    "ERROR gave up\n",
    json.dumps({"level": "error", "message": "ERROR Zoë"}),
    "ERROR a\n  b",
]


def of_host(lines: list[CommittedLine], hostname: str) -> list[CommittedLine]:
    return [line for line in lines if line.hostname == hostname]


def texts(lines: list[CommittedLine]) -> list[str]:
    return [line.line for line in sorted(lines, key=lambda line: line.timestamp)]


def test_every_line_format_and_every_key(whole_way: Deploy, aws: LocalAws, mezmo: MezmoStandIn) -> None:
    aws.client("ssm").put_parameter(Name="/mezmo/ingestion-key", Value=f"{KEY}\n", Type="SecureString")
    arn = make_secret(aws, "formats-key")
    way = whole_way("formats.py", **{"secret-arn": arn})
    way.write("/app/formats", *MESSAGES)
    lines = way.lines(4 + 4 + 3)

    standard = of_host(lines, "app/formats")
    assert texts(standard) == [message.rstrip() for message in MESSAGES]
    assert {line.app for line in standard} == {"formats"}
    assert {line.tags for line in standard} == {("eu", 'a "quoted" \\ tag', "team:shop")}
    assert {tuple(line.meta or ()) for line in standard} == {
        ("owner", "region", "group", "stream", "event_id", "filters", "tag_team")
    }
    assert {(line.meta or {})["tag_team"] for line in standard} == {"shop"}
    envelope = of_host(lines, "envelope")
    assert [json.loads(text)["message"] for text in texts(envelope)] == MESSAGES
    pipeline = of_host(lines, "")
    assert texts(pipeline) == [message for message in MESSAGES if "ERROR" in message]
    assert {(line.meta or {})["filters"][0] for line in pipeline} == {"errors"}  # type: ignore[index]
    assert len(lines) == 11
    assert mezmo.flags == ()
    assert KEY not in str(way.aws.client("cloudformation").get_template(StackName="Formats"))

    answer = way.invoke("standard", {"mezmo_forwarder": "test"})
    assert answer["status"] == "delivered"
    assert answer["address"] == mezmo.log_analysis_url
    assert arn in answer["key_source"]
    assert KEY not in str(answer)
    (test_line,) = way.lines(1)
    assert "Test line of standard" in test_line.line


def test_update_in_place_and_an_empty_diff(whole_way: Deploy, aws: LocalAws) -> None:
    aws.client("ssm").put_parameter(
        Name="/mezmo/ingestion-key", Value=KEY, Type="SecureString", Overwrite=True
    )
    way = whole_way("formats.py", **{"secret-arn": make_secret(aws, "update-key")})
    functions, filters = way.functions(), way.filters("/app/formats")
    assert "There were no differences" in way.diff()

    way.deploy(hostname="renamed")
    assert sorted(way.functions()) == sorted(functions)
    assert sorted(way.filters("/app/formats")) == sorted(filters)
    way.write("/app/formats", "INFO after the update")
    assert texts(of_host(way.lines(2), "renamed")) == ["INFO after the update"]


def test_a_rotated_key_needs_no_deployment(whole_way: Deploy, aws: LocalAws, mezmo: MezmoStandIn) -> None:
    aws.client("ssm").put_parameter(
        Name="/mezmo/ingestion-key", Value=KEY, Type="SecureString", Overwrite=True
    )
    way = whole_way("formats.py", **{"secret-arn": make_secret(aws, "rotated-key")})
    way.write("/app/formats", "INFO with the old key")
    way.lines(2)

    new = "0" * 32
    mezmo.keys = {new}
    try:
        aws.client("secretsmanager").put_secret_value(
            SecretId="rotated-key", SecretString=json.dumps({"LOGDNA_KEY": new})
        )
        aws.client("ssm").put_parameter(
            Name="/mezmo/ingestion-key", Value=new, Type="SecureString", Overwrite=True
        )
        way.write("/app/formats", "INFO with the new key")
        assert texts(of_host(way.lines(2), "app/formats")) == ["INFO with the new key"]
    finally:
        mezmo.keys = {KEY}


def test_vendors_code(whole_way: Deploy, aws: LocalAws, mezmo: MezmoStandIn) -> None:
    make_secret(aws, "vendors-key")
    assert mezmo.ca_file
    way = whole_way("vendors.py", **{"ca-file": mezmo.ca_file})
    way.write("/app/vendors", "INFO one", "INFO two")

    lines = way.lines(6)
    for vendor in ("logdna", "mezmo", "other"):
        assert texts(of_host(lines, vendor)) == ["INFO one", "INFO two"]
        assert {line.tags for line in of_host(lines, vendor)} == {("eu", vendor)}


def test_another_stacks_groups_come_and_go(whole_way: Deploy, aws: LocalAws) -> None:
    make_secret(aws, "stacks-key")
    way = whole_way("stacks.py", groups="A=/app/a B=/app/b C", subscribed="A B C")
    way.write("/app/a", "from a")
    assert texts(way.lines(1)) == ["from a"]

    way.deploy(subscribed="A C")  # B is unsubscribed
    way.write("/app/b", "from b")
    way.write("/app/a", "from a again")
    assert texts(way.lines(1)) == ["from a again"]
    assert way.filters("/app/b") == []

    way.deploy(groups="A=/app/renamed B=/app/b C")
    way.write("/app/renamed", "renamed")
    assert texts(way.lines(1)) == ["renamed"]

    way.deploy(groups="A=/app/renamed B=/app/b C=/app/named")
    way.write("/app/named", "named")
    assert texts(way.lines(1)) == ["named"]

    way.deploy(groups="B=/app/b C=/app/named", subscribed="C")  # A is deleted
    way.deploy(groups="B=/app/b", subscribed="")
    assert way.filters("/app/b") == []


def test_four_hundred_groups_at_once_and_destroy_leaves_nothing(whole_way: Deploy, aws: LocalAws) -> None:
    make_secret(aws, "stacks-key")
    before = existing(aws)
    names = [f"/many/{number}" for number in range(400)]
    groups = " ".join(f"Group{number}={name}" for number, name in enumerate(names))
    way = whole_way("stacks.py", groups=groups, subscribed="*")
    for name in names[::40]:
        way.write(name, f"from {name}")
    assert sorted(texts(way.lines(10))) == sorted(f"from {name}" for name in names[::40])
    assert [len(way.filters(name)) for name in names] == [1] * 400
    (function,) = [name for name in way.functions() if "Redrive" not in name]
    policy = json.loads(aws.client("lambda").get_policy(FunctionName=function)["Policy"])
    assert len(policy["Statement"]) == 1, "one invoke permission, however many groups"
    assert existing(aws) != before
    way.destroy()

    assert existing(aws) == before


def existing(aws: LocalAws) -> dict[str, set[str]]:
    """Return the names of what a deployment could leave behind."""
    logs, iam, functions = aws.client("logs"), aws.client("iam"), aws.client("lambda")
    return {
        "groups": {
            found["logGroupName"]
            for page in logs.get_paginator("describe_log_groups").paginate()
            for found in page["logGroups"]
        },
        "roles": {found["RoleName"] for found in iam.list_roles()["Roles"]},
        "functions": {found["FunctionName"] for found in functions.list_functions()["Functions"]},
    }


def test_what_subscriptions_have_for_themselves_however_many(
    whole_way: Deploy, aws: LocalAws, mezmo: MezmoStandIn
) -> None:
    """At first it fits into the environment; with more of them it lies beside the code."""
    make_secret(aws, "overrides-key")
    way = whole_way("overrides.py", count="3")
    for count, number in (("3", 2), ("60", 59)):
        way.deploy(count=count)
        way.write(f"/own/{number}", "own")
        way.write("/own/general", "general")
        lines = {line.line: line for line in way.lines(2)}
        assert lines["own"].app == f"app {number} of a name that takes its place"
        assert lines["own"].tags == (f"tag {number}",)
        assert (lines["general"].app, lines["general"].tags) == ("general", ("all",))
    assert mezmo.flags == ()
