"""The local AWS queues, retries, throttles and gives up asynchronous invocations as Lambda does."""

import contextlib
import json
import re
import threading
from collections.abc import Iterator
from datetime import datetime

import pytest

from local.aws import LocalAws
from tests.local.aws.resources import (
    WRITES_LOGS,
    Json,
    documents,
    eventually,
    invoke,
    log_lines,
    make_bucket,
    make_function,
    make_role,
    s3_rights,
)

APP = """
import os, time
def handle(event, context):
    print("ATTEMPT", context.aws_request_id)
    time.sleep(event.get("sleep", 0))
    while not os.path.exists(event.get("until", "/")):
        time.sleep(0.02)
    if "exit" in event:
        os._exit(event["exit"])
    if "fail" in event:
        raise ValueError(event["fail"])
"""


@pytest.fixture(scope="module")
def aws(aws: LocalAws) -> LocalAws:
    make_bucket(aws, "failures")
    return aws


def make_storing(
    aws: LocalAws, name: str, bucket: str = "failures", *, app: str = APP, **settings: int
) -> str:
    """Make a function whose failed events go to the bucket; return its ARN."""
    role = make_role(aws, f"{name}-storing", WRITES_LOGS, *s3_rights(bucket))
    arn = make_function(aws, name, {"app.py": app}, Role=role, Timeout=1)
    aws.client("lambda").put_function_event_invoke_config(
        FunctionName=name,
        DestinationConfig={"OnFailure": {"Destination": f"arn:aws:s3:::{bucket}"}},
        **settings,
    )
    return arn


def send(aws: LocalAws, function: str, event: Json) -> None:
    aws.client("lambda").invoke(
        FunctionName=function, InvocationType="Event", Payload=json.dumps(event).encode()
    )


def attempts(aws: LocalAws, function: str) -> list[str]:
    """Return the request ids that the function's invocations had."""
    lines = log_lines(aws, f"/aws/lambda/{function}")
    return [line.split()[1] for line in lines if line.startswith("ATTEMPT ")]


def failure(aws: LocalAws, function: str) -> tuple[str, Json]:
    """Wait for the one record of a failed event; return its name and itself."""
    prefix = f"aws/lambda/async/{function}/"
    [(key, document)] = eventually(lambda: documents(aws, "failures", prefix)).items()
    return key, document


def reserve(aws: LocalAws, function: str, value: int) -> None:
    aws.client("lambda").put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=value)


