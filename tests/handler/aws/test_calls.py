"""The client for AWS: addresses against botocore, calls against a real server."""

import json
import socket
import traceback
from collections.abc import Iterator
from typing import Any

import botocore.session  # type: ignore[import-untyped]  # it ships no types
import pytest
from botocore.config import Config  # type: ignore[import-untyped]  # it ships no types

from handler.aws.calls import (
    LOGS,
    SECRETS_MANAGER,
    SSM,
    Service,
    call_json,
    endpoint_of,
    get_parameter,
    get_secret_value,
    partition_of,
    region_of,
)
from handler.aws.s3 import S3
from handler.aws.vendor_function import LAMBDA
from handler.errors import AwsError
from handler.timing import Timing
from tests.handler.doubles import Clock
from tests.handler.servers import Talk, read_request, response, server

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
@pytest.mark.parametrize("service", [SECRETS_MANAGER, SSM, LOGS, S3])
def test_endpoints_are_those_of_botocore(service: Service, region: str) -> None:
    client = botocore.session.Session().create_client(
        service.name, region_name=region, aws_access_key_id="x", aws_secret_access_key="x"
    )
    assert endpoint_of(service, region, {}) == regional(client.meta.endpoint_url)


@pytest.mark.parametrize("region", [*REGIONS, "us-gov-east-1", "cn-northwest-1", "mx-central-1"])
def test_partitions_are_those_of_botocore(region: str) -> None:
    assert partition_of(region) == botocore.session.Session().get_partition_for_region(region)


def regional(address: str) -> str:
    """Return what botocore should say where it still says S3's global address, which is us-east-1's."""
    return address.replace("aws-global.", "us-east-1.").replace("//s3.amazon", "//s3.us-east-1.amazon")


@pytest.mark.parametrize("region", ["us-east-1", "ca-central-1", "us-gov-east-1"])
def test_fips_endpoints(region: str) -> None:
    session = botocore.session.Session()
    config = Config(use_fips_endpoint=True)
    for service in (SECRETS_MANAGER, SSM, LOGS, S3):
        client = session.create_client(
            service.name, region, aws_access_key_id="x", aws_secret_access_key="x", config=config
        )
        assert endpoint_of(service, region, {"AWS_USE_FIPS_ENDPOINT": "true"}) == regional(
            client.meta.endpoint_url
        )


@pytest.mark.parametrize(
    "region", ["us-east-1", "eu-west-3", "cn-north-1", "us-gov-west-1", "eusc-de-east-1"]
)
@pytest.mark.parametrize("service", [SECRETS_MANAGER, SSM, LOGS, S3, LAMBDA])
def test_dual_stack_endpoints(service: Service, region: str) -> None:
    client = botocore.session.Session().create_client(
        service.name,
        region,
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(use_dualstack_endpoint=True),
    )
    assert endpoint_of(service, region, {"AWS_USE_DUALSTACK_ENDPOINT": "true"}) == client.meta.endpoint_url


def test_endpoints_from_the_environment() -> None:
    variables = {"AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_SSM": "http://ssm"}
    assert endpoint_of(SSM, "eu-west-3", variables) == "http://ssm"
    assert endpoint_of(SECRETS_MANAGER, "eu-west-3", variables) == "http://all"
    variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "TRUE"
    assert endpoint_of(SSM, "eu-west-3", variables) == "https://ssm.eu-west-3.amazonaws.com"


@pytest.mark.parametrize("bucket", ["undelivered-lines", "with.dots"])
@pytest.mark.parametrize("variables", [{}, {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1/base"}])
def test_a_bucket_is_addressed_as_botocore_does_it(bucket: str, variables: dict[str, str]) -> None:
    """In the host's name, but for dots, which TLS forbids there, and for an address that is given."""
    client = botocore.session.Session().create_client(
        "s3",
        region_name="eu-west-3",
        endpoint_url=variables.get("AWS_ENDPOINT_URL_S3"),
        config=Config(signature_version="s3v4"),
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    theirs = client.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "key"}).partition("?")[0]
    # What botocore signs in advance has S3's global host, unlike what it sends.
    theirs = theirs.replace(".s3.amazonaws.", ".s3.eu-west-3.amazonaws.")
    assert f"{endpoint_of(S3, 'eu-west-3', variables, bucket=bucket)}/key" == theirs


@pytest.mark.parametrize(
    "address",
    ["http://user:hidden@aws:notaport", "http://[hidden", "aws:80", "https://:80", "http://aws/hidden path"],
)
@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SSM"])
def test_an_endpoint_that_is_no_address_is_refused_without_its_value(variable: str, address: str) -> None:
    with pytest.raises(AwsError) as error:
        endpoint_of(SSM, "eu-west-3", {variable: address})
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


class Answers:
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
        return call_json(
            SECRETS_MANAGER,
            "GetSecretValue",
            {"SecretId": "my/secret"},
            "my/secret",
            deadline=timing.monotonic() + 5,
            timing=timing,
            environment={name: value for name, value in environment.items() if value},
        )


def failure(code: str, message: str, status: int = 400) -> bytes:
    return response(status, json.dumps({"__type": code, "Message": message}).encode())


def test_a_call() -> None:
    service = Answers(response(body=b'{"SecretString":"x"}'))
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
    assert call_it(Answers(trouble, trouble, good)) == {"SecretString": "x"}
    with pytest.raises(AwsError, match=r"^secretsmanager GetSecretValue of 'my/secret' failed: "):
        call_it(Answers(trouble, trouble, trouble, good))


def test_no_other_try_beyond_the_deadline() -> None:
    clock = Clock(chance=100.0)
    with pytest.raises(AwsError, match="503"):
        call_it(Answers(response(503), response()), clock)
    assert clock.waits == []


def test_a_refusal_names_what_to_grant() -> None:
    refusal = failure("AccessDeniedException", "User: arn:x is not authorized")
    with pytest.raises(AwsError) as error:
        call_it(Answers(refusal))
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
    service = Answers(reply)
    with pytest.raises(AwsError) as error:
        call_it(service)
    assert says in str(error.value)
    assert len(service.requests) == 1


def test_without_credentials() -> None:
    with pytest.raises(AwsError, match="AWS_SECRET_ACCESS_KEY is not set"):
        call_it(Answers(), AWS_SECRET_ACCESS_KEY="")


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    service = Answers(response(body=b'{"a":1}'))
    with server(service) as port:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
        monkeypatch.setenv("AWS_REGION", "eu-west-3")
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}/base/")
        for name in ("HTTP_PROXY", "http_proxy", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"):
            monkeypatch.delenv(name, raising=False)
        yield service


def test_a_secret_of_another_region(endpoint: Answers) -> None:
    assert get_secret_value("arn:aws:secretsmanager:us-east-1:1:secret:x", 9e9) == {"a": 1}
    assert endpoint.requests[0].startswith(b"POST /base/ HTTP/1.1")
    assert b"/us-east-1/secretsmanager/" in endpoint.requests[0]


def test_a_parameter_is_decrypted(endpoint: Answers) -> None:
    assert get_parameter("/mezmo/key", 9e9) == {"a": 1}
    assert b"X-Amz-Target: AmazonSSM.GetParameter" in endpoint.requests[0]
    assert json.loads(endpoint.requests[0].partition(b"\r\n\r\n")[2]) == {
        "Name": "/mezmo/key",
        "WithDecryption": True,
    }
