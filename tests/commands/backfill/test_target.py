"""What is looked at before anything is read, and what speaks against it."""

import json
import time
from itertools import count

import pytest

from local.aws import LocalAws
from mezmo_forwarder_commands.aws_session import AwsSession
from mezmo_forwarder_commands.backfill.query import Query
from mezmo_forwarder_commands.backfill.target import DAY, OLD, Asked, Target, find
from mezmo_forwarder_commands.errors import CommandError
from tests.local.aws.resources import allow_logs, make_function

_numbers = count()
MINUTE = 60 * 1000


def now() -> int:
    return int(time.time() * 1000)


@pytest.fixture
def group(aws: LocalAws) -> str:
    name = f"/target/{next(_numbers)}"
    aws.client("logs").create_log_group(logGroupName=name)
    return name


@pytest.fixture
def forwarder(aws: LocalAws) -> str:
    name = f"forwarder-{next(_numbers)}"
    code = {"app.py": "def handle(event, context): pass"}
    make_function(
        aws, name, code, MemorySize=256, Architectures=["arm64"],
        Environment={"Variables": {"MEZMO_FORWARDER_SETTINGS": json.dumps({"schema": 1})}},
    )  # fmt: skip
    allow_logs(aws, name, SourceAccount="000000000000")
    return name


def subscribe(aws: LocalAws, group: str, function: str, name: str = "filter", pattern: str = "") -> int:
    """Subscribe a function; return when the subscription began."""
    arn = aws.client("lambda").get_function_configuration(FunctionName=function)["FunctionArn"]
    logs = aws.client("logs")
    logs.put_subscription_filter(
        logGroupName=group, filterName=name, filterPattern=pattern, destinationArn=arn
    )
    (found,) = logs.describe_subscription_filters(logGroupName=group, filterNamePrefix=name)[
        "subscriptionFilters"
    ]
    return int(found["creationTime"])


def look(session: AwsSession, group: str, function: str, **asked: object) -> Target:
    given: dict[str, object] = {"start": now() - DAY // 2, "end": None, "pattern": None, "filter_name": None}
    return find(session, Asked(log_group=group, function=function, **{**given, **asked}))  # type: ignore[arg-type]


def test_by_default_it_ends_where_the_subscription_began_and_asks_for_what_that_sends(
    aws: LocalAws, session: AwsSession, group: str, forwarder: str
) -> None:
    began = subscribe(aws, group, forwarder, "by-name", "ERROR")
    start = began - 1000 * MINUTE
    later = began + 10 * MINUTE
    found = find(session, Asked(group, forwarder, start, None, None, None), now=later)

    assert found == Target(
        Query(
            account="000000000000",
            region="eu-west-3",
            log_group=group,
            function=f"arn:aws:lambda:eu-west-3:000000000000:function:{forwarder}",
            start=start,
            end=began,
            pattern="ERROR",
            filters=("by-name",),
        ),
        memory=256,
        architecture="arm64",
        timeout=10,
        warnings=(),
    )


def test_the_user_s_own_come_first(aws: LocalAws, session: AwsSession, group: str, forwarder: str) -> None:
    began = subscribe(aws, group, forwarder, pattern="ERROR")
    asked = Asked(group, forwarder, began - DAY, began + MINUTE, "", None)
    found = find(session, asked, now=began + 10 * MINUTE)

    assert (found.query.end, found.query.pattern) == (began + MINUTE, "")
    (warning,) = (text for text in found.warnings if text != OLD)
    assert "the subscription began at" in warning
    assert "arrives a second time, as far as we know with the same event id" in warning


def test_without_a_subscription_it_ends_five_minutes_ago(
    session: AwsSession, group: str, forwarder: str
) -> None:
    found = look(session, group, forwarder)

    assert abs(found.query.end - (now() - 5 * MINUTE)) < MINUTE
    assert found.query.filters == ()
    (warning,) = found.warnings
    assert "no subscription filter of the log group leads to this function" in warning
    assert "the account's subscription" in warning


def test_what_speaks_against_it(aws: LocalAws, session: AwsSession, group: str, forwarder: str) -> None:
    aws.client("logs").put_retention_policy(logGroupName=group, retentionInDays=3)
    found = look(session, group, forwarder, start=now() - 5 * DAY, end=now(), filter_name="other")

    assert found.query.filters == ("other",)
    texts = " | ".join(found.warnings)
    for part in (OLD, "keeps 3 days", "last five minutes", "no subscription filter 'other'"):
        assert part in texts
    assert len(found.warnings) == 4


def test_several_filters_to_one_function(
    aws: LocalAws, session: AwsSession, group: str, forwarder: str
) -> None:
    subscribe(aws, group, forwarder, "errors", "ERROR")
    subscribe(aws, group, forwarder, "warnings", "WARN")

    with pytest.raises(CommandError, match="add --filter-name with one of: errors, warnings"):
        look(session, group, forwarder)
    assert look(session, group, forwarder, filter_name="warnings").query.pattern == "WARN"


def test_what_cannot_be(aws: LocalAws, session: AwsSession, group: str, forwarder: str) -> None:
    make_function(aws, f"{forwarder}-other", {"app.py": "def handle(event, context): pass"})
    own = f"/aws/lambda/{forwarder}"
    aws.client("logs").create_log_group(logGroupName=own)

    with pytest.raises(CommandError, match="there is no log group '/none' in eu-west-3"):
        look(session, "/none", forwarder)
    with pytest.raises(CommandError, match="looking at function 'none' failed: .*ResourceNotFound"):
        look(session, group, "none")
    with pytest.raises(CommandError, match="has no MEZMO_FORWARDER_SETTINGS: it is no forwarder"):
        look(session, group, f"{forwarder}-other")
    with pytest.raises(CommandError, match="is the forwarder's own, which it never forwards"):
        look(session, own, forwarder)
    with pytest.raises(CommandError, match=r"--to \S+Z is not after --from \S+Z; name a later one"):
        look(session, group, forwarder, end=now() - 2 * DAY)
    with pytest.raises(CommandError, match="by default when the subscription began, or five minutes ago"):
        look(session, group, forwarder, start=now() - MINUTE)
