"""The one document between construct and handler: what the one writes, the other reads."""

from collections.abc import Callable
from functools import cache
from typing import Any, cast

import msgspec
import pytest
from aws_cdk import CfnParameter, Duration, Size, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk.aws_logs import LogGroup
from aws_cdk.aws_s3 import Bucket
from aws_cdk.aws_secretsmanager import ISecret, Secret
from aws_cdk.aws_ssm import StringParameter
from hypothesis import given, settings
from hypothesis import strategies as st

import handler.settings
from handler.settings import (
    VARIABLE,
    Destination,
    EnvironmentKey,
    FieldFilter,
    HealthChecks,
    LambdaPlatform,
    Level,
    LevelFilter,
    MultilineKind,
    PatternFilter,
    Redact,
    Redrive,
    SecretsManagerKey,
    Settings,
    SsmParameterKey,
    Store,
    VendorRedriveSettings,
    read_redrive_settings,
    read_settings,
)
from handler.settings import Redaction as Rule
from mezmo_forwarder import (
    IngestionKey,
    JsonMessages,
    LineFilter,
    LineFormat,
    LogGroupTags,
    LogLevel,
    MetaField,
    MetricsDetail,
    MezmoDestination,
    MezmoLogForwarder,
    Multiline,
    OversizeLines,
    Redaction,
    Sampling,
    UndeliveredStore,
    VendorCode,
)
from tests.constructs.synthesized import SECRET_ARN, evaluate, only, variables

Make = Callable[..., MezmoLogForwarder]

BUCKET = "MezmoLogForwarderUndeliveredBucketEAB6BBEB"
FUNCTION = "MezmoLogForwarderFunctionCC3FBC19"
OF_OTHERS = {"redrive", "subscriptions", "subscriptions_file", "exclude_log_group_prefixes", "region"}
"""Settings that no property of the forwarder gives: those of the re-drive, of subscriptions, of Lambda."""


def deployed(stack: Stack, parameters: dict[str, str] | None = None) -> Settings:
    """Return the settings as the handler reads them, with CloudFormation's functions worked out."""
    return read_settings(variables(stack, parameters))


