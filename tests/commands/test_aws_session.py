"""The user's credentials, and AWS's refusals in words."""

import os
from pathlib import Path

import pytest
from botocore.exceptions import ClientError  # type: ignore[import-untyped]  # it ships no types

from mezmo_forwarder_commands.aws_session import AwsSession, code_of, saying
from mezmo_forwarder_commands.errors import CommandError


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away whatever this machine has of AWS."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def test_no_region_no_profile_no_credentials() -> None:
    with pytest.raises(CommandError, match="no AWS region; add --region"):
        AwsSession()
    with pytest.raises(CommandError, match=r"profile \(nobody\).*`aws configure list-profiles`"):
        AwsSession(profile="nobody", region="eu-west-3")
    with pytest.raises(CommandError, match="Unable to locate credentials; sign in as for the AWS CLI"):
        AwsSession(region="eu-west-3").client("logs")


def test_a_profile_has_its_region_and_endpoint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[profile team]\nregion = eu-north-1\naws_access_key_id = a\naws_secret_access_key = b\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    session = AwsSession(profile="team")

    assert session.region == "eu-north-1"
    assert session.client("logs").meta.endpoint_url == "http://127.0.0.1:1"
    with pytest.raises(CommandError, match="listing failed: Could not connect.*look at the network"):  # noqa: PT012
        client = session.client("logs", retries={"total_max_attempts": 1})
        with saying("listing"):
            client.describe_log_groups()


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("AccessDeniedException", "allow the action to whoever runs this"),
        ("ExpiredTokenException", r"does not take these credentials \(ExpiredTokenException\); sign in"),
        ("ResourceNotFoundException", "told by AWS$"),
    ],
)
def test_what_aws_refuses(code: str, advice: str) -> None:
    refused = ClientError({"Error": {"Code": code, "Message": "told by AWS"}}, "DescribeLogGroups")

    assert code_of(refused) == code
    with pytest.raises(CommandError, match=f"listing failed: .*{advice}"), saying("listing"):
        raise refused
