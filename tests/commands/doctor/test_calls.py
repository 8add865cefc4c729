"""What AWS refuses, by the action that would allow it."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError  # type: ignore[import-untyped]  # it ships no types

from mezmo_forwarder_commands.doctor.calls import CallError, Calls

KMS = "Access to KMS is not allowed"


class RefusingSession:
    """Stands in for a session whose clients refuse every call but the first question."""

    region = "eu-west-3"

    def __init__(self, error: Exception) -> None:
        self._error = error

    def client(self, _service: str) -> "RefusingSession":
        return self

    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": "arn:aws:iam::123456789012:user/me"}

    def __getattr__(self, _method: str) -> object:
        def refuse(**_parameters: object) -> None:
            raise self._error

        return refuse


def refused(error: Exception, service: str, method: str) -> CallError:
    with pytest.raises(CallError) as caught:
        Calls(RefusingSession(error)).call(service, method)  # type: ignore[arg-type]
    return caught.value


def of_aws(code: str, message: str) -> Exception:
    found: Exception = ClientError({"Error": {"Code": code, "Message": message}}, "Operation")
    return found


@pytest.mark.parametrize(
    ("message", "service", "method", "action"),
    [
        ("me is not authorized", "lambda", "get_policy", "lambda:GetPolicy"),
        (KMS, "secretsmanager", "get_secret_value", "kms:Decrypt"),
        ("me is not authorized to perform: kms:DescribeKey", "kms", "describe_key", "kms:DescribeKey"),
        ("not authorized on arn:aws:s3:::kms-logs", "s3", "list_objects_v2", "s3:ListBucket"),
    ],
)
def test_denied(message: str, service: str, method: str, action: str) -> None:
    error = refused(of_aws("AccessDeniedException", message), service, method)

    assert (error.denied, error.absent, error.action) == (True, False, action)


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "NoSuchBucket", "ParameterNotFound"])
def test_absent(code: str) -> None:
    error = refused(of_aws(code, "gone"), "s3", "list_objects_v2")

    assert (error.denied, error.absent) == (False, True)


def test_not_reached() -> None:
    error = refused(EndpointConnectionError(endpoint_url="https://kms.invalid"), "kms", "describe_key")

    assert (error.code, error.denied) == ("", False)
    assert str(error).startswith("kms:DescribeKey: Could not connect")


def test_what_is_not_in_the_table_cannot_be_called() -> None:
    with pytest.raises(KeyError):
        Calls(RefusingSession(AssertionError())).call("lambda", "delete_function")  # type: ignore[arg-type]
