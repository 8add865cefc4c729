"""The user's own AWS credentials, and AWS's refusals in words.

botocore alone is asked for, since boto3 would add two packages and nothing that is used. It reads what the
AWS CLI reads: the environment, profiles, single sign-on, roles, `AWS_ENDPOINT_URL`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import botocore.config  # type: ignore[import-untyped]  # it ships no types  # it ships no types
import botocore.session  # type: ignore[import-untyped]  # it ships no types
from botocore import exceptions

from .errors import CommandError

_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Client.UnauthorizedOperation")
_NOT_WHO = (
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
)
_HOW_TO_SIGN_IN = (
    "sign in as for the AWS CLI (`aws sso login`, `aws configure`, or AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY), or name a profile by --profile; `aws sts get-caller-identity` shows who you are"
)

_ADVICE = {
    (exceptions.ProfileNotFound,): "`aws configure list-profiles` shows those there are",
    (
        exceptions.NoCredentialsError,
        exceptions.PartialCredentialsError,
        exceptions.CredentialRetrievalError,
        exceptions.SSOError,
        exceptions.TokenRetrievalError,
    ): _HOW_TO_SIGN_IN,
    (
        exceptions.ConnectionError,
        exceptions.HTTPClientError,
    ): "look at the network, a proxy (HTTPS_PROXY), --region and AWS_ENDPOINT_URL",
}


class AwsSession:
    """Clients for AWS's services, all with the same credentials and region.

    Args:
        region: a region's name; None for the user's own.
        profile: a profile of the AWS CLI's configuration; None for the user's own.

    Raises:
        CommandError: the profile is not there, or there is no region.
    """

    def __init__(self, *, region: str | None = None, profile: str | None = None) -> None:
        with saying("reading the AWS configuration"):
            self._session = botocore.session.Session(profile=profile)
            own = self._session.get_config_variable("region")  # looks for the profile, even with a --region
        found = region or own
        if not found:
            raise CommandError(
                "there is no AWS region; add --region, as in --region eu-west-3, or set AWS_REGION"
            )
        self.region = str(found)

    def client(self, service: str, **config: object) -> Any:  # noqa: ANN401  botocore makes clients at run time
        """Return a client of a service.

        Args:
            service: its name, as `logs`.
            config: fields of `botocore.config.Config` over ours, which are to try again four times.

        Raises:
            CommandError: there are no credentials, or they cannot be read.
        """
        settings = {"retries": {"mode": "standard", "total_max_attempts": 5}, **config}
        with saying("reading the AWS credentials"):
            if self._session.get_credentials() is None:
                raise exceptions.NoCredentialsError
            return self._session.create_client(
                service, region_name=self.region, config=botocore.config.Config(**settings)
            )


@contextmanager
def saying(doing: str) -> Iterator[None]:
    """Turn what botocore raises into an error for the user.

    Args:
        doing: what fails then, as `reading log group '/app'`.

    Raises:
        CommandError: something failed.
    """
    try:
        yield
    except (exceptions.BotoCoreError, exceptions.ClientError) as error:
        raise CommandError(f"{doing} failed: {explain(error)}") from error


def code_of(error: Exception) -> str:
    """Return AWS's code of an error, as `ResourceNotFoundException`; empty if AWS did not answer."""
    response = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


def explain(error: Exception) -> str:
    """Say what went wrong, and what to do about it where the user can."""
    code, text = code_of(error), str(error)
    if code in _DENIED:
        return f"{text}; allow the action to whoever runs this, or use another --profile"
    if code in _NOT_WHO:
        return f"AWS does not take these credentials ({code}); {_HOW_TO_SIGN_IN}"
    advice = next((words for kinds, words in _ADVICE.items() if isinstance(error, kinds)), "")
    return f"{text}; {advice}" if advice else text
