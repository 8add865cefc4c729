"""What an answer of the function means, or of Lambda in its place."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from local.aws import LocalAws
from mezmo_forwarder_commands.aws_session import AwsSession
from mezmo_forwarder_commands.backfill.documents import Document
from mezmo_forwarder_commands.backfill.sending import Became, Function
from mezmo_forwarder_commands.errors import CommandError
from tests.commands.backfill.doubles import QUERY, event
from tests.local.aws.resources import make_function

DOCUMENT = Document("stream", [event(1, 1), event(2, 2)], 1)
COUNTS = {"events": 2, "joined": 0, "received": 2, "delivered": 2, "filtered": 0, "stored": 0, "rejected": 0}
Make = Callable[..., Function]
_numbers = count()


@pytest.fixture
def make(aws: LocalAws, session: AwsSession) -> Make:
    """Make a function of some lines of Python, and what invokes it."""

    def function(*lines: str, **options: Any) -> Function:
        code = "\n    ".join(["def handle(event, context):", *lines])
        arn = make_function(aws, f"answers-{next(_numbers)}", {"app.py": code}, **options)
        client = session.client("lambda", retries={"total_max_attempts": 1}, read_timeout=20)
        return Function(client, replace(QUERY, function=arn))

    return function


@pytest.mark.parametrize(
    ("told", "became", "arrived"),
    [
        ({}, Became.TAKEN, True),
        ({"delivered": 0, "filtered": 2}, Became.TAKEN, False),
        ({"delivered": 1, "rejected": 1}, Became.TAKEN, True),
        ({"delivered": 1, "stored": 1, "reason": "503"}, Became.KEPT, True),
        ({"delivered": 1, "undelivered": 1, "reason": "503"}, Became.LEFT, True),
        ({"delivered": 0, "undelivered": 2, "reason": "503"}, Became.LEFT, False),
        ({"received": 1, "joined": 1, "delivered": 1}, Became.TAKEN, True),
    ],
)
def test_counts_tell(make: Make, told: dict[str, object], became: Became, arrived: bool) -> None:
    answer = make(f"return { ({**COUNTS, **told})!r}").send(DOCUMENT)

    assert (answer.became, answer.arrived) == (became, arrived)
    assert answer.settled is (became in (Became.TAKEN, Became.KEPT))
    assert answer.reason == told.get("reason", "")
    assert (answer.counts.events, answer.counts.documents) == (2, 1)


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (["return None"], "does not answer with counts: it runs a vendor's code, or a release"),
        (["return {'batchItemFailures': []}"], "does not answer with counts"),
        ([f"return {COUNTS | {'events': 1}!r}"], "its counts do not add up: for 2 log events"),
        ([f"return {COUNTS | {'delivered': 1}!r}"], "its counts do not add up"),
        (["class CorruptEventError(Exception): pass", "raise CorruptEventError('no gzip')"], "no gzip"),
    ],
)
def test_what_makes_no_sense_to_try_again(make: Make, lines: list[str], why: str) -> None:
    with pytest.raises(CommandError, match=why):
        make(*lines).send(DOCUMENT)


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (["raise ValueError('unforeseen')"], "ValueError: unforeseen"),
        (["import os", "os._exit(1)"], "Runtime.ExitError"),
        (["import time", "time.sleep(60)"], "Task timed out"),
    ],
)
def test_what_fails_may_have_sent_everything_before(make: Make, lines: list[str], why: str) -> None:
    answer = make(*lines, Timeout=1).send(DOCUMENT)

    assert answer.became is Became.UNKNOWN
    assert why in answer.reason
    assert answer.arrived
    assert not answer.settled


def test_a_function_that_is_throttled_had_nothing(make: Make, aws: LocalAws) -> None:
    function = make("return {}")
    name = f"answers-{next(_numbers) - 1}"
    aws.client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)

    assert function.send(DOCUMENT).became is Became.NOT_SENT
    with pytest.raises(CommandError, match="cannot be invoked now: .*TooManyRequestsException"):
        function.check()


def test_a_function_that_is_not_there(session: AwsSession) -> None:
    with pytest.raises(CommandError, match=f"'{QUERY.function}' failed: .*ResourceNotFoundException"):
        Function(session.client("lambda"), QUERY).send(DOCUMENT)


@pytest.mark.usefixtures("session")
def test_an_aws_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    client = AwsSession().client("lambda", retries={"total_max_attempts": 1})

    assert Function(client, QUERY).send(DOCUMENT).became is Became.NOT_SENT


def test_no_reply_in_time(make: Make, session: AwsSession) -> None:
    function = make("import time", "time.sleep(3)")
    query = replace(QUERY, function=f"answers-{next(_numbers) - 1}")
    client = session.client("lambda", retries={"total_max_attempts": 1}, read_timeout=0.5)

    assert Function(client, query).send(DOCUMENT).became is Became.UNKNOWN
    assert function


def test_the_check_sends_no_event(make: Make) -> None:
    expects = [
        "import base64, gzip, json",
        "document = json.loads(gzip.decompress(base64.b64decode(event['awslogs']['data'])))",
        "assert document['messageType'] == 'CONTROL_MESSAGE'",
        "assert event['mezmo_forwarder'] == 'backfill'",
        "return {'events': 0}",
    ]
    make(*expects).check()