def test_defaults(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder()

    assert deployed(stack, {BUCKET: "kept"}) == Settings(
        schema=1,
        key=SecretsManagerKey(SECRET_ARN, "LOGDNA_KEY"),
        destination=Destination("log-analysis", "https://logs.mezmo.com/logs/ingest"),
        store=Store("kept", "123456789012"),
        metrics="forwarder",
    )


def test_everything(stack: Stack, make_forwarder: Make) -> None:
    forwarder = make_forwarder(
        destination=MezmoDestination.pipeline("route"),
        line_format=LineFormat.MEZMO_LAMBDA_RAW,
        hostname="audit",
        app="billing",
        mezmo_env="prod",
        mezmo_tags=["eu", "blue"],
        meta_fields=[MetaField.STREAM, MetaField.EVENT_ID],
        key_lifetime=Duration.minutes(10),
        oversize_lines=OversizeLines.TRUNCATE,
        meta={"team": "shop"},
        recognize=False,
        account_alias="ours",
        log_group_tags=[LogGroupTags.as_tags("team", "env"), LogGroupTags.all_as_meta()],
        multiline=Multiline.starts_with(
            "^#", max_lines=50, max_bytes=Size.kibibytes(8), max_gap=Duration.millis(1500), json=True
        ),
        timestamp_field="log.time",
        json_messages=JsonMessages.FLATTENED,
        include=[LineFilter.pattern("^a"), LineFilter.level_at_least(LogLevel.WARN)],
        exclude=[
            LineFilter.field("http.status", "200", "204"),
            LineFilter.field("debug"),
            LineFilter.lambda_platform(),
            LineFilter.health_checks(),
        ],
        sampling=[
            Sampling.share(0.5, filter=LineFilter.level_at_most(LogLevel.DEBUG)),
            Sampling.share(0.25, filter=LineFilter.level(LogLevel.INFO, LogLevel.FATAL)),
            Sampling.share(1),
        ],
        redact=[Redaction.email(), Redaction.pattern("order", r"ORD-\d+", text="")],
        metrics_detail=MetricsDetail.LOG_GROUP,
        undelivered_store=UndeliveredStore.from_bucket(Bucket.from_bucket_name(stack, "Bucket", "theirs")),
    )
    forwarder.subscribe(LogGroup.from_log_group_name(stack, "Group", "/group"))  # whose tags are read

    assert deployed(stack) == Settings(
        schema=1,
        key=SecretsManagerKey(SECRET_ARN, "LOGDNA_KEY"),
        key_ttl=600,
        destination=Destination("pipeline", "https://pipeline.mezmo.com/v1/route"),
        line_format="mezmo-lambda-raw",
        hostname="audit",
        app="billing",
        env="prod",
        tags=("eu", "blue"),
        meta_fields=("stream", "event_id"),
        oversize_lines="truncate",
        meta={"team": "shop"},
        recognize=False,
        account_alias="ours",
        log_group_tags=(
            handler.settings.LogGroupTags("tags", ("team", "env")),
            handler.settings.LogGroupTags("meta"),
        ),
        multiline=handler.settings.Multiline(
            "starts-with", "^#", json=True, max_lines=50, max_bytes=8192, max_gap=1.5
        ),
        timestamp_field="log.time",
        json_messages="flattened",
        include=(PatternFilter("^a"), LevelFilter(("warn", "error", "fatal"))),
        exclude=(
            FieldFilter("http.status", ("200", "204")),
            FieldFilter("debug"),
            LambdaPlatform(),
            HealthChecks(),
        ),
        sampling=(
            handler.settings.Sampling(0.5, LevelFilter(("trace", "debug"))),
            handler.settings.Sampling(0.25, LevelFilter(("info", "fatal"))),
            handler.settings.Sampling(1),
        ),
        redact=Redact((Rule("email"), Rule("order", r"ORD-\d+", text=""))),
        store=Store("theirs", "123456789012"),
        metrics="log-group",
    )
    least = Settings(schema=1, key=deployed(stack).key, destination=deployed(stack).destination)
    left_out = {
        name for name in Settings.__struct_fields__ if getattr(deployed(stack), name) == getattr(least, name)
    }
    assert left_out == {"schema", "key", "destination", *OF_OTHERS}, "give the property above"


def test_neither_store_nor_metrics(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder(undelivered_store=UndeliveredStore.none(), metrics_detail=MetricsDetail.NONE)

    assert (deployed(stack).store, deployed(stack).metrics) == (None, None)


def test_the_redrive_is_told_what_the_forwarder_is_and_more(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder(hostname="audit", redrive_rate=Size.kibibytes(64))

    redriven = read_redrive_settings(variables(stack, {FUNCTION: "forwards"}, redrive=True))
    assert isinstance(redriven, Settings)
    assert redriven.redrive == Redrive("forwards", 65536)
    assert msgspec.structs.replace(redriven, redrive=None) == deployed(stack)


def test_the_redrive_beside_a_vendors_code(stack: Stack, make_forwarder: Make) -> None:
    code = lambda_.Code.from_inline("exports.handler = async () => {}")
    make_forwarder(code=VendorCode.mezmo_cloudwatch(code))

    parameters = {BUCKET: "kept", FUNCTION: "vendor"}
    assert read_redrive_settings(variables(stack, parameters, redrive=True)) == VendorRedriveSettings(
        schema=1, store=Store("kept", "123456789012"), redrive=Redrive("vendor", 1048576)
    )


def test_key_in_the_environment(stack: Stack, secret: ISecret, make_forwarder: Make) -> None:
    make_forwarder(ingestion_key=IngestionKey.from_dynamic_reference(secret))

    key = deployed(stack).key
    assert isinstance(key, EnvironmentKey)
    assert key.variable in variables(stack)


def test_key_in_a_parameter(stack: Stack, make_forwarder: Make) -> None:
    parameter = StringParameter.from_secure_string_parameter_attributes(
        stack, "Parameter", parameter_name="/mezmo/ingestion-key"
    )
    make_forwarder(ingestion_key=IngestionKey.from_ssm_parameter(parameter))

    arn = "arn:aws:ssm:eu-west-3:123456789012:parameter/mezmo/ingestion-key"
    assert deployed(stack, {"AWS::Partition": "aws"}).key == SsmParameterKey(arn)


@pytest.mark.parametrize("field", MetaField)
def test_every_meta_field_is_known_to_the_handler(
    stack: Stack, make_forwarder: Make, field: MetaField
) -> None:
    make_forwarder(meta_fields=[field])

    assert len(deployed(stack).meta_fields) == 1


@pytest.mark.parametrize("line_format", LineFormat)
def test_every_line_format_is_known_to_the_handler(
    stack: Stack, make_forwarder: Make, line_format: LineFormat
) -> None:
    make_forwarder(line_format=line_format)

    assert deployed(stack).line_format


@pytest.mark.parametrize("oversize_lines", OversizeLines)
def test_every_way_with_oversize_lines_is_known_to_the_handler(
    stack: Stack, make_forwarder: Make, oversize_lines: OversizeLines
) -> None:
    make_forwarder(oversize_lines=oversize_lines)

    assert deployed(stack).oversize_lines


@pytest.mark.parametrize("json_messages", JsonMessages)
def test_every_way_with_json_messages_is_known_to_the_handler(
    stack: Stack, make_forwarder: Make, json_messages: JsonMessages
) -> None:
    make_forwarder(json_messages=json_messages)

    assert deployed(stack).json_messages


@pytest.mark.parametrize(
    ("multiline", "kind"),
    [
        (Multiline.java, "java"),
        (Multiline.python, "python"),
        (Multiline.node, "node"),
        (Multiline.go, "go"),
        (Multiline.dotnet, "dotnet"),
        (Multiline.ruby, "ruby"),
        (Multiline.stack_traces, "stack-traces"),
        (Multiline.json, "json"),
        (Multiline.starts_with_timestamp, "timestamp"),
        (lambda: Multiline.starts_with("x"), "starts-with"),
        (lambda: Multiline.continues_with("x"), "continues-with"),
    ],
)
def test_every_way_of_joining_is_known_to_the_handler(
    stack: Stack, make_forwarder: Make, multiline: Callable[[], Multiline], kind: MultilineKind
) -> None:
    make_forwarder(multiline=multiline())

    pattern = "x" if "with" in kind else None
    assert deployed(stack).multiline == handler.settings.Multiline(kind, pattern)


@pytest.mark.parametrize("level", LogLevel)
def test_every_level_is_known_to_the_handler(stack: Stack, make_forwarder: Make, level: LogLevel) -> None:
    make_forwarder(exclude=[LineFilter.level(level)])

    assert deployed(stack).exclude == (LevelFilter((cast("Level", level.value.lower()),)),)


PRINTABLE = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)


@settings(deadline=None)
@given(data=st.data())
def test_texts_known_only_at_deployment_may_hold_anything(data: st.DataObject) -> None:
    resolved = with_tokens()
    values = {name: data.draw(PRINTABLE) for name in ("Host", "App", "Env")}
    values["Tag"] = data.draw(PRINTABLE.filter(lambda tag: "," not in tag))

    read = read_settings({VARIABLE: evaluate(resolved, values)})
    assert (read.hostname, read.app, read.env) == (values["Host"], f"app-{values['App']}", values["Env"])
    assert read.tags == (values["Tag"], "fixed")


@cache
def with_tokens() -> Any:
    """Return the settings variable of a forwarder whose texts are parameters."""
    stack = Stack()

    def parameter(name: str) -> str:
        return CfnParameter(stack, name).value_as_string

    secret = Secret.from_secret_complete_arn(stack, "Secret", SECRET_ARN)
    MezmoLogForwarder(
        stack,
        "Forwarder",
        ingestion_key=IngestionKey.from_secrets_manager(secret),
        hostname=parameter("Host"),
        app=f"app-{parameter('App')}",
        mezmo_env=parameter("Env"),
        mezmo_tags=[parameter("Tag"), "fixed"],
    )
    return only(stack, "AWS::Lambda::Function")["Environment"]["Variables"][VARIABLE]


def test_literal_texts_need_no_escaping_of_ours(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder(hostname='a"b\\c', app="é\u2028")

    read = deployed(stack)
    assert (read.hostname, read.app) == ('a"b\\c', "é\u2028")
