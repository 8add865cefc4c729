"""The template that is deployed without CDK: its parameters, and what they make."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.settings import Destination, SecretsManagerKey, Settings, read_redrive_settings, read_settings
from tests.documents.markdown import ROOT, fences
from tests.standalone.deployed import SECRET_ARN, Deployed, Json, RefusedError

FILTER, ACCOUNT_POLICY = "AWS::Logs::SubscriptionFilter", "AWS::Logs::AccountPolicy"
TEXT = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"]), max_size=30)
TAGS = st.lists(TEXT.filter(lambda text: text != "" and "," not in text), max_size=4)
GROUP = st.text("abcXYZ019_-/.#", min_size=1, max_size=20)


def read(deployed: Deployed) -> Settings:
    return read_settings(deployed.settings())


def subscribed(deployed: Deployed) -> list[str]:
    return [found["LogGroupName"] for found in deployed.resources(FILTER).values()]


def test_what_is_empty_is_left_out(template: Json) -> None:
    deployed = Deployed(template)
    found = read(deployed)

    assert found.key == SecretsManagerKey(id=SECRET_ARN)
    assert found.destination == Destination("log-analysis", "https://logs.mezmo.com/logs/ingest")
    assert (found.hostname, found.tags) == (None, ())
    assert deployed.resources(FILTER) == {}
    assert deployed.resources(ACCOUNT_POLICY) == {}
    assert "kms:" not in json.dumps(deployed.resources("AWS::IAM::Policy"))


@given(hostname=TEXT, tags=TAGS, field=TEXT.filter(lambda text: not set(text) & set(':"\\')))
def test_texts_come_to_the_handler_as_they_are(
    template: Json, hostname: str, tags: list[str], field: str
) -> None:
    deployed = Deployed(template, Hostname=hostname, Tags=",".join(tags), SecretField=field)

    for found in (read(deployed), read_redrive_settings(deployed.settings(redrive=True))):
        assert isinstance(found, Settings)
        assert (found.hostname, found.tags) == (hostname or None, tuple(tags))
        assert found.key == SecretsManagerKey(id=SECRET_ARN, field=field or None)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"MezmoUrl": "https://in.example/x"}, Destination("log-analysis", "https://in.example/x")),
        ({"PipelineRouteId": "r-1"}, Destination("pipeline", "https://pipeline.mezmo.com/v1/r-1")),
        (
            {"PipelineRouteId": "r-1", "MezmoUrl": "https://in.example/x"},
            Destination("pipeline", "https://in.example/x"),
        ),
    ],
)
def test_destinations(template: Json, parameters: dict[str, str], expected: Destination) -> None:
    assert read(Deployed(template, **parameters)).destination == expected


def test_a_key_that_encrypts_the_secret_may_be_used_by_both_roles(template: Json) -> None:
    key = "arn:aws:kms:eu-west-3:123456789012:key/1-2"
    policies = Deployed(template, SecretKmsKeyArn=key).resources("AWS::IAM::Policy")

    assert len(policies) == 2
    for policy in policies.values():
        (statement,) = (one for one in policy["PolicyDocument"]["Statement"] if one["Resource"] == key)
        assert statement["Action"] == "kms:Decrypt"
        via = statement["Condition"]["StringEquals"]["kms:ViaService"]
        assert via == "secretsmanager.eu-west-3.amazonaws.com"


@given(names=st.lists(GROUP | st.just(""), max_size=20))
def test_a_filter_for_each_name_and_none_for_an_empty_place(template: Json, names: list[str]) -> None:
    deployed = Deployed(template, LogGroupNames=",".join(names))

    assert subscribed(deployed) == [name for name in names if name]
    filters = deployed.resources(FILTER).values()
    assert len({found["FilterName"] for found in filters}) == len(filters), "no name twice"
    assert all(found["FilterName"].startswith("mezmo-mezmo-") for found in filters), "the stack's own"


def test_a_place_left_empty_moves_no_other_log_group(template: Json) -> None:
    before = Deployed(template, LogGroupNames="/a,/b,/c").resources(FILTER)
    after = Deployed(template, LogGroupNames="/a,,/c").resources(FILTER)

    assert after.items() < before.items()


def test_account_wide_leaves_out_the_own_log_group_and_makes_no_filter(template: Json) -> None:
    def criteria(**parameters: str) -> Any:
        deployed = Deployed(template, AccountWide="true", LogGroupNames="/a", **parameters)
        assert subscribed(deployed) == []
        (policy,) = deployed.resources(ACCOUNT_POLICY).values()
        assert json.loads(policy["PolicyDocument"])["DestinationArn"].endswith(".Arn}")
        return policy["SelectionCriteria"]

    own = template["Outputs"]["LogGroupName"]["Value"]["Ref"]
    assert criteria() == f'LogGroupName NOT IN ["${{{own}}}"]'
    assert criteria(ExcludedLogGroupNames="/b,/c") == f'LogGroupName NOT IN ["${{{own}}}", "/b", "/c"]'


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("SecretArn", "MezmoIngestionKey"),
        ("SecretArn", SECRET_ARN.removesuffix("-a1b2c3")),
        ("SecretField", "a:b"),
        ("SecretKmsKeyArn", "alias/key"),
        ("PipelineRouteId", "https://pipeline.mezmo.com/v1/r"),
        ("MezmoUrl", "http://logs.mezmo.com/logs/ingest"),
        ("MezmoUrl", "https://user:password@logs.mezmo.com"),
        ("Hostname", "x" * 257),
        ("Tags", "a,,b"),
        ("LogGroupNames", "/a, /b"),
        ("LogGroupNames", ",".join("a" for _ in range(21))),
        ("ExcludedLogGroupNames", "/a,,/b"),
        ("CodeBucket", ""),
        ("CodePrefix", "lambda"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_made(
    template: Json, parameter: str, value: str
) -> None:
    with pytest.raises(RefusedError, match=f"^{parameter} "):
        Deployed(template, **{parameter: value})


def test_nothing_of_cdk_is_needed(template: Json) -> None:
    assert "cdk" not in json.dumps(template).lower()
    assert not template.keys() & {"Rules", "Transform", "Mappings"}
    required = [name for name, parameter in template["Parameters"].items() if "Default" not in parameter]
    assert required == ["SecretArn", "CodeBucket"]


def test_each_parameter_has_its_place_in_the_console(template: Json, application: Json) -> None:
    for one in (template, application):
        groups = one["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
        assert [name for group in groups for name in group["Parameters"]] == [*one["Parameters"]]


def test_the_document_names_the_parameters_that_there_are(template: Json) -> None:
    document = "docs/how-to/without-cdk.md"
    text = (ROOT / document).read_text(encoding="utf-8")
    rows = re.findall(r"^\| ((?:`[A-Z]\w+`(?:, )?)+) \|", text, re.MULTILINE)
    assert set(re.findall(r"\w+", " ".join(rows))) == set(template["Parameters"])

    blocks = "".join(fence.text for fence in fences(document) if fence.language in ("shell", "hcl"))
    assert set(re.findall(r"\b([A-Z][a-z]\w+)(?: +=|=)", blocks)) <= set(template["Parameters"])
