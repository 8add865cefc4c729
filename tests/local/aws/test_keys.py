"""The local AWS gives out secrets and parameters under the names that AWS knows them by."""

import pytest

from local.aws import LocalAws


def test_a_secret_is_found_by_complete_arn_by_partial_arn_and_by_name(aws: LocalAws) -> None:
    secrets = aws.client("secretsmanager")
    arn = secrets.create_secret(Name="team/key", SecretString='{"LOGDNA_KEY": "value"}')["ARN"]
    for name in (arn, arn[:-7], "team/key"):
        assert secrets.get_secret_value(SecretId=name)["SecretString"] == '{"LOGDNA_KEY": "value"}'


def test_the_beginning_of_a_secrets_arn_names_no_secret(aws: LocalAws) -> None:
    secrets = aws.client("secretsmanager")
    arn = secrets.create_secret(Name="key-of-production", SecretString="value")["ARN"]
    for beginning in (arn[:-1], arn[:-6], arn[: arn.index("-of-")], arn.rpartition(":")[0] + ":"):
        with pytest.raises(secrets.exceptions.ResourceNotFoundException):
            secrets.get_secret_value(SecretId=beginning)


def test_a_secure_parameter_is_decrypted_only_if_asked(aws: LocalAws) -> None:
    parameters = aws.client("ssm")
    parameters.put_parameter(Name="/mezmo/key", Type="SecureString", Value="in the clear")
    decrypted = parameters.get_parameter(Name="/mezmo/key", WithDecryption=True)["Parameter"]
    assert (decrypted["Type"], decrypted["Value"]) == ("SecureString", "in the clear")
    assert parameters.get_parameter(Name=decrypted["ARN"], WithDecryption=True)["Parameter"] == decrypted
    assert parameters.get_parameter(Name="/mezmo/key")["Parameter"]["Value"] != "in the clear"
