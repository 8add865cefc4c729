"""The client for AWS: signatures against AWS's vectors and against botocore, calls against a real server."""

import json
import socket
import traceback
from collections.abc import Iterator
from typing import Any

import botocore.session  # type: ignore[import-untyped]
import msgspec
import pytest
from botocore.auth import SigV4Auth  # type: ignore[import-untyped]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.credentials import Credentials as BotocoreCredentials  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from handler.aws import (
    GET_PARAMETER,
    GET_SECRET_VALUE,
    Credentials,
    Operation,
    call,
    endpoint_of,
    get_parameter,
    get_secret_value,
    region_of,
    sign,
)
from handler.errors import AwsError
from handler.timing import Timing
from tests.handler.doubles import Clock
from tests.handler.servers import Talk, read_request, response, server

EXAMPLE = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
EXAMPLE_TIME = 1440938160.0  # 20150830T123600Z
TOKEN = (
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8Y"
    "UuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE"
    "8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2"
    "ICCR/oLxBA=="
)


def signature(method: str, headers: dict[str, str], *, token: str | None = None) -> str:
    credentials = msgspec.structs.replace(EXAMPLE, session_token=token)
    signed = sign(
        method,
        "/",
        {"Host": "example.amazonaws.com", **headers},
        b"",
        service="service",
        region="us-east-1",
        credentials=credentials,
        now=EXAMPLE_TIME,
    )
    return signed["Authorization"].rpartition("Signature=")[2]


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("GET", {}, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", {}, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        (
            "GET",
            {"My-Header1": " value1", "My-Header2": ' "a   b   c"'},
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        ),
        (
            "POST",
            {"My-Header1": "VALUE1"},
            "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
        ),
    ],
    ids=["get-vanilla", "post-vanilla", "get-header-value-trim", "post-header-value-case"],
)
def test_aws_s_published_signatures(method: str, headers: dict[str, str], expected: str) -> None:
    assert signature(method, headers) == expected


def test_aws_s_published_signature_with_a_session_token() -> None:
    assert (
        signature("POST", {}, token=TOKEN)
        == "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"
    )


visible = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=30)
values = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=30)


@given(
    st.binary(max_size=100),
    st.dictionaries(st.from_regex(r"X-[A-Za-z0-9-]{1,9}x", fullmatch=True), values, max_size=4),
    visible,
    st.none() | visible,
)
def test_signatures_are_those_of_botocore(
    body: bytes, headers: dict[str, str], secret: str, token: str | None
) -> None:
    headers = {name.lower(): value for name, value in headers.items()}
    credentials = Credentials("AKIDEXAMPLE", secret, token)
    signed = sign(
        "POST",
        "/",
        {"Host": "ssm.eu-west-3.amazonaws.com", **headers},
        body,
        service="ssm",
        region="eu-west-3",
        credentials=credentials,
        now=EXAMPLE_TIME,
    )
    request = AWSRequest("POST", "https://ssm.eu-west-3.amazonaws.com/", headers=dict(headers), data=body)
    request.context["timestamp"] = signed["X-Amz-Date"]
    request.headers["X-Amz-Date"] = signed["X-Amz-Date"]
    if token:
        request.headers["X-Amz-Security-Token"] = token
    oracle = SigV4Auth(BotocoreCredentials("AKIDEXAMPLE", secret, token), "ssm", "eu-west-3")
    text = oracle.string_to_sign(request, oracle.canonical_request(request))
    assert signed["Authorization"].endswith(f"Signature={oracle.signature(text, request)}")


REGIONS = [
    "eu-west-3",
    "us-east-1",
    "cn-north-1",
    "us-gov-west-1",
    "us-iso-east-1",
    "us-isob-east-1",
    "eu-isoe-west-1",
    "us-isof-south-1",
    "eusc-de-east-1",
]


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("operation", [GET_SECRET_VALUE, GET_PARAMETER])
def test_endpoints_are_those_of_botocore(operation: Operation, region: str) -> None:
    client = botocore.session.Session().create_client(
        operation.service, region_name=region, aws_access_key_id="x", aws_secret_access_key="x"
    )
    assert endpoint_of(operation, region, {}) == client.meta.endpoint_url


