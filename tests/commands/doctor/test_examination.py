"""The doctor where the local AWS cannot show it: what is denied, and what it does not have."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from mezmo_forwarder_commands.doctor import figures, key, own_log, store, subscriptions
from mezmo_forwarder_commands.doctor import function as function_checks
from mezmo_forwarder_commands.doctor.calls import ACTIONS, TEST_ACTIONS
from mezmo_forwarder_commands.doctor.examination import checks, examine
from mezmo_forwarder_commands.doctor.findings import Answer, Finding, Verdict, worst
from tests.commands.doctor.scripted import (
    ARN,
    DENIED,
    OURS,
    Json,
    ScriptedCalls,
    deployment,
    function,
    stored,
    subscribed,
    subscribed_account,
)

ROOT = Path(__file__).resolve().parents[3]


def only(answers: Iterable[Answer]) -> tuple[str, str]:
    (found,) = answers
    return found.verdict.value, found.text


def test_whoever_may_nothing_is_told_what_to_allow() -> None:
    calls = ScriptedCalls()
    patient = deployment(calls)
    findings = list(examine(patient, checks(offline=True, send_test_line=False)))

    assert worst(findings) is Verdict.UNKNOWN
    denied = [one.answer for one in findings if "may not" in one.answer.text]
    assert len(denied) > 10
    named = {re.sub("^allow ", "", one.remedy) for one in denied}
    assert named <= set(ACTIONS.values())
    assert {"secretsmanager:GetSecretValue", "s3:ListBucket", "lambda:GetPolicy"} <= named


def test_one_check_that_fails_holds_up_no_other() -> None:
    calls = ScriptedCalls({("lambda", "get_policy"): "ServiceException"})
    findings = list(examine(deployment(calls), checks(offline=True, send_test_line=False)))

    (failed,) = (one.answer for one in findings if one.check == "invocation")
    assert (failed.verdict, failed.text) == (Verdict.UNKNOWN, "lambda:GetPolicy: ServiceException: scripted")
    assert findings[-1].check == "own log"


def test_the_documented_policy_is_what_is_called() -> None:
    document = (ROOT / "docs/how-to/doctor.md").read_text(encoding="utf-8")
    (policy,) = re.findall("```json\n(.*?)```", document, flags=re.DOTALL)
    allowed = [action for one in json.loads(policy)["Statement"] for action in one["Action"]]

    assert sorted(allowed) == sorted({*ACTIONS.values(), "kms:Decrypt"})
    assert all(f"`{action}`" in document for action in TEST_ACTIONS.values())


def test_all_calls_read() -> None:
    verbs = ("describe_", "filter_", "get_", "list_", "simulate_")

    assert [method for _, method in ACTIONS if not method.startswith(verbs)] == []


def test_the_verdict_over_all() -> None:
    def over(*verdicts: Verdict) -> Verdict:
        return worst(Finding("area", "check", Answer(verdict, "")) for verdict in verdicts)

    assert over() is over(Verdict.OK) is Verdict.OK
    assert over(Verdict.OK, Verdict.UNKNOWN) is Verdict.UNKNOWN
    assert over(Verdict.UNKNOWN, Verdict.WARNING) is Verdict.WARNING
    assert over(Verdict.WARNING, Verdict.BROKEN, Verdict.OK) is Verdict.BROKEN


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([{"policyName": "all", "policyDocument": json.dumps({"DestinationArn": ARN})}], "ok"),
        ([{"policyName": "all", "policyDocument": json.dumps({"DestinationArn": "arn:other"})}], "broken"),
        ([], "broken"),
    ],
)
def test_the_account_s_policy(policies: list[Json], expected: str) -> None:
    calls = ScriptedCalls({("logs", "describe_account_policies"): {"accountPolicies": policies}})
    template = {**OURS, "Policy": subscribed_account()}
    properties = template["Policy"]["Properties"]

    assert only(subscriptions.account_policy(deployment(calls, template=template)))[0] == expected
    properties["PolicyDocument"] = '{"DestinationArn":"arn:aws:logs:eu-west-3:123456789012:destination:a"}'
    for not_ours in (template, OURS):
        patient = deployment(calls, template=not_ours)
        assert only(subscriptions.account_policy(patient)) == ("ok", "the stack has none")


@pytest.mark.parametrize(
    ("mapping", "expected", "text"),
    [
        ({"State": "Enabled", "LastProcessingResult": "OK"}, "ok", "stream/a is read: OK"),
        ({"State": "Disabled"}, "broken", "its mapping is Disabled"),
        ({"State": "Enabled", "LastProcessingResult": "PROBLEM: no right"}, "broken", "PROBLEM: no right"),
    ],
)
def test_streams(mapping: Json, expected: str, text: str) -> None:
    source = {"UUID": "1", "EventSourceArn": "arn:aws:kinesis:eu-west-3:123456789012:stream/a", **mapping}
    calls = ScriptedCalls({("lambda", "list_event_source_mappings"): {"EventSourceMappings": [source]}})
    verdict, said = only(subscriptions.streams(deployment(calls)))

    assert (verdict, text in said) == (expected, True)


def test_a_filter_whose_group_the_template_hides() -> None:
    template = {**OURS, "One": subscribed({"Fn::ImportValue": "elsewhere"})}
    verdict, text = only(subscriptions.filters(deployment(ScriptedCalls(), template=template)))

    assert (verdict, text) == ("could not tell", "the log group of One is not to be told from the template")


def test_a_stack_that_subscribes_nothing() -> None:
    calls = ScriptedCalls({("lambda", "list_event_source_mappings"): {"EventSourceMappings": []}})

    assert only(subscriptions.filters(deployment(calls, template=OURS)))[0] == "warning"


def test_another_account_s_bucket() -> None:
    class OwnerIsChecked(ScriptedCalls):
        def call(self, service: str, method: str, **parameters: object) -> Json:
            return super().call(service, "get_object" if "ExpectedBucketOwner" in parameters else method)

    calls = OwnerIsChecked({("s3", "list_objects_v2"): {}})

    assert only(store.bucket(deployment(calls))) == (
        "broken",
        "bucket store is not of account 123456789012, so nothing is written to it",
    )


@pytest.mark.parametrize(
    ("state", "age", "expected", "text"),
    [
        ({}, 60, "ok", "it is nobody's"),
        ({"holder": "a", "seconds": 300}, 60, "ok", "a re-drive is at work since 60 seconds"),
        (
            {"holder": "a", "seconds": 300},
            90_000,
            "warning",
            "broke off 25 hours ago, and none has run since",
        ),
        (
            {"tries": {"undelivered/a": 3}},
            60,
            "warning",
            "1 object failed 3 times, behind all others now: undelivered/a",
        ),
    ],
)
def test_the_lease(state: Json, age: float, expected: str, text: str) -> None:
    calls = ScriptedCalls({("s3", "get_object"): stored(json.dumps(state).encode(), age)})
    verdict, said = only(store.lease(deployment(calls)))

    assert (verdict, text in said) == (expected, True)


def test_a_redrive_that_is_gone() -> None:
    patient = deployment(ScriptedCalls(), template=OURS)
    patient.redrive = None

    assert only(store.redrive(patient)) == (
        "broken",
        "the re-drive's function is gone: what is stored stays there",
    )


def test_vendor_code() -> None:
    calls = ScriptedCalls()
    patient = deployment(calls, of=function(settings=None))

    assert only(function_checks.settings(patient))[0] == "ok"
    assert only(function_checks.code(patient)) == ("ok", "vendor code, python3.13, index.handler")
    assert only(key.readable(patient)) == ("ok", "it stands in the function's environment: LOGDNA_KEY")
    assert calls.made == []


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "ParameterNotFound"])
def test_a_secret_that_is_not_there(code: str) -> None:
    calls = ScriptedCalls({("secretsmanager", "get_secret_value"): code})
    verdict, text = only(key.readable(deployment(calls)))

    assert (verdict, "in eu-west-3" in text) == ("broken", True)


def test_what_the_document_explains_is_recognized() -> None:
    document = (ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8")
    table = document.partition("## What the log says")[2].partition("\n## ")[0]
    texts = [
        text
        for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
        for text in re.findall("`(.*?)`", row)
    ]

    assert len(texts) > 10
    for text in texts:
        said = text.replace("...", "something").replace("<", "").replace(">", "")
        assert any(re.search(one.text, said) for one in own_log.TROUBLES), text


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ('{"level": "ERROR", "message": "lost\\n"}', "lost"),
        ('{"level": "INFO", "message": "2 of 2 lines delivered"}', ""),
        ('{"timestamp": "t", "level": "ERROR", "message": {"errorMessage": "x"}}', '{"errorMessage": "x"}'),
        ('{"errorMessage": "crashed", "errorType": "X"}', "crashed"),
        (
            "2026-11-27T09:00:00.000Z 1-2 Task timed out after 60.00 seconds",
            "Task timed out after 60.00 seconds",
        ),
        ("START RequestId: ERROR", ""),
        ("[1]", ""),
    ],
)
def test_what_a_log_event_complains_of(message: str, expected: str) -> None:
    found = own_log.complaint(message)

    assert found.endswith(expected)
    assert bool(found) == bool(expected)


def test_complaints_that_differ_in_numbers_only_are_one() -> None:
    events = [{"message": json.dumps({"level": "WARN", "message": f"object {n} waits"})} for n in range(5)]
    calls = ScriptedCalls({("logs", "filter_log_events"): {"events": events}})

    assert only(own_log.complaints(deployment(calls))) == ("warning", "5 times, lastly: object 4 waits")


@pytest.mark.parametrize(
    ("forwarded", "received", "expected"),
    [
        (1000, 6000, "ok"),  # a backfill's lines are among them
        (0, 5000, "ok"),  # nothing else was logged in its hour
        (1000, 950, "ok"),
        (1000, 800, "warning"),
        (1000, 0, "broken"),
    ],
)
def test_only_fewer_lines_than_were_forwarded_are_a_finding(
    forwarded: int, received: int, expected: str
) -> None:
    values = {"ForwardedLogEvents": forwarded, "LinesReceived": received}

    class Counting(ScriptedCalls):
        def call(self, service: str, method: str, **parameters: object) -> Json:
            if method != "get_metric_data":
                return super().call(service, method, **parameters)
            queries: Iterable[Json] = parameters["MetricDataQueries"]  # type: ignore[assignment]
            names = {one["Id"]: one["MetricStat"]["Metric"]["MetricName"] for one in queries}
            return {
                "MetricDataResults": [
                    {"Id": query, "Values": [values.get(name, 0)]} for query, name in names.items()
                ]
            }

    patient = deployment(Counting(), template={**OURS, "One": subscribed("/group")})

    verdict, text = only(figures.of_cloudwatch(patient))
    assert (verdict, f"the function counted {received:,} lines" in text) == (expected, True)


def test_denied_is_denied() -> None:
    calls = ScriptedCalls({("logs", "filter_log_events"): DENIED})
    (finding,) = examine(deployment(calls), {"last hour": {"own log": own_log.complaints}})

    assert finding.answer.remedy == "allow logs:FilterLogEvents"
