"""The client for S3: against the local AWS, and against the simulated S3, which must do the same."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any
from unittest import mock

import pytest

from handler.aws.s3 import Bucket, Entry, Listing
from handler.errors import AwsError
from handler.timing import Timing
from local.aws import LocalAws
from local.simulation import SimulatedS3, World
from tests.handler.doubles import Clock
from tests.handler.servers import Talk, read_request, response, server

NAME = "undelivered-lines"
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "hidden", "AWS_REGION": "eu-west-3"}
NEVER = 9e9


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with LocalAws.from_environment(tmp_path_factory.mktemp("aws")) as local:
        yield local


@contextmanager
def simulated() -> Iterator[Bucket]:
    world = World({"s3.simulated": SimulatedS3()})
    with world.inhabited():
        environment = ENVIRONMENT | {"AWS_ENDPOINT_URL_S3": "https://s3.simulated"}
        yield Bucket(NAME, owner="000000000000", environment=environment, timing=world.timing)


@pytest.fixture(params=["local", "simulated"])
def bucket(request: pytest.FixtureRequest) -> Iterator[Bucket]:
    if request.param == "simulated":
        with simulated() as bucket:
            yield bucket
        return
    aws: LocalAws = request.getfixturevalue("aws")
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": "eu-west-3"})
    with mock.patch.dict(os.environ, {"NO_PROXY": "127.0.0.1"}):
        bucket = Bucket(
            NAME, owner="000000000000", environment=ENVIRONMENT | {"AWS_ENDPOINT_URL_S3": aws.endpoint_url}
        )
        yield bucket
        bucket.close()
    for found in s3.list_objects_v2(Bucket=NAME).get("Contents", []):
        s3.delete_object(Bucket=NAME, Key=found["Key"])
    s3.delete_bucket(Bucket=NAME)


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(AwsError) as error:
        call()
    return error.value.code


def test_what_is_put_is_got_with_its_metadata(bucket: Bucket) -> None:
    etag = bucket.put("a/b", b"\x1f\x8bbody", NEVER, metadata={"reason": "503  down, 100 %"})
    found = bucket.get("a/b", NEVER)
    assert (found.body, found.etag) == (b"\x1f\x8bbody", etag)
    assert found.metadata["reason"].split() == ["503", "down,", "100", "%"]
    assert 0 <= found.age < 60


def test_what_is_deleted_is_gone_and_may_be_deleted_again(bucket: Bucket) -> None:
    bucket.put("a", b"1", NEVER)
    bucket.delete("a", NEVER)
    assert code_of(lambda: bucket.get("a", NEVER)) == "NoSuchKey"
    bucket.delete("a", NEVER)


def test_a_condition_that_does_not_hold_writes_nothing(bucket: Bucket) -> None:
    first = bucket.put("a", b"1", NEVER, new=True)
    assert code_of(lambda: bucket.put("a", b"2", NEVER, new=True)) == "PreconditionFailed"
    second = bucket.put("a", b"3", NEVER, replaces=first)
    assert code_of(lambda: bucket.put("a", b"4", NEVER, replaces=first)) == "PreconditionFailed"
    assert bucket.get("a", NEVER).body == b"3"
    bucket.put("a", b"5", NEVER, replaces=second)
    assert code_of(lambda: bucket.put("gone", b"6", NEVER, replaces=second)) == "NoSuchKey"


def test_a_copy_has_the_content_and_metadata_of_its_own(bucket: Bucket) -> None:
    bucket.put("from here/ü", b"1", NEVER, metadata={"reason": "old"})
    bucket.copy("from here/ü", "to", NEVER, metadata={"reason": "new"})
    found = bucket.get("to", NEVER)
    assert (found.body, found.metadata["reason"]) == (b"1", "new")
    assert code_of(lambda: bucket.copy("nowhere", "to", NEVER, metadata={})) == "NoSuchKey"


KEYS = ["a/1/x", "a/1/y", "a/2/x", "a/3", "b/ ü&<+>%", "c"]


@pytest.mark.parametrize(
    ("prefix", "options", "listing"),
    [
        ("", {}, (KEYS, [], False)),
        ("a/", {}, (KEYS[:4], [], False)),
        ("a/", {"after": "a/1/y"}, (KEYS[2:4], [], False)),
        ("a/", {"most": 2}, (KEYS[:2], [], True)),
        ("a/", {"delimiter": "/"}, (["a/3"], ["a/1/", "a/2/"], False)),
        ("", {"delimiter": "/"}, (["c"], ["a/", "b/"], False)),
        ("", {"delimiter": "/", "most": 2}, ([], ["a/", "b/"], True)),
        ("a/", {"delimiter": "/", "after": "a/10"}, (["a/3"], ["a/2/"], False)),
        ("b/", {}, (KEYS[4:5], [], False)),
        ("nothing", {}, ([], [], False)),
    ],
)
def test_listings(bucket: Bucket, prefix: str, options: dict[str, Any], listing: tuple[Any, ...]) -> None:
    for key in KEYS:
        bucket.put(key, b"12345", NEVER)
    keys, prefixes, more = listing
    found = bucket.list(prefix, NEVER, **options)
    assert found == Listing([Entry(key, 5) for key in keys], prefixes, more)


def test_a_bucket_of_somebody_else_is_refused(aws: LocalAws) -> None:
    aws.client("s3").create_bucket(
        Bucket="sniped", CreateBucketConfiguration={"LocationConstraint": "eu-west-3"}
    )
    bucket = Bucket(
        "sniped",
        owner="999999999999",
        environment=ENVIRONMENT | {"AWS_ENDPOINT_URL_S3": aws.endpoint_url},
    )
    refused = r"s3 PutObject of 'sniped/a' failed: 403 AccessDenied.*s3:PutObject"
    with closing(bucket), pytest.raises(AwsError, match=refused):
        bucket.put("a", b"lines", NEVER)


@contextmanager
def bucket_at(*answers: Talk, **variables: str) -> Iterator[Bucket]:
    """Return a bucket at a server that talks like that, one connection after the other."""
    with server(*answers) as port:
        environment = {**ENVIRONMENT, "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{port}", **variables}
        bucket = Bucket(NAME, environment=environment, timing=Timing(sleep=lambda _: None))
        yield bucket
        bucket.close()


class Script:
    """Answers requests one after the other; keeps them."""

    def __init__(self, *responses: bytes) -> None:
        self.responses = list(responses)
        self.requests: list[bytes] = []

    def __call__(self, sock: socket.socket) -> None:
        while request := read_request(sock):
            self.requests.append(request)
            sock.sendall(self.responses.pop(0))


def error(status: int, code: str) -> bytes:
    return response(status, f"<?xml?><Error><Code>{code}</Code><Message>no</Message></Error>".encode())


OK = response(200, b"", 'ETag: "1"')


@pytest.mark.parametrize(
    "trouble",
    [error(503, "SlowDown"), error(500, "InternalError"), error(400, "RequestTimeout"), response(429)],
)
def test_trouble_that_passes_is_tried_again(trouble: bytes) -> None:
    script = Script(trouble, trouble, OK)
    with bucket_at(script) as bucket:
        assert bucket.put("a", b"body", NEVER) == '"1"'
    assert [request.partition(b"\r\n\r\n")[2] for request in script.requests] == [b"body"] * 3


def test_who_answers_without_an_etag_is_not_s3() -> None:
    html = response(200, b"<html>Please log in</html>")
    with bucket_at(Script(html, html, html)) as bucket:
        for call in (lambda: bucket.put("a", b"body", NEVER), lambda: bucket.get("a", NEVER)):
            with pytest.raises(AwsError, match="no ETag, so it is not from S3"):
                call()
        with pytest.raises(AwsError, match=r"CopyObject to 'b' failed: <html>"):
            bucket.copy("a", "b", NEVER, metadata={})


def test_an_error_that_comes_with_status_200_is_one() -> None:
    late = response(200, b"<Error><Code>InternalError</Code></Error>")
    with bucket_at(Script(late)) as bucket, pytest.raises(AwsError, match="InternalError"):
        bucket.copy("a", "b", NEVER, metadata={})


def test_an_answer_that_breaks_off_is_none() -> None:
    def cut(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: 100\r\n\r\nhalf')
        sock.close()

    with bucket_at(cut, cut, Script(response(200, b"whole", 'ETag: "1"'))) as bucket:
        assert bucket.get("a", NEVER).body == b"whole"


def test_an_object_larger_than_memory_allows_is_not_read() -> None:
    large = b"x" * (25 << 20)
    with (
        bucket_at(Script(response(200, large, 'ETag: "1"'))) as bucket,
        pytest.raises(AwsError, match="more than 25,165,824 bytes"),
    ):
        bucket.get("a", NEVER)


def test_a_listing_that_is_no_xml_is_refused() -> None:
    with bucket_at(Script(response(200, b"{}"))) as bucket, pytest.raises(AwsError, match="not XML"):
        bucket.list("", NEVER)


@pytest.mark.parametrize(
    ("code", "status"), [("RequestTimeTooSkewed", 403), ("RequestExpired", 400), ("RequestInTheFuture", 403)]
)
def test_a_clock_that_is_wrong_is_corrected_by_the_service_s(code: str, status: int) -> None:
    clock = Clock()
    body = f"<Error><Code>{code}</Code></Error>".encode()
    refusal = response(status, body, "Date: Wed, 25 Nov 2026 10:00:00 GMT")
    script = Script(refusal, OK, OK)
    with server(script) as port:
        environment = ENVIRONMENT | {"AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{port}"}
        timing = Timing(wall=clock.timing.wall, sleep=lambda _: None)
        bucket = Bucket(NAME, environment=environment, timing=timing)
        for _ in range(2):
            bucket.put("a", b"", NEVER)
        bucket.close()
    dates = [request.partition(b"X-Amz-Date: ")[2][:11] for request in script.requests]
    assert dates == [b"20261118T11", b"20261125T10", b"20261125T10"]


def test_a_refusal_for_the_time_that_is_right_is_not_tried_again() -> None:
    body = b"<Error><Code>RequestTimeTooSkewed</Code></Error>"
    script = Script(response(403, body))
    with bucket_at(script) as bucket, pytest.raises(AwsError, match="RequestTimeTooSkewed"):
        bucket.put("a", b"", NEVER)
    assert len(script.requests) == 1


def test_a_refusal_names_what_to_grant() -> None:
    with bucket_at(Script(error(403, "AccessDenied"))) as bucket, pytest.raises(AwsError) as refused:
        bucket.put("a", b"", NEVER)
    assert (
        "s3 PutObject of 'undelivered-lines/a' failed: 403 AccessDenied: no (grant the function's role "
        in str(refused.value)
    )
    assert "s3:PutObject on it, and kms:GenerateDataKey on the bucket's key" in str(refused.value)