@pytest.mark.parametrize("region", ["us-east-1", "ca-central-1", "us-gov-east-1"])
def test_fips_endpoints(region: str) -> None:
    session = botocore.session.Session()
    config = Config(use_fips_endpoint=True)
    for operation in (GET_SECRET_VALUE, GET_PARAMETER):
        client = session.create_client(
            operation.service, region, aws_access_key_id="x", aws_secret_access_key="x", config=config
        )
        assert endpoint_of(operation, region, {"AWS_USE_FIPS_ENDPOINT": "true"}) == client.meta.endpoint_url


def test_endpoints_from_the_environment() -> None:
    variables = {"AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_SSM": "http://ssm"}
    assert endpoint_of(GET_PARAMETER, "eu-west-3", variables) == "http://ssm"
    assert endpoint_of(GET_SECRET_VALUE, "eu-west-3", variables) == "http://all"
    variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "TRUE"
    assert endpoint_of(GET_PARAMETER, "eu-west-3", variables) == "https://ssm.eu-west-3.amazonaws.com"


@pytest.mark.parametrize(
    "address",
    ["http://user:hidden@aws:notaport", "http://[hidden", "aws:80", "https://:80", "http://aws/hidden path"],
)
@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SSM"])
def test_an_endpoint_that_is_no_address_is_refused_without_its_value(variable: str, address: str) -> None:
    with pytest.raises(AwsError) as error:
        endpoint_of(GET_PARAMETER, "eu-west-3", {variable: address})
    assert str(error.value) == f"{variable} is not an address of the form https://host:port"
    assert "hidden" not in "".join(traceback.format_exception(error.value))


def test_the_region_is_that_of_the_arn_or_of_the_function() -> None:
    here = {"AWS_REGION": "eu-west-3"}
    assert region_of("arn:aws:secretsmanager:us-east-1:1:secret:x", here) == "us-east-1"
    assert region_of("name", here) == "eu-west-3"
    assert region_of("name", {"AWS_DEFAULT_REGION": "eu-west-1"}) == "eu-west-1"
    for resource, variables in (("name", {}), ("arn:aws", here)):
        with pytest.raises(AwsError, match="no AWS region"):
            region_of(resource, variables)


def test_credentials_do_not_show() -> None:
    assert repr(EXAMPLE) == "Credentials(...)"


class Service:
    """Secrets Manager or Parameter Store, answering one request a connection, each with the next response."""

    def __init__(self, *responses: bytes) -> None:
        self.responses = list(responses)
        self.requests: list[bytes] = []

    def __call__(self, sock: socket.socket) -> None:
        while request := read_request(sock):
            self.requests.append(request)
            sock.sendall(self.responses.pop(0))


def call_it(service: Talk, clock: Clock | None = None, **variables: str) -> dict[str, Any]:
    with server(service) as port:
        environment = {
            "AWS_ACCESS_KEY_ID": "AKID",
            "AWS_SECRET_ACCESS_KEY": "hidden",
            "AWS_SESSION_TOKEN": "token",
            "AWS_REGION": "eu-west-3",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            **variables,
        }
        # The clock of the test for the pauses, the true one for the time-outs of the sockets.
        timing = clock.timing if clock else Timing(sleep=lambda _: None)
        return call(
            GET_SECRET_VALUE,
            {"SecretId": "my/secret"},
            resource="my/secret",
            deadline=timing.monotonic() + 5,
            timing=timing,
            environment={name: value for name, value in environment.items() if value},
        )


def failure(code: str, message: str, status: int = 400) -> bytes:
    return response(status, json.dumps({"__type": code, "Message": message}).encode())


