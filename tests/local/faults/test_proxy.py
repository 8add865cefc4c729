"""The proxy between functions and AWS: with the local AWS behind it, botocore and the handler before it."""

import http.client
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import botocore.config  # type: ignore[import-untyped]  # it ships no types
import botocore.exceptions  # type: ignore[import-untyped]  # as above
import botocore.session  # type: ignore[import-untyped]  # as above
import pytest

from handler.aws.s3 import Bucket
from handler.errors import AwsError
from handler.timing import Timing
from local.aws import LocalAws
from local.faults.proxy import (
    AwsFault,
    AwsProxy,
    Call,
    CutShort,
    Delay,
    Exchange,
    Forward,
    Refuse,
    Sever,
    WrongClock,
    call_of,
)
from tests.local.aws.resources import eventually, make_bucket

BUCKET = "faulty"
ONCE = botocore.config.Config(
    retries={"total_max_attempts": 1}, read_timeout=2, s3={"addressing_style": "path"}
)


@pytest.fixture(scope="module")
def aws(aws: LocalAws) -> LocalAws:
    make_bucket(aws, BUCKET)
    aws.client("secretsmanager").create_secret(Name="key", SecretString="hidden")
    return aws


@pytest.fixture
def proxy(aws: LocalAws) -> Iterator[AwsProxy]:
    with AwsProxy(aws.endpoint_url) as between:
        yield between


def client(proxy: AwsProxy, service: str) -> Any:
    return botocore.session.Session().create_client(
        service,
        region_name="eu-west-3",
        endpoint_url=proxy.url,
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=ONCE,
    )


def fail(proxy: AwsProxy, operation: str, fault: AwsFault) -> None:
    proxy.draw(lambda call: fault if call.operation == operation else Forward())


def exchanges(proxy: AwsProxy, count: int) -> tuple[Exchange, ...]:
    """Return all exchanges, of which the last may be recorded after its client has its answer."""
    return eventually(lambda: proxy.exchanges, enough=lambda found: len(found) >= count)


def exchange(proxy: AwsProxy, operation: str) -> Exchange:
    """Return the one exchange of an operation."""
    found = eventually(lambda: [one for one in proxy.exchanges if one.call.operation == operation])
    (one,) = found
    return one


def exists(aws: LocalAws, key: str) -> bool:
    listed = aws.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=key)
    return bool(listed["KeyCount"])


