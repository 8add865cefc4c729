"""The tags of log groups: whole invocations, between a CloudWatch Logs that can fail and the stand-in."""

import gzip
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from handler.aws import log_tags
from handler.forwarding import log_group_tags
from handler.forwarding.forwarder import Forwarder
from handler.forwarding.log_group_tags import LIFETIME_SECONDS, PAUSE_SECONDS, REFUSED_SECONDS
from handler.redriving.target import ToMezmo
from handler.report import Report
from handler.settings import VARIABLE, read_settings
from handler.timing import SYSTEM, Timing
from local.mezmo import CommittedLine, MezmoStandIn
from tests.handler.cloudwatch import GROUP, OWNER, make_document, make_event, to_json
from tests.handler.doubles import KEY, Clock, Context, settings_json
from tests.handler.servers import read_request, response, server

TEAM = [{"to": "tags", "keys": ["team"]}, {"to": "meta", "keys": ["team"]}]
SHOP = {"team": "shop", "other": "x", "aws:cloudformation:stack-name": "Orders"}
THROTTLED = response(400, b'{"__type":"ThrottlingException","message":"Rate exceeded"}')
DENIED = response(400, b'{"__type":"AccessDeniedException","Message":"not authorized"}')


def tags(values: dict[str, str]) -> bytes:
    return response(body=json.dumps({"tags": values}).encode())


class CloudWatchLogs:
    """Answers with what a test says, now and until it says something else."""

    def __init__(self, mezmo: MezmoStandIn, clock: Clock) -> None:
        self.answer: bytes | None = tags(SHOP)  # None: no answer
        self.seconds = 0.0  # until an answer
        self._clock = clock
        self.requests: list[bytes] = []
        self.lines_before: list[int] = []
        self._mezmo = mezmo

    def __call__(self, sock: socket.socket) -> None:
        while request := read_request(sock):
            self.requests.append(request)
            self.lines_before.append(len(self._mezmo.lines))
            self._clock.now += self.seconds
            if self.answer is not None:
                sock.sendall(self.answer)

    @property
    def groups(self) -> list[str]:
        bodies = [json.loads(request.partition(b"\r\n\r\n")[2]) for request in self.requests]
        return [body["resourceArn"].rpartition(":")[2] for body in bodies]


@pytest.fixture
def clock() -> Clock:
    return Clock(chance=0.5)


@pytest.fixture
def logs(mezmo: MezmoStandIn, clock: Clock) -> CloudWatchLogs:
    return CloudWatchLogs(mezmo, clock)


class Way:
    """A forwarder between the two; `forward` returns the lines of one invocation."""

    def __init__(self, mezmo: MezmoStandIn, port: int, timing: Timing, **settings: object) -> None:
        document = settings_json(mezmo.log_analysis_url, **{"log_group_tags": TEAM, **settings})  # type: ignore[arg-type]
        self.environment = {
            "KEY": KEY,
            VARIABLE: document,
            "AWS_REGION": "eu-west-3",
            "AWS_ACCESS_KEY_ID": "AKID",
            "AWS_SECRET_ACCESS_KEY": "hidden",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        }
        self.settings = read_settings(self.environment)
        self.forwarder = Forwarder(self.settings, environment=self.environment, timing=timing)
        self._mezmo = mezmo

    def forward(self, *, seconds: float = 60.0, **document: object) -> list[CommittedLine]:
        return self.handle(make_event(["message"], **document), seconds=seconds)

    def handle(self, event: object, *, seconds: float = 60.0) -> list[CommittedLine]:
        before = len(self._mezmo.lines)
        self.forwarder.handle(event, Context(seconds))
        assert self._mezmo.flags == ()
        return [*self._mezmo.lines[before:]]


Start = Callable[..., Way]


@pytest.fixture
def start(mezmo: MezmoStandIn, logs: CloudWatchLogs, clock: Clock) -> Iterator[Start]:
    """Start a forwarder; keyword arguments as for `settings_json`."""
    made: list[Way] = []
    with server(logs) as port:

        def make(timing: Timing = clock.timing, **settings: object) -> Way:
            made.append(Way(mezmo, port, timing, **settings))
            return made[-1]

        yield make
        for way in made:
            way.forwarder.close()


def told(lines: list[CommittedLine]) -> list[tuple[tuple[str, ...], object]]:
    return [(line.tags, (line.meta or {}).get("tag_team")) for line in lines]


WITH_TAGS = [(("team:shop",), "shop")]
WITHOUT: list[tuple[tuple[str, ...], object]] = [((), None)]


def log_lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(text) for text in capsys.readouterr().out.splitlines()]