def test_a_call() -> None:
    service = Service(response(body=b'{"SecretString":"x"}'))
    assert call_it(service) == {"SecretString": "x"}
    head, _, body = service.requests[0].partition(b"\r\n\r\n")
    assert json.loads(body) == {"SecretId": "my/secret"}
    assert b"X-Amz-Target: secretsmanager.GetSecretValue" in head
    assert b"X-Amz-Security-Token: token" in head
    assert b"/eu-west-3/secretsmanager/aws4_request" in head


@pytest.mark.parametrize(
    "trouble",
    [
        failure("ThrottlingException", "slow"),
        failure("com.amazonaws#InternalServiceError", "oops", 500),
        response(503, b"<html>"),
        response(429, b""),
        b"not http\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_trouble_that_passes_is_tried_again_three_times_at_most(trouble: bytes) -> None:
    good = response(body=b'{"SecretString":"x"}')
    assert call_it(Service(trouble, trouble, good)) == {"SecretString": "x"}
    with pytest.raises(AwsError, match=r"^secretsmanager GetSecretValue of 'my/secret' failed: "):
        call_it(Service(trouble, trouble, trouble, good))


def test_no_other_try_beyond_the_deadline() -> None:
    clock = Clock(chance=100.0)
    with pytest.raises(AwsError, match="503"):
        call_it(Service(response(503), response()), clock)
    assert clock.waits == []


def test_a_refusal_names_what_to_grant() -> None:
    refusal = failure("AccessDeniedException", "User: arn:x is not authorized")
    with pytest.raises(AwsError) as error:
        call_it(Service(refusal))
    text = str(error.value)
    assert (
        "secretsmanager GetSecretValue of 'my/secret' failed: 400 AccessDeniedException: User: arn:x" in text
    )
    assert "grant the function's role secretsmanager:GetSecretValue" in text
    assert "kms:Decrypt" in text
    assert "hidden" not in "".join(traceback.format_exception(error.value))


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (
            failure("com.amazonaws.x#NotFoundException", "can't find it"),
            "400 NotFoundException: can't find it",
        ),
        (response(404, b"", "x-amzn-ErrorType: NotFound:http://x/"), "404 NotFound"),
        (response(302, b"moved"), "failed: 302 302"),
        (response(200, b"[]"), "is not a JSON object"),
        (response(200, b"<html>"), "is not a JSON object"),
    ],
)
def test_other_refusals_are_final(reply: bytes, says: str) -> None:
    service = Service(reply)
    with pytest.raises(AwsError) as error:
        call_it(service)
    assert says in str(error.value)
    assert len(service.requests) == 1


def test_without_credentials() -> None:
    with pytest.raises(AwsError, match="AWS_SECRET_ACCESS_KEY is not set"):
        call_it(Service(), AWS_SECRET_ACCESS_KEY="")


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    service = Service(response(body=b'{"a":1}'))
    with server(service) as port:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
        monkeypatch.setenv("AWS_REGION", "eu-west-3")
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}/base/")
        for name in ("HTTP_PROXY", "http_proxy", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"):
            monkeypatch.delenv(name, raising=False)
        yield service


def test_a_secret_of_another_region(endpoint: Service) -> None:
    assert get_secret_value("arn:aws:secretsmanager:us-east-1:1:secret:x", 9e9) == {"a": 1}
    assert endpoint.requests[0].startswith(b"POST /base/ HTTP/1.1")
    assert b"/us-east-1/secretsmanager/" in endpoint.requests[0]


def test_a_parameter_is_decrypted(endpoint: Service) -> None:
    assert get_parameter("/mezmo/key", 9e9) == {"a": 1}
    assert b"X-Amz-Target: AmazonSSM.GetParameter" in endpoint.requests[0]
    assert json.loads(endpoint.requests[0].partition(b"\r\n\r\n")[2]) == {
        "Name": "/mezmo/key",
        "WithDecryption": True,
    }