def test_what_meets_no_fault_passes_and_is_recorded(proxy: AwsProxy) -> None:
    s3, before = client(proxy, "s3"), time.time()
    s3.put_object(Bucket=BUCKET, Key="a b/é", Body=b"content", Metadata={"reason": "why"})
    assert s3.get_object(Bucket=BUCKET, Key="a b/é")["Body"].read() == b"content"
    s3.copy_object(Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": "a b/é"})
    assert s3.list_objects_v2(Bucket=BUCKET, Prefix="a")["Contents"][0]["Key"] == "a b/é"
    s3.delete_object(Bucket=BUCKET, Key="a b/é")
    assert client(proxy, "secretsmanager").get_secret_value(SecretId="key")["SecretString"] == "hidden"
    found = exchanges(proxy, 6)
    assert [one.call for one in found] == [
        Call("s3", "PutObject", "a b/é"),
        Call("s3", "GetObject", "a b/é"),
        Call("s3", "CopyObject", "copy", "a b/é"),
        Call("s3", "ListObjectsV2"),
        Call("s3", "DeleteObject", "a b/é"),
        Call("secretsmanager", "GetSecretValue"),
    ]
    assert [one.status for one in found] == [200, 200, 200, 200, 204, 200]
    assert all(one.carried_out and one.answered and one.fault == Forward() for one in found)
    assert found[1].content == b"content"
    assert found[0].metadata == {"reason": "why"}
    assert [one.number for one in found] == [1, 2, 3, 4, 5, 6]
    moments = [one.time for one in found]
    assert [before, *moments] == sorted([before, *moments])


def test_what_aws_itself_refuses_is_not_carried_out(proxy: AwsProxy) -> None:
    with pytest.raises(botocore.exceptions.ClientError):
        client(proxy, "s3").get_object(Bucket=BUCKET, Key="missing")
    found = exchange(proxy, "GetObject")
    assert (found.status, found.carried_out, found.answered) == (404, False, True)


@pytest.mark.parametrize(
    ("service", "operation", "refusal"),
    [
        ("s3", "PutObject", Refuse(503, "SlowDown")),
        ("s3", "PutObject", Refuse(403, "AccessDenied")),
        ("secretsmanager", "GetSecretValue", Refuse(400, "ThrottlingException")),
    ],
)
def test_a_refusal_is_the_services_own_and_nothing_is_done(
    aws: LocalAws, proxy: AwsProxy, service: str, operation: str, refusal: Refuse
) -> None:
    fail(proxy, operation, refusal)
    asking = client(proxy, service)
    ask = {
        "s3": lambda: asking.put_object(Bucket=BUCKET, Key="refused"),
        "secretsmanager": lambda: asking.get_secret_value(SecretId="key"),
    }
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        ask[service]()
    assert caught.value.response["Error"]["Code"] == refusal.code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == refusal.status
    found = exchange(proxy, operation)
    assert (found.fault, found.status, found.carried_out) == (refusal, refusal.status, False)
    assert not exists(aws, "refused")


@pytest.mark.parametrize("after", [False, True])
def test_a_reset_comes_before_the_call_is_carried_out_or_after(
    aws: LocalAws, proxy: AwsProxy, after: bool
) -> None:
    key = f"reset-{after}"
    fail(proxy, "PutObject", Sever(after))
    with pytest.raises(botocore.exceptions.ConnectionClosedError):
        client(proxy, "s3").put_object(Bucket=BUCKET, Key=key, Body=b"content")
    found = exchange(proxy, "PutObject")
    assert (found.status, found.carried_out, found.answered) == (None, after, False)
    assert found.content == (b"content" if after else b"")
    assert exists(aws, key) is after


@pytest.mark.parametrize("after", [False, True])
def test_a_client_that_does_not_wait_has_no_answer(aws: LocalAws, proxy: AwsProxy, after: bool) -> None:
    key = f"late-{after}"
    fail(proxy, "PutObject", Delay(3, after))
    with pytest.raises(botocore.exceptions.ReadTimeoutError):
        client(proxy, "s3").put_object(Bucket=BUCKET, Key=key)
    assert exists(aws, key) is after
    found = exchange(proxy, "PutObject")
    assert (found.carried_out, found.answered) == (True, False)
    assert exists(aws, key)


def test_a_client_that_waits_has_a_late_answer(proxy: AwsProxy) -> None:
    fail(proxy, "PutObject", Delay(0.2))
    began = time.monotonic()
    client(proxy, "s3").put_object(Bucket=BUCKET, Key="patient")
    assert time.monotonic() - began >= 0.2
    assert exchange(proxy, "PutObject").answered


def test_an_answer_cut_short_is_seen_to_be(proxy: AwsProxy) -> None:
    client(proxy, "s3").put_object(Bucket=BUCKET, Key="cut", Body=b"0123456789")
    fail(proxy, "GetObject", CutShort())
    with pytest.raises(botocore.exceptions.ResponseStreamingError):
        client(proxy, "s3").get_object(Bucket=BUCKET, Key="cut")["Body"].read()
    found = exchange(proxy, "GetObject")
    assert (found.carried_out, found.answered, found.content) == (True, False, b"0123456789")


def test_once_cleared_everything_passes(proxy: AwsProxy) -> None:
    fail(proxy, "PutObject", Refuse(500, "InternalError"))
    proxy.clear()
    client(proxy, "s3").put_object(Bucket=BUCKET, Key="cleared")
    assert exchange(proxy, "PutObject").status == 200


def test_one_can_wait_for_an_exchange(proxy: AwsProxy) -> None:
    client(proxy, "s3").put_object(Bucket=BUCKET, Key="before")
    exchanges(proxy, 1)
    assert proxy.wait_for(lambda _: True, 0.05) is None
    later = threading.Timer(0.1, client(proxy, "s3").put_object, kwargs={"Bucket": BUCKET, "Key": "after"})
    later.start()
    found = proxy.wait_for(lambda one: one.call.key == "after", 10)
    assert found is not None
    later.join()


HANDLERS_OWN = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_REGION": "eu-west-3",
}


@pytest.mark.parametrize("skew", [-7200.0, 7200.0])
def test_a_wrong_clock_is_refused_and_the_handler_goes_by_aws_clock(proxy: AwsProxy, skew: float) -> None:
    timing = Timing(wall=lambda: time.time() + skew)
    environment = {**HANDLERS_OWN, "AWS_ENDPOINT_URL_S3": proxy.url}
    bucket = Bucket(BUCKET, timing=timing, environment=environment)
    bucket.put("skewed", b"content", timing.monotonic() + 10)
    assert bucket.get("skewed", timing.monotonic() + 10).body == b"content"
    bucket.close()
    assert [(one.fault, one.status) for one in exchanges(proxy, 3)] == [
        (WrongClock(), 403),
        (Forward(), 200),
        (Forward(), 200),
    ]


def test_the_handler_takes_half_an_answer_for_none(proxy: AwsProxy) -> None:
    environment = {**HANDLERS_OWN, "AWS_ENDPOINT_URL_S3": proxy.url}
    bucket = Bucket(BUCKET, environment=environment)
    bucket.put("half", b"0123456789" * 1000, time.monotonic() + 10)
    fail(proxy, "GetObject", CutShort())
    with pytest.raises(AwsError):
        bucket.get("half", time.monotonic() + 10)
    bucket.close()


def test_a_client_that_breaks_off_in_mid_body_has_asked_for_nothing(proxy: AwsProxy) -> None:
    address = urlsplit(proxy.url)
    assert address.hostname
    connection = http.client.HTTPConnection(address.hostname, address.port)
    connection.putrequest("PUT", f"/{BUCKET}/broken")
    connection.putheader("Content-Length", "10")
    connection.endheaders(b"half")
    connection.close()
    client(proxy, "s3").put_object(Bucket=BUCKET, Key="whole")
    assert [one.call.key for one in exchanges(proxy, 1)] == ["whole"]


def test_calls_are_told_apart_by_method_path_and_headers() -> None:
    assert call_of("GET", "/bucket?list-type=2&prefix=a", {}) == Call("s3", "ListObjectsV2")
    assert call_of("GET", "/bucket/?location", {}) == Call("s3", "GET bucket")
    assert call_of("PUT", "/bucket/a%20b?x-id=PutObject", {}) == Call("s3", "PutObject", "a b")