def test_the_first_line_of_a_group_has_its_tags(
    start: Start, logs: CloudWatchLogs, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(start(tags=["eu"]).forward()) == [(("eu", "team:shop"), "shop")]

    (request,) = logs.requests
    head, _, body = request.partition(b"\r\n\r\n")
    assert b"X-Amz-Target: Logs_20140328.ListTagsForResource" in head
    assert b"/eu-west-3/logs/aws4_request" in head
    assert json.loads(body) == {"resourceArn": f"arn:aws:logs:eu-west-3:{OWNER}:log-group:{GROUP}"}
    (line,) = log_lines(capsys)
    assert (line["tag_lookups"], line["LinesDelivered"]) == (1, 1)
    assert "TagLookupsFailed" not in line


def test_tags_are_read_once_an_hour_and_lines_do_not_wait_for_it_again(
    start: Start, logs: CloudWatchLogs, clock: Clock
) -> None:
    way = start()
    for _ in range(3):
        assert told(way.forward()) == WITH_TAGS
        clock.now += LIFETIME_SECONDS / 3 - 1
    assert len(logs.requests) == 1

    logs.answer = tags({"team": "bakery"})
    clock.now += LIFETIME_SECONDS
    assert told(way.forward()) == WITH_TAGS
    assert logs.lines_before == [0, 4], "it was asked for after its lines were there"
    assert told(way.forward()) == [(("team:bakery",), "bakery")]
    assert len(logs.requests) == 2


@pytest.mark.parametrize(
    "trouble",
    [
        THROTTLED,
        response(500, b""),
        response(200, b"<html>"),
        response(200, b'{"tags":["team"]}'),
        response(200, b"[]"),
        b"not http\r\n\r\n",
    ],
)
def test_a_failure_costs_no_line_and_is_remembered_for_a_minute_or_two(
    start: Start, logs: CloudWatchLogs, clock: Clock, capsys: pytest.CaptureFixture[str], trouble: bytes
) -> None:
    way = start()
    logs.answer = trouble
    assert told(way.forward()) == WITHOUT
    assert told(way.forward(group="/another")) == WITHOUT
    clock.now += PAUSE_SECONDS - 1
    assert told(way.forward()) == WITHOUT
    assert len(logs.requests) == 1, "neither again nor for another group"

    logs.answer = tags(SHOP)
    clock.now += PAUSE_SECONDS
    assert told(way.forward()) == WITHOUT
    assert logs.lines_before == [0, 4], "lines do not wait for what has failed"
    assert told(way.forward()) == WITH_TAGS
    assert told(way.forward(group="/third")) == WITH_TAGS, "lines wait again once it works"
    warning, *counts = log_lines(capsys)
    assert (warning["level"], counts[0]["TagLookupsFailed"]) == ("WARN", 1)
    assert [line.get("TagLookupsFailed") for line in counts[1:]] == [None] * 5
    assert "not known" in warning["message"]


def test_tags_survive_a_failed_look_up(
    start: Start, logs: CloudWatchLogs, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    way = start()
    way.forward()
    capsys.readouterr()
    for trouble in (THROTTLED, DENIED, THROTTLED):
        logs.answer = trouble
        clock.now += 2 * LIFETIME_SECONDS
        assert told(way.forward()) == WITH_TAGS
        assert told(way.forward()) == WITH_TAGS
    assert len(logs.requests) == 4
    warnings = [line["message"] for line in log_lines(capsys) if line["level"] == "WARN"]
    assert len(warnings) == 2, "each reason is said once"


def test_what_is_refused_for_one_group_is_remembered_for_ten_minutes(
    start: Start, logs: CloudWatchLogs, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    way = start()
    logs.answer = DENIED
    assert told(way.forward()) == WITHOUT
    logs.answer = tags(SHOP)
    assert told(way.forward(group="/another")) == WITH_TAGS, "another group is asked for, and waited for"
    clock.now += REFUSED_SECONDS - 1
    assert told(way.forward()) == WITHOUT
    assert logs.groups == [GROUP, "/another"]

    clock.now += 1
    way.forward()
    assert told(way.forward()) == WITH_TAGS
    warning = log_lines(capsys)[0]
    assert "grant the function's role logs:ListTagsForResource on it)" in warning["message"]


def test_lines_do_not_wait_for_a_service_that_hangs(start: Start, logs: CloudWatchLogs) -> None:
    way = start(SYSTEM)
    logs.answer = None
    for _ in range(2):
        assert told(way.forward(seconds=6)) == WITHOUT
    assert len(logs.requests) == 1


def test_nor_for_one_that_is_not_there(start: Start) -> None:
    way = start()
    way.environment["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1"
    assert told(way.forward()) == WITHOUT


def test_nor_without_credentials(start: Start, logs: CloudWatchLogs) -> None:
    way = start()
    del way.environment["AWS_ACCESS_KEY_ID"]
    assert told(way.forward()) == WITHOUT
    assert logs.requests == []


def test_whatever_goes_wrong_costs_no_line(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object) -> None:
        raise MemoryError

    way = start()
    monkeypatch.setattr(log_tags, "Endpoint", broken)
    assert told(way.forward()) == WITHOUT


def test_nothing_is_asked_for_where_nobody_wants_it(start: Start, logs: CloudWatchLogs) -> None:
    assert told(start(log_group_tags=[]).forward()) == WITHOUT
    assert logs.requests == []


def test_what_is_not_of_this_account_and_region_for_sure_is_not_asked_for(
    start: Start, logs: CloudWatchLogs
) -> None:
    way = start()
    way.forward()
    assert told(way.forward(owner="999999999999")) == WITHOUT, "of another account, by the same name"
    record = {"kinesis": {"data": make_event(["x"])["awslogs"]["data"], "sequenceNumber": "1"}}  # type: ignore[index]
    assert told(way.handle({"Records": [record]})) == WITHOUT
    assert told(way.handle({"mezmo_forwarder": "test"})) == WITHOUT
    assert len(logs.requests) == 1


def test_so_many_groups_are_kept_and_no_more(
    start: Start,
    logs: CloudWatchLogs,
    clock: Clock,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log_group_tags, "MOST_LOG_GROUPS", 2)
    way = start()
    for group, expected in (("/1", WITH_TAGS), ("/2", WITH_TAGS), ("/3", WITHOUT), ("/1", WITH_TAGS)):
        assert told(way.forward(group=group)) == expected
    assert logs.groups == ["/1", "/2"]
    assert [line["message"] for line in log_lines(capsys) if line["level"] == "WARN"] == [
        "the tags of 2 log groups are kept; others go without"
    ]

    clock.now += 2 * LIFETIME_SECONDS
    assert told(way.forward(group="/3")) == WITH_TAGS, "the first one's hour is over"
    assert told(way.forward(group="/2")) == WITH_TAGS
    assert logs.groups == ["/1", "/2", "/3", "/2"]


def test_waiting_has_one_bound_for_all_groups_of_an_invocation(
    start: Start, logs: CloudWatchLogs, mezmo: MezmoStandIn, clock: Clock
) -> None:
    """A re-drive's object holds documents of many groups; those beyond the bound have tags the next time."""
    way = start()
    target = ToMezmo(way.settings, way.environment, clock.timing)
    groups = [f"/group/{number}" for number in range(5)]
    body = b"".join(gzip.compress(to_json(make_document(["x"], group=group))) for group in groups)

    logs.seconds = 0.4
    for expected in ([*WITH_TAGS * 2, *WITHOUT * 3], WITH_TAGS * 5):
        before = len(mezmo.lines)
        report = Report()
        deadline = clock.timing.monotonic() + 60
        resent = target.send(body, report, patience=1, deadline=deadline, account=OWNER)
        assert (resent.left, report.total.delivered) == (b"", 5)
        assert told([*mezmo.lines[before:]]) == expected
    assert logs.groups == groups
    assert logs.lines_before == [0, 0, 5, 5, 5]
    target._sender.close()
    assert logs.groups == groups
    assert logs.lines_before[0] == 0


def test_a_line_that_mezmo_finds_too_large_keeps_its_tags_when_it_is_split(start: Start) -> None:
    way = start(oversize_lines="whole")
    lines = way.handle(make_event(["x" * 1_048_576]))
    assert len(lines) > 60
    assert {*told(lines)} == {*WITH_TAGS}


def test_templates_may_use_tags_and_redaction_sees_them(start: Start, logs: CloudWatchLogs) -> None:
    logs.answer = tags({"team": "shop, a@example.com", "cost-center": "é.7"})
    way = start(
        log_group_tags=[{"to": "meta"}, {"to": "tags"}],
        hostname="{tag_cost_center}",
        app="{tag_team}",
        meta={"from": "tag {tag_team}", "none": "{tag_missing}"},
        redact={"rules": [{"rule": "email"}]},
        meta_fields=[],
    )
    (line,) = way.forward()
    assert (line.hostname, line.app) == ("é_7", "shop, [redacted:email]")
    assert line.tags == ("cost-center:é.7", "team:shop_ [redacted:email]")
    assert line.meta == {
        "tag_cost_center": "é.7",
        "tag_team": "shop, [redacted:email]",
        "from": "tag shop, [redacted:email]",
    }


@pytest.mark.parametrize("line_format", ["mezmo-lambda", "mezmo-lambda-raw"])
def test_in_mezmos_own_formats_there_are_tags_alone(start: Start, line_format: str) -> None:
    (line,) = start(line_format=line_format).forward()
    assert line.tags == ("team:shop",)
    assert "tag_team" not in (line.meta or {})
