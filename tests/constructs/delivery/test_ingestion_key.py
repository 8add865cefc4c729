"""Where the ingestion key is kept: what the handler is told, and what the role may do."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, SecretValue, Stack
from aws_cdk import aws_kms as kms
from aws_cdk.aws_secretsmanager import CfnSecret, ISecret, Secret, SecretStringGenerator
from aws_cdk.aws_ssm import StringParameter

from mezmo_forwarder import IngestionKey, MezmoLogForwarder
from tests.constructs.synthesized import SECRET_ARN, statements, variables, warnings

Make = Callable[..., MezmoLogForwarder]

KMS_ARN = "arn:aws:kms:eu-west-3:123456789012:key/11111111-2222-3333-4444-555555555555"
PARTIAL = [
    "arn:",
    {"Ref": "AWS::Partition"},
    ":secretsmanager:eu-west-3:123456789012:secret:MezmoIngestionKey",
]


def key_settings(stack: Stack) -> dict[str, str]:
    """Return the settings' part on the key."""
    found: dict[str, str] = json.loads(variables(stack)["MEZMO_FORWARDER_SETTINGS"])["key"]
    return found


def test_secret_by_complete_arn(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder()

    assert key_settings(stack) == {"source": "secrets-manager", "id": SECRET_ARN, "field": "LOGDNA_KEY"}
    assert statements(stack, "secretsmanager") == [
        {"Action": "secretsmanager:GetSecretValue", "Effect": "Allow", "Resource": SECRET_ARN}
    ]


def test_secret_by_name_is_granted_with_the_suffix_that_secrets_manager_adds(
    stack: Stack, make_forwarder: Make
) -> None:
    secret = Secret.from_secret_name_v2(stack, "Secret", "MezmoIngestionKey")
    make_forwarder(ingestion_key=IngestionKey.from_secrets_manager(secret))

    (grant,) = statements(stack, "secretsmanager")
    assert grant["Resource"] == {"Fn::Join": ["", [*PARTIAL[:2], f"{PARTIAL[2]}-??????"]]}
    assert key_settings(stack).keys() == {"source", "id"}


def test_secret_by_partial_arn(stack: Stack, make_forwarder: Make) -> None:
    arn = SECRET_ARN.removesuffix("-a1b2c3")
    secret = Secret.from_secret_partial_arn(stack, "Secret", arn)
    make_forwarder(ingestion_key=IngestionKey.from_secrets_manager(secret, "LOGDNA_KEY"))

    (grant,) = statements(stack, "secretsmanager")
    assert grant["Resource"] == f"{arn}-??????"
    assert key_settings(stack)["id"] == arn


def test_secret_of_the_same_app_is_read_at_run_time_with_a_warning(
    stack: Stack, make_forwarder: Make
) -> None:
    secret = Secret(stack, "Key")
    make_forwarder(ingestion_key=IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY"))

    (grant,) = statements(stack, "secretsmanager")
    assert grant["Resource"] == stack.resolve(secret.secret_arn)
    printed = warnings(stack)
    assert "mezmo-forwarder:generatedSecret" in printed
    assert "aws secretsmanager put-secret-value" in printed
    assert '{"LOGDNA_KEY":"<your ingestion key>"}' in printed


def test_secret_of_another_stack(app: App, stack: Stack, make_forwarder: Make) -> None:
    other = Stack(app, "Secrets", env={"account": "123456789012", "region": "eu-west-3"})
    secret = Secret.from_secret_complete_arn(other, "Key", SECRET_ARN)
    make_forwarder(ingestion_key=IngestionKey.from_secrets_manager(secret))

    assert statements(stack, "secretsmanager")[0]["Resource"] == SECRET_ARN


def test_customer_managed_key_of_a_secret_gets_its_decrypt_grant(stack: Stack, make_forwarder: Make) -> None:
    secret = Secret.from_secret_attributes(
        stack,
        "Secret",
        secret_complete_arn=SECRET_ARN,
        encryption_key=kms.Key.from_key_arn(stack, "Kms", KMS_ARN),
    )
    make_forwarder(ingestion_key=IngestionKey.from_secrets_manager(secret))

    assert statements(stack, "kms") == [decrypt_through("secretsmanager")]


def test_ssm_parameter(stack: Stack, make_forwarder: Make) -> None:
    parameter = StringParameter.from_secure_string_parameter_attributes(
        stack,
        "Parameter",
        parameter_name="/mezmo/ingestion-key",
        encryption_key=kms.Key.from_key_arn(stack, "Kms", KMS_ARN),
    )
    make_forwarder(ingestion_key=IngestionKey.from_ssm_parameter(parameter))

    arn = "arn:${AWS::Partition}:ssm:eu-west-3:123456789012:parameter/mezmo/ingestion-key"
    assert key_settings(stack) == {"source": "ssm-parameter", "id": arn}
    assert statements(stack, "ssm", "kms") == [
        {
            "Action": "ssm:GetParameter",
            "Effect": "Allow",
            "Resource": {
                "Fn::Join": [
                    "",
                    [
                        "arn:",
                        {"Ref": "AWS::Partition"},
                        ":ssm:eu-west-3:123456789012:parameter/mezmo/ingestion-key",
                    ],
                ]
            },
        },
        decrypt_through("ssm"),
    ]


def test_ssm_parameter_by_arn_is_read_by_that_arn(stack: Stack, make_forwarder: Make) -> None:
    arn = "arn:aws:ssm:eu-west-3:210987654321:parameter/prod/mezmo/key"
    parameter = StringParameter.from_string_parameter_arn(stack, "Parameter", arn)
    make_forwarder(ingestion_key=IngestionKey.from_ssm_parameter(parameter))

    assert key_settings(stack)["id"] == arn
    assert statements(stack, "ssm")[0]["Resource"] == arn


def test_key_of_another_region_is_decrypted_there(stack: Stack, make_forwarder: Make) -> None:
    secret = Secret.from_secret_attributes(
        stack,
        "Secret",
        secret_complete_arn=SECRET_ARN.replace("eu-west-3", "us-east-1"),
        encryption_key=kms.Key.from_key_arn(stack, "Kms", KMS_ARN),
    )
    make_forwarder(ingestion_key=IngestionKey.from_secrets_manager(secret))

    assert "secretsmanager.us-east-1.amazonaws.com" in str(statements(stack, "kms"))


def test_secret_with_the_key_in_its_template_is_refused(stack: Stack, make_forwarder: Make) -> None:
    generator = SecretStringGenerator(
        secret_string_template='{"LOGDNA_KEY": "0123456789abcdef"}', generate_string_key="unused"
    )
    secret = Secret(stack, "Key", generate_secret_string=generator)

    with pytest.raises(RuntimeError, match="secretStringTemplate as plain text") as error:
        make_forwarder(ingestion_key=IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY"))
    assert "0123456789abcdef" not in str(error.value)


def test_dynamic_reference_puts_the_key_into_the_environment(
    stack: Stack, secret: ISecret, make_forwarder: Make
) -> None:
    make_forwarder(ingestion_key=IngestionKey.from_dynamic_reference(secret, field="LOGDNA_KEY"))

    reference = f"{{{{resolve:secretsmanager:{SECRET_ARN}:SecretString:LOGDNA_KEY::}}}}"
    assert variables(stack)["MEZMO_INGESTION_KEY"] == reference
    assert key_settings(stack) == {"source": "environment", "variable": "MEZMO_INGESTION_KEY"}
    assert statements(stack, "secretsmanager", "ssm") == [], (
        "CloudFormation reads the key, so the role needs no grant"
    )


def test_no_dynamic_reference_by_default(app: App, stack: Stack, make_forwarder: Make) -> None:
    make_forwarder()

    assert "resolve:" not in str(app.synth().get_stack_by_name(stack.stack_name).template)


@pytest.mark.parametrize("field", ["", " ", "a:b"])
def test_field_name_that_cannot_be_is_refused(secret: ISecret, make_forwarder: Make, field: str) -> None:
    with pytest.raises(RuntimeError, match=f'ingestionKey\'s field is "{field}"; give the name of the field'):
        make_forwarder(ingestion_key=IngestionKey.from_secrets_manager(secret, field=field))


def test_secret_with_the_key_in_the_template_is_refused(stack: Stack, make_forwarder: Make) -> None:
    secret = Secret(stack, "Key", secret_string_value=SecretValue.unsafe_plain_text("0123456789abcdef" * 2))

    with pytest.raises(
        RuntimeError, match='secret "Logs/Key" gets its value as plain text.*put-secret-value'
    ) as e:
        make_forwarder(ingestion_key=IngestionKey.from_secrets_manager(secret))
    assert "0123456789abcdef" not in str(e.value)


def test_parameter_made_in_the_app_is_refused(stack: Stack, make_forwarder: Make) -> None:
    parameter = StringParameter(stack, "Key", string_value="0123456789abcdef" * 2)

    with pytest.raises(RuntimeError, match='parameter "Logs/Key" is made by this app.*SecureString') as error:
        make_forwarder(ingestion_key=IngestionKey.from_ssm_parameter(parameter))
    assert "0123456789abcdef" not in str(error.value)


def test_secret_filled_from_elsewhere_gets_no_warning(stack: Stack, make_forwarder: Make) -> None:
    secret = Secret(stack, "Key", secret_string_value=SecretValue.secrets_manager("other"))
    assert isinstance(secret.node.default_child, CfnSecret)
    make_forwarder(ingestion_key=IngestionKey.from_secrets_manager(secret))

    assert warnings(stack) == ""


def decrypt_through(service: str) -> dict[str, Any]:
    return {
        "Action": "kms:Decrypt",
        "Condition": {"StringEquals": {"kms:ViaService": f"{service}.eu-west-3.amazonaws.com"}},
        "Effect": "Allow",
        "Resource": KMS_ARN,
    }
