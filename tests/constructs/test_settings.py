"""The one document between construct and handler: what the one writes, the other reads."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from aws_cdk import CfnParameter, Duration, Stack
from aws_cdk.aws_secretsmanager import ISecret, Secret
from aws_cdk.aws_ssm import StringParameter
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.settings import (
    VARIABLE,
    Destination,
    EnvironmentKey,
    SecretsManagerKey,
    Settings,
    SsmParameterKey,
    read_settings,
)
from mezmo_forwarder import IngestionKey, LineFormat, MetaField, MezmoDestination, MezmoLogForwarder
from tests.constructs.synthesized import SECRET_ARN, only

Make = Callable[..., MezmoLogForwarder]


def deployed(stack: Stack, parameters: dict[str, str] | None = None) -> Settings:
    """Return the settings as the handler reads them, with CloudFormation's functions worked out."""
    value = only(stack, "AWS::Lambda::Function")["Environment"]["Variables"][VARIABLE]
    return read_settings({VARIABLE: evaluate(value, parameters or {})})


def evaluate(value: Any, parameters: dict[str, str]) -> Any:
    """Work out CloudFormation's Join, Split and Ref."""
    match value:
        case {"Fn::Join": [delimiter, parts]}:
            evaluated = parts if isinstance(parts, list) else evaluate(parts, parameters)
            return delimiter.join(evaluate(part, parameters) for part in evaluated)
        case {"Fn::Split": [delimiter, text]}:
            return evaluate(text, parameters).split(delimiter)
        case {"Ref": name}:
            return parameters[name]
    return value


def test_defaults(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder()

    assert deployed(stack) == Settings(
        schema=1,
        key=SecretsManagerKey(SECRET_ARN, "LOGDNA_KEY"),
        destination=Destination("log-analysis", "https://logs.mezmo.com/logs/ingest"),
    )


def test_everything(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder(
        destination=MezmoDestination.pipeline("route"),
        line_format=LineFormat.MEZMO_LAMBDA_RAW,
        hostname="audit",
        app="billing",
        mezmo_env="prod",
        mezmo_tags=["eu", "blue"],
        meta_fields=[MetaField.STREAM, MetaField.EVENT_ID],
        key_lifetime=Duration.minutes(10),
    )

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
    )


def test_key_in_the_environment(stack: Stack, secret: ISecret, make_forwarder: Make) -> None:
    make_forwarder(ingestion_key=IngestionKey.from_dynamic_reference(secret))

    key = deployed(stack).key
    assert isinstance(key, EnvironmentKey)
    assert key.variable in only(stack, "AWS::Lambda::Function")["Environment"]["Variables"]


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