def test_attempts_share_their_request_id_and_the_record_is_awss(aws: LocalAws) -> None:
    arn = make_storing(aws, "exhausted")
    send(aws, "exhausted", {"fail": "no"})
    key, document = failure(aws, "exhausted")
    [request_id] = set(attempts(aws, "exhausted"))
    assert len(attempts(aws, "exhausted")) == 3
    day = r"\d{4}/\d\d/\d\d/\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d"
    uuid = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    assert re.fullmatch(rf"aws/lambda/async/exhausted/{day}-{uuid}", key)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", document["timestamp"])
    assert datetime.fromisoformat(document["timestamp"]).strftime("%Y-%m-%dT%H.%M.%S") in key
    answer = document.pop("responsePayload")
    assert (answer["errorType"], answer["errorMessage"]) == ("ValueError", "no")
    assert answer["requestId"] == request_id
    assert document == {
        "version": "1.0",
        "timestamp": document["timestamp"],
        "requestContext": {
            "requestId": request_id,
            "functionArn": f"{arn}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": {"fail": "no"},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
    }


@pytest.mark.parametrize(
    ("name", "event", "error", "message"),
    [
        ("times-out", {"sleep": 30}, "Sandbox.Timedout", "Task timed out after 1.00 seconds"),
        ("exits", {"exit": 3}, "Runtime.ExitError", "Runtime exited with error: exit status 3"),
    ],
)
def test_a_time_out_and_a_crash_are_function_errors(
    aws: LocalAws, name: str, event: Json, error: str, message: str
) -> None:
    make_storing(aws, name, MaximumRetryAttempts=1)
    send(aws, name, event)
    _, document = failure(aws, name)
    [request_id] = set(attempts(aws, name))
    assert document["requestContext"]["approximateInvokeCount"] == 2
    assert document["responsePayload"] == {
        "errorType": error,
        "errorMessage": f"RequestId: {request_id} Error: {message}",
    }


def test_a_version_is_retried_and_named_as_it_was_invoked(aws: LocalAws) -> None:
    arn = make_storing(aws, "versioned")
    functions = aws.client("lambda")
    functions.publish_version(FunctionName="versioned")
    functions.put_function_event_invoke_config(
        FunctionName="versioned",
        Qualifier="1",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": "arn:aws:s3:::failures"}},
    )
    functions.invoke(
        FunctionName="versioned", Qualifier="1", InvocationType="Event", Payload=b'{"fail": "no"}'
    )
    _, document = failure(aws, "versioned")
    assert document["requestContext"]["functionArn"] == f"{arn}:1"
    assert document["requestContext"]["approximateInvokeCount"] == 1
    assert document["responseContext"]["executedVersion"] == "1"


def test_an_event_invoke_configuration_is_that_of_latest_named_or_not(aws: LocalAws) -> None:
    make_storing(aws, "configured")
    functions = aws.client("lambda")
    functions.put_function_event_invoke_config(
        FunctionName="configured", Qualifier="$LATEST", MaximumRetryAttempts=1
    )
    answer = functions.get_function_event_invoke_config(FunctionName="configured")
    assert (answer["MaximumRetryAttempts"], answer["FunctionArn"][-8:]) == (1, ":$LATEST")
    functions.delete_function_event_invoke_config(FunctionName="configured")
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.get_function_event_invoke_config(FunctionName="configured", Qualifier="$LATEST")


@contextlib.contextmanager
def occupied(aws: LocalAws, function: str) -> Iterator[None]:
    """Give the function one environment, and keep that busy for as long as the context lasts."""
    aws.client("lambda").update_function_configuration(FunctionName=function, Timeout=60)
    reserve(aws, function, 1)
    end = aws.directory / f"end-{function}"
    thread = threading.Thread(target=lambda: invoke(aws, function, {"until": str(end)}))
    thread.start()
    try:
        assert eventually(lambda: aws.function_processes(function))
        yield
    finally:
        end.touch()
        thread.join()


def refused(aws: LocalAws, function: str) -> Json:
    """Invoke and wait, to be refused; return the error's answer."""
    functions = aws.client("lambda")
    with pytest.raises(functions.exceptions.TooManyRequestsException) as error:
        functions.invoke(FunctionName=function, Payload=b"{}")
    answer: Json = error.value.response
    return answer


def test_a_throttled_event_waits_without_using_up_its_retries(aws: LocalAws) -> None:
    make_storing(aws, "throttled", MaximumRetryAttempts=0)
    with occupied(aws, "throttled"):
        send(aws, "throttled", {})
        answer = refused(aws, "throttled")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert answer["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert len(eventually(lambda: attempts(aws, "throttled"), enough=lambda seen: len(seen) == 2)) == 2
    assert len(aws.function_processes("throttled")) == 1
    assert invoke(aws, "throttled", {}) == (None, False)
    assert documents(aws, "failures", "aws/lambda/async/throttled/") == {}


def test_an_event_that_is_throttled_until_it_is_too_old_is_stored(aws: LocalAws) -> None:
    make_storing(aws, "overtaken", MaximumEventAgeInSeconds=60)
    with occupied(aws, "overtaken"):
        send(aws, "overtaken", {"number": 1})
        _, document = failure(aws, "overtaken")
    assert document["requestContext"]["condition"] == "EventAgeExceeded"
    assert document["requestPayload"] == {"number": 1}
    assert document["responseContext"] == {"statusCode": 429}
    assert "responsePayload" not in document


def test_an_event_that_would_be_too_old_is_not_tried_again(aws: LocalAws) -> None:
    make_storing(aws, "aged", MaximumEventAgeInSeconds=60)
    send(aws, "aged", {"fail": "no"})
    _, document = failure(aws, "aged")
    assert len(attempts(aws, "aged")) == 1
    assert document["requestContext"]["condition"] == "EventAgeExceeded"
    assert document["requestContext"]["approximateInvokeCount"] == 1
    assert document["responsePayload"]["errorMessage"] == "no"


def test_no_concurrency_at_all_stores_the_event_at_once(aws: LocalAws) -> None:
    make_storing(aws, "shut")
    reserve(aws, "shut", 0)
    send(aws, "shut", {"number": 1})
    _, document = failure(aws, "shut")
    assert document["requestContext"]["condition"] == "ZeroReservedConcurrency"
    assert document["requestPayload"] == {"number": 1}
    assert not {"responseContext", "responsePayload"} & document.keys()
    assert attempts(aws, "shut") == []
    refused(aws, "shut")
    aws.client("lambda").delete_function_concurrency(FunctionName="shut")
    assert invoke(aws, "shut", {}) == (None, False)


def lost(aws: LocalAws, function: str) -> list[str]:
    """Return the warnings that an event of the function is lost."""
    lines = aws.log.read_text().splitlines()
    return [line for line in lines if "LOST" in line and f"function:{function}" in line]


def test_a_record_that_cannot_be_written_is_lost_and_said_to_be(aws: LocalAws) -> None:
    storage = aws.client("s3")
    make_bucket(aws, "short-lived")
    for name in ("bucketless", "rightless"):
        make_storing(aws, name, "short-lived", MaximumRetryAttempts=0)
    aws.client("iam").delete_role_policy(RoleName="rightless-storing", PolicyName="policy")
    send(aws, "rightless", {"fail": "no"})
    [line] = eventually(lambda: lost(aws, "rightless"))
    assert "DestinationDeliveryFailures" in line
    assert "permissions to call PutObject on S3" in line
    assert documents(aws, "short-lived") == {}
    storage.delete_bucket(Bucket="short-lived")
    send(aws, "bucketless", {"fail": "no"})
    [line] = eventually(lambda: lost(aws, "bucketless"))
    assert "s3://short-lived/aws/lambda/async/bucketless/" in line


def test_a_queue_gets_what_failed_for_as_long_as_the_role_may_send(aws: LocalAws) -> None:
    queues = aws.client("sqs")
    url = queues.create_queue(QueueName="failures")["QueueUrl"]
    arn = "arn:aws:sqs:eu-west-3:000000000000:failures"
    sends = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn}
    role = make_role(aws, "queueing", WRITES_LOGS, sends)
    make_function(aws, "queueing", {"app.py": APP}, Role=role)
    aws.client("lambda").put_function_event_invoke_config(
        FunctionName="queueing",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": arn}},
    )

    def received() -> list[Json]:
        messages = queues.receive_message(QueueUrl=url).get("Messages", [])
        return [json.loads(message["Body"])["requestPayload"] for message in messages]

    send(aws, "queueing", {"fail": "first"})
    assert eventually(received) == [{"fail": "first"}]
    aws.client("iam").delete_role_policy(RoleName="queueing", PolicyName="policy")
    send(aws, "queueing", {"fail": "second"})
    [line] = eventually(lambda: lost(aws, "queueing"))
    assert "permissions to call SendMessage on SQS" in line
    assert received() == []


def test_an_event_without_destination_is_lost_and_said_to_be(aws: LocalAws) -> None:
    make_function(aws, "undirected", {"app.py": APP})
    send(aws, "undirected", {"fail": "no"})
    [line] = eventually(lambda: lost(aws, "undirected"))
    assert "RetriesExhausted" in line


def test_an_event_of_s3_goes_through_the_same_queue(aws: LocalAws) -> None:
    failing = APP + '    raise ValueError("no")\n'
    arn = make_storing(aws, "notified", app=failing, MaximumRetryAttempts=1)
    make_bucket(aws, "watched")
    aws.client("s3").put_bucket_notification_configuration(
        Bucket="watched",
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]
        },
    )
    aws.client("s3").put_object(Bucket="watched", Key="new", Body=b"")
    _, document = failure(aws, "notified")
    assert document["requestPayload"]["Records"][0]["s3"]["object"]["key"] == "new"
    assert len(attempts(aws, "notified")) == 2
    assert len(set(attempts(aws, "notified"))) == 1
