"""A vendor's code in place of our handler: its variables, and what it does not know."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk.aws_secretsmanager import ISecret
from aws_cdk.aws_ssm import StringParameter

from mezmo_forwarder import (
    IngestionKey,
    JsonMessages,
    LineFilter,
    LineFormat,
    LogGroupTags,
    MetaField,
    MetricsDetail,
    MezmoDestination,
    MezmoLogForwarder,
    Multiline,
    OversizeLines,
    Redaction,
    Sampling,
    VendorCode,
    VendorVariables,
)
from tests.constructs.synthesized import SECRET_ARN, only, resources, statements, warnings

Make = Callable[..., MezmoLogForwarder]

REFERENCE = f"{{{{resolve:secretsmanager:{SECRET_ARN}:SecretString:LOGDNA_KEY::}}}}"
FUNCTION = "AWS::Lambda::Function"


@pytest.fixture
def code(tmp_path: Path) -> lambda_.Code:
    (tmp_path / "index.js").write_text("exports.handler = async () => {};")
    return lambda_.Code.from_asset(str(tmp_path))


def test_logdna_cloudwatch(stack: Stack, code: lambda_.Code, make_forwarder: Make) -> None:
    make_forwarder(
        code=VendorCode.logdna_cloudwatch(code),
        hostname="web",
        mezmo_tags=["eu", "prod"],
        line_format=LineFormat.MEZMO_LAMBDA_RAW,
    )

    function = only(stack, FUNCTION)
    assert (function["Handler"], function["Runtime"]) == ("index.handler", "nodejs22.x")
    assert function["Environment"]["Variables"] == {
        "LOGDNA_KEY": REFERENCE,
        "LOGDNA_URL": "https://logs.mezmo.com/logs/ingest",
        "LOGDNA_HOSTNAME": "web",
        "LOGDNA_TAGS": "eu,prod",
        "LOG_RAW_EVENT": "true",
    }
    assert statements(stack, "secretsmanager") == [], (
        "CloudFormation reads the key, so the role needs no grant"
    )
    assert len(resources(stack, "AWS::Lambda::Permission")) == 1


def test_mezmo_cloudwatch(stack: Stack, code: lambda_.Code, make_forwarder: Make) -> None:
    make_forwarder(code=VendorCode.mezmo_cloudwatch(code), hostname="web", mezmo_tags=["eu"])

    assert only(stack, FUNCTION)["Environment"]["Variables"] == {
        "INGESTION_KEY": REFERENCE,
        "INGESTION_URL": "https://logs.mezmo.com/logs/ingest",
        "HOSTNAME": "web",
        "TAGS": "eu",
    }


def test_another_vendors_names(stack: Stack, code: lambda_.Code, make_forwarder: Make) -> None:
    vendor = VendorCode.of(
        code,
        handler="main.run",
        runtime=lambda_.Runtime.PYTHON_3_12,
        variables=VendorVariables(key="DD_API_KEY", url="DD_URL"),
    )
    make_forwarder(code=vendor, destination=MezmoDestination.log_analysis(url="https://intake.example/v1"))

    function = only(stack, FUNCTION)
    assert (function["Handler"], function["Runtime"]) == ("main.run", "python3.12")
    assert function["Environment"]["Variables"] == {
        "DD_API_KEY": REFERENCE,
        "DD_URL": "https://intake.example/v1",
    }


def test_key_in_the_environment_is_a_warning(stack: Stack, code: lambda_.Code, make_forwarder: Make) -> None:
    make_forwarder(code=VendorCode.mezmo_cloudwatch(code))

    assert "mezmo-forwarder:vendorKeyInEnvironment" in warnings(stack)


def test_key_in_the_environment_is_no_warning_when_asked_for(
    stack: Stack, secret: ISecret, code: lambda_.Code, make_forwarder: Make
) -> None:
    key = IngestionKey.from_dynamic_reference(secret, field="LOGDNA_KEY")
    make_forwarder(code=VendorCode.mezmo_cloudwatch(code), ingestion_key=key)

    assert warnings(stack) == ""


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"app": "web"}, "app is given with vendor code, which does not know it; leave app out"),
        ({"mezmo_env": "prod"}, "mezmoEnv is given with vendor code"),
        ({"meta_fields": [MetaField.OWNER]}, "metaFields is given with vendor code"),
        ({"oversize_lines": OversizeLines.SPLIT}, "oversizeLines is given with vendor code"),
        ({"recognize": False}, "recognize is given with vendor code"),
        ({"meta": {"team": "shop"}}, "meta is given with vendor code"),
        ({"log_group_tags": [LogGroupTags.as_tags("team")]}, "logGroupTags is given with vendor code"),
        ({"account_alias": "ours"}, "accountAlias is given with vendor code"),
        ({"include": [LineFilter.pattern("a")]}, "include is given with vendor code"),
        ({"exclude": [LineFilter.health_checks()]}, "exclude is given with vendor code"),
        ({"sampling": [Sampling.share(0.1)]}, "sampling is given with vendor code"),
        ({"multiline": Multiline.java()}, "multiline is given with vendor code"),
        ({"redact": [Redaction.email()]}, "redact is given with vendor code"),
        ({"timestamp_field": "time"}, "timestampField is given with vendor code"),
        ({"json_messages": JsonMessages.TEXT}, "jsonMessages is given with vendor code"),
        ({"metrics_detail": MetricsDetail.LOG_GROUP}, "metricsDetail is given with vendor code"),
        ({"line_format": LineFormat.STANDARD}, "lineFormat is LineFormat.STANDARD with vendor code"),
        ({"destination": MezmoDestination.log_analysis(gzip=False)}, "gzip is false with vendor code"),
    ],
)
def test_options_that_only_our_handler_knows_are_refused(
    code: lambda_.Code, make_forwarder: Make, properties: dict[str, Any], message: str
) -> None:
    with pytest.raises(RuntimeError, match=message):
        make_forwarder(code=VendorCode.mezmo_cloudwatch(code), **properties)


@pytest.mark.parametrize(
    ("properties", "name"),
    [
        ({"hostname": "web"}, "hostname"),
        ({"mezmo_tags": ["eu"]}, "mezmoTags"),
        ({"line_format": LineFormat.MEZMO_LAMBDA_RAW}, "lineFormat"),
        ({"destination": MezmoDestination.pipeline("a")}, "destination"),
    ],
)
def test_options_without_a_variable_are_refused(
    code: lambda_.Code, make_forwarder: Make, properties: dict[str, Any], name: str
) -> None:
    vendor = VendorCode.of(code, variables=VendorVariables(key="KEY"))

    with pytest.raises(RuntimeError, match=f"{name} is given with vendor code that names no variable for it"):
        make_forwarder(code=vendor, **properties)


@pytest.mark.parametrize("names", [{"key": "A", "url": "A"}, {"key": ""}, {"key": "my-key"}])
def test_variable_names_that_cannot_be_are_refused(
    code: lambda_.Code, make_forwarder: Make, names: dict[str, str]
) -> None:
    with pytest.raises(RuntimeError, match="variable is named .*give each a name of its own"):
        make_forwarder(code=VendorCode.of(code, variables=VendorVariables(**names)))


def test_ssm_parameter_with_vendor_code_is_refused(
    stack: Stack, code: lambda_.Code, make_forwarder: Make
) -> None:
    parameter = StringParameter.from_secure_string_parameter_attributes(
        stack, "Key", parameter_name="/mezmo/key"
    )

    with pytest.raises(RuntimeError, match="no SecureString; use IngestionKey.fromDynamicReference"):
        make_forwarder(
            code=VendorCode.mezmo_cloudwatch(code), ingestion_key=IngestionKey.from_ssm_parameter(parameter)
        )
