"""What is sent: include, exclude and sampling."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.events.documents import Received
from handler.events.selection import select
from handler.settings import (
    FieldFilter,
    HealthChecks,
    LambdaPlatform,
    Level,
    LevelFilter,
    LineFilter,
    PatternFilter,
    Sampling,
)
from local.simulation import SimulatedMezmo
from local.simulation.house import KEY, House
from tests.handler.cloudwatch import make_document, make_event, pack, read, received, to_json
from tests.handler.doubles import make_settings


def chosen(
    document: Received,
    *,
    include: Iterable[LineFilter] = (),
    exclude: Iterable[LineFilter] = (),
    sampling: Iterable[Sampling] = (),
) -> tuple[Received, Counter[str]]:
    """Return what is left of a document, and how many log events were left out for each reason."""
    settings = make_settings()
    reasons: Counter[str] = Counter()

    def filtered(reason: str, events: int) -> None:
        assert events > 0
        reasons[reason] += events

    settings = type(settings)(
        settings.schema,
        settings.key,
        settings.destination,
        include=tuple(include),
        exclude=tuple(exclude),
        sampling=tuple(sampling),
    )
    return select(settings, document, filtered), reasons


def messages_of(document: Received) -> list[Any]:
    return [json.loads(bytes(event.message)) for event in document.document.log_events]


def kept(messages: Sequence[object], **filters: Any) -> list[Any]:
    return messages_of(chosen(received(messages), **filters)[0])


def test_what_is_excluded_is_left_out_and_counted_with_the_reason() -> None:
    document = received(["a", "b", "DEBUG c", "d"])
    left, reasons = chosen(document, exclude=[PatternFilter("[ab]"), LevelFilter(("debug",))])
    assert messages_of(left) == ["d"]
    assert reasons == {"excluded by pattern": 2, "excluded by level": 1}
    assert left.packed is None


def test_what_is_not_included_is_left_out() -> None:
    filters: list[LineFilter] = [PatternFilter("^a"), FieldFilter("b")]
    left, reasons = chosen(received(["a", '{"b": 1}', "c", "xa"]), include=filters)
    assert messages_of(left) == ["a", '{"b": 1}']
    assert reasons == {"not included": 2}


def test_what_is_excluded_is_not_included_again() -> None:
    assert kept(["ab", "a"], include=[PatternFilter("a")], exclude=[PatternFilter("b")]) == ["a"]


def test_where_all_is_wanted_the_document_stays_as_it_came() -> None:
    document = received(["a", "b"])
    assert chosen(document, exclude=[PatternFilter("c")], include=[PatternFilter("[ab]")])[0] is document


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("needle", "a needle in it"),
        ("é+", "a é"),
        ('^a "b"\t$', 'a "b"\t'),
        (r"\d{3}-\d{4}", "call 555-1234"),
        ("line", "\nline"),
        (r"\\n", "C:\\new"),
        ("5", 15),
        ("b", {"b": 1}),
    ],
)
def test_a_pattern_is_looked_for_in_the_text(pattern: str, message: object) -> None:
    assert kept(["x", message, "nothing"], exclude=[PatternFilter(pattern)]) == ["x", "nothing"]


def test_a_pattern_does_not_see_how_json_is_written() -> None:
    messages = ["a\nb", "a\tb", 'a"b', "a\\b"]
    assert (
        kept(messages, exclude=[PatternFilter("nb"), PatternFilter("tb"), PatternFilter(r"\\\\")]) == messages
    )


def test_a_pattern_is_looked_for_in_the_first_16_kib() -> None:
    messages = ["x" * 16_380 + "needle", "x" * 16_370 + "needle", "\n" * 8_185 + "needle"]
    assert kept(messages, exclude=[PatternFilter("needle")]) == messages[:1]


@pytest.mark.parametrize(
    ("level", "messages"),
    [
        (
            "debug",
            [
                "DEBUG a",
                "[DEBUG] a",
                "2026-11-25 10:00:00,000 DEBUG a",
                "2026-11-25T10:00:00Z\t6b1e\tDEBUG\ta",
                "debug: a",
                "time=2026 level=debug msg=a",
                '{"level": "debug"}',
                '{"level": 20}',
                '{"severity": "DEBUG"}',
                '{"severityNumber": 5}',
                '{"log.level": "debug"}',
                '{"log": {"level": "debug"}}',
            ],
        ),
        ("trace", ["TRACE a", '{"level": 10}', '{"severity_number": 1}']),
        (
            "info",
            ["I1125 10:00:00.000000 1 a.go:1] a", "info: Shop[0]", '{"level": "30"}', "INFO:root:ERROR"],
        ),
        ("warn", ["WARNING a", "10:00 [warn] a", '{"levelname": "WARNING"}', '{"severityText": "WARN2"}']),
        ("error", ["ERR a", "fail: Shop[0]", "Error: a", '{"lvl": "error"}', '{"level": 50}']),
        ("fatal", ["CRITICAL a", "PANIC a", '{"severity": "EMERGENCY"}', '{"level": 60}']),
    ],
)
def test_levels(level: Any, messages: list[str]) -> None:
    assert kept(messages, exclude=[LevelFilter((level,))]) == []
    levels: list[Any] = [one for one in get_args(Level) if one != level]
    assert kept(messages, exclude=[LevelFilter(tuple(levels))]) == messages


def test_a_line_without_a_level_is_of_none() -> None:
    messages = [
        "a",
        "INFORMATIVE",
        "xDEBUG",
        "no debug here",
        "{",
        '{"level": true}',
        '{"level": null, "message": "DEBUG"}',
        '{"level": 5}',
        '{"level": {}}',
        '{"severityNumber": 25}',
        '{"severityNumber": true}',
        "x" * 300 + " DEBUG",
        5,
    ]
    every = LevelFilter(("trace", "debug", "info", "warn", "error", "fatal"))
    assert kept(messages, exclude=[every]) == messages
    assert kept(messages, include=[every]) == []


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("status", ["200"], '{"status": 200}'),
        ("status", ["404", "200"], '{"status": "200"}'),
        ("ok", ["true"], '{"ok": true}'),
        ("ok", ["null"], '{"ok": null}'),
        ("ratio", ["1.5"], '{"ratio": 1.5}'),
        ("tags", ['["a"]'], '{"tags": ["a"]}'),
        ("any", [], '{"any": {}}'),
        ("http.path", ["/a"], '{"http": {"path": "/a"}}'),
        ("http.path", ["/a"], '{"http.path": "/a"}'),
        ("a.b.c", ["d"], '{"a": {"b": {"c": "d"}}}'),
        ("é", ["ü"], '{"é": "\\u00fc"}'),
        ("a", ["b"], '{"a": "b"}\n'),
        ("f0", ["b"], '{"f0": "b"}'),
        (".a", ["b"], '{".a": "b"}'),
        (" ", ["b"], '{" ": "b"}'),
    ],
)
def test_fields(name: str, values: list[str], message: str) -> None:
    others = ['{"other": 1}', "text", "[1]", '"a"', '{"a": 1', '{"http": 1}', "{" * 9999, '{"\ud83d": 1}']
    assert kept([*others, message], exclude=[FieldFilter(name, tuple(values))]) == others


def test_a_json_object_is_decoded_once_and_only_where_it_is_asked_for() -> None:
    deep = '{"a":' * 100_000 + "1" + "}" * 100_000
    assert kept([deep], exclude=[FieldFilter("a"), LevelFilter(("info",))]) == [deep]


PLATFORM = [
    "INIT_START Runtime Version: python:3.13.v30\tRuntime Version ARN: arn:aws:lambda:eu-west-3::runtime:1\n",
    "START RequestId: 6b1e Version: $LATEST\n",
    "END RequestId: 6b1e\n",
    "REPORT RequestId: 6b1e\tDuration: 1.00 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\t\n",
    '{"time":"2026-11-25T10:00:00.000Z","type":"platform.start","record":{"requestId":"6b1e"}}\n',
    '{"time":"2026-11-25T10:00:00.000Z","type":"platform.report","record":{"status":"success"}}\n',
]
OF_PROGRAMS = [
    "ready",
    "START of RequestId: 6b1e",
    "REPORT RequestId: 6b1e\tDuration: 3000.00 ms\tStatus: timeout\n",
    '{"time":"2026-11-25T10:00:00.000Z","type":"platform.report","record":{"status":"timeout"}}\n',
    "2026-11-25T10:00:00.000Z 6b1e Task timed out after 3.00 seconds\n",
    '{"type":"platform.start"}',
    5,
]


def test_lambda_s_own_lines_but_those_of_a_run_that_failed() -> None:
    assert kept(PLATFORM + OF_PROGRAMS, exclude=[LambdaPlatform()]) == OF_PROGRAMS


CHECKS = [
    '10.0.0.1 - - [25/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "ELB-HealthChecker/2.0"',
    '10.0.0.1 - - [25/Nov/2026:10:00:00 +0000] "GET /healthz HTTP/1.1" 200 5 "-" "kube-probe/1.31"',
    '10.0.0.1 - - "GET /api/v1/health?full=1 HTTP/1.1" 200 OK',
    "GET /readyz 200",
    '{"method":"GET","path":"/health-check","status":200}',
    '{"url": "/ping"}',
    "level=info method=GET path=/livez status=204",
    'INFO:     10.0.0.1:5 - "HEAD /health HTTP/1.1" 200 OK',
]
NO_CHECKS = [
    "ready",
    '"GET /healthy-food HTTP/1.1" 200',
    '"GET /pinguin HTTP/1.1" 200',
    '10.0.0.1 - - "GET /health HTTP/1.1" 503 5 "-" "kube-probe/1.31"',
    '{"method":"GET","path":"/health","status":500}',
    "method=GET path=/livez status=500",
    "POST /health",
    "the health of /health",
    5,
]


def test_health_checks_but_those_that_failed() -> None:
    assert kept(CHECKS + NO_CHECKS, exclude=[HealthChecks()]) == NO_CHECKS


def numbered(count: int, step: int) -> Received:
    """Return a document of log events with ids like CloudWatch's, one after the other."""
    document = make_document([str(number) for number in range(count)])
    for number, event in enumerate(document["logEvents"]):  # type: ignore[arg-type, var-annotated]
        event["id"] = f"{38953106606966983378809025079804211143289615424298221568 + number * step:056d}"
    return read(pack(to_json(document)), AWS_LAMBDA_FUNCTION_MEMORY_SIZE="1024")


@pytest.mark.parametrize("share", [0, 0.01, 0.1, 0.5, 0.99, 1])
@pytest.mark.parametrize("step", [1, 100, 12_345, 10**20, 2**64])
def test_the_share_is_right(share: float, step: int) -> None:
    left, reasons = chosen(numbered(20_000, step), sampling=[Sampling(share)])
    # Six standard deviations.
    assert abs(left.count - 20_000 * share) <= 6 * (20_000 * share * (1 - share)) ** 0.5
    assert left.count + reasons["not sampled"] == 20_000
    for digit in range(10):  # of each tenth event as well, which may be one of a kind
        some = sum(int(text) % 10 == digit for text in messages_of(left))
        assert abs(some - 2_000 * share) <= 6 * (2_000 * share * (1 - share)) ** 0.5


def test_the_first_rule_that_matches_decides() -> None:
    rules = [Sampling(1, LevelFilter(("error",))), Sampling(0, PatternFilter("noise")), Sampling(0.5)]
    messages = ["ERROR noise", "noise", *["other"] * 200]
    left = kept(messages, sampling=rules)
    assert left[0] == "ERROR noise"
    assert "noise" not in left
    assert 50 < len(left) < 150
    assert kept(["noise", "other"], sampling=rules[1:2]) == ["other"]


@given(
    texts=st.lists(st.sampled_from(["a", "ERROR b", "DEBUG c", '{"level":"debug"}', "d"]), max_size=40),
    cuts=st.sets(st.integers(0, 40)),
    data=st.data(),
)
def test_sampling_is_stable_under_order_repetition_and_split(
    texts: list[str], cuts: set[int], data: st.DataObject
) -> None:
    rules = [Sampling(0.3, LevelFilter(("debug",))), Sampling(0.6)]
    events = make_document(texts)["logEvents"]
    assert isinstance(events, list)

    def ids(some: list[object]) -> list[bytes]:
        document = read(pack(to_json({**make_document([]), "logEvents": some})))
        left, reasons = chosen(document, sampling=rules)
        assert left.count + reasons.total() == len(some)
        return [bytes(event.id) for event in left.document.log_events]

    whole = ids(events)
    assert ids(events) == whole
    bounds = [0, *sorted(cut for cut in cuts if cut < len(events)), len(events)]
    parts = [ids(events[start:end]) for start, end in pairwise(bounds)]
    assert [one for part in parts for one in part] == whole
    assert sorted(ids(data.draw(st.permutations(events)))) == sorted(whole)
    again = [event for event in events if json.dumps(event["id"]).encode() in whole]
    assert ids(again) == whole, "a re-drive sends what was sampled"


FILTERS = st.sampled_from(
    [
        PatternFilter("a"),
        PatternFilter("^[{b]"),
        LevelFilter(("debug", "error")),
        FieldFilter("a"),
        FieldFilter("a.b", ("1",)),
        LambdaPlatform(),
        HealthChecks(),
    ]
)
MESSAGES = (
    st.text()
    | st.sampled_from(
        [*PLATFORM, *CHECKS, *NO_CHECKS[:-1], "a\ud83d", '{"a": {"b": 1}}', '{"a": "\\ud83d"}', "{"]
    )
    | st.recursive(
        st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=2), inner),
        max_leaves=5,
    ).map(json.dumps)
)


@given(
    messages=st.lists(MESSAGES, max_size=20),
    include=st.lists(FILTERS, max_size=2),
    exclude=st.lists(FILTERS, max_size=2),
    sampling=st.lists(st.builds(Sampling, st.sampled_from([0, 0.5, 1]), st.none() | FILTERS), max_size=2),
)
def test_whatever_comes_filtered_and_kept_are_what_was_received(
    messages: list[object],
    include: list[LineFilter],
    exclude: list[LineFilter],
    sampling: list[Sampling],
) -> None:
    document = received(messages)
    left, reasons = chosen(document, include=include, exclude=exclude, sampling=sampling)
    assert left.count + reasons.total() == document.count
    ids = [bytes(event.id) for event in left.document.log_events]
    places = [bytes(event.id) for event in document.document.log_events]
    assert ids == [one for one in places if one in {*ids}], "in order, and none twice"
    events = {bytes(event.id): event for event in document.document.log_events}
    assert all(event is events[bytes(event.id)] for event in left.document.log_events)
    assert left.packed == (document.packed if left.count == document.count else None)


def test_counts_add_up_and_the_re_drive_counts_nothing_twice(capsys: pytest.CaptureFixture[str]) -> None:
    house = House(
        mezmo=SimulatedMezmo(KEY, code=lambda text: 503 if text != "a" and house.world.now < 100 else 200),
        multiline={"kind": "java"},
        exclude=[{"by": "pattern", "pattern": "^x"}],
    )
    house.send(make_event(["a", "x", " x", "b", "c", " c"]))
    house.redrive_every(300)
    with house.lived_in():
        house.aws.run(3600, done=lambda: not house.aws.pending and not house.waiting)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    first, again = lines
    assert (first["LinesReceived"], first["LinesDelivered"], first["LinesFiltered"]) == (4, 1, 1)
    assert (first["LinesStored"], first["filters"]) == (2, {"excluded by pattern": 1})
    assert again["LinesRedriven"] == 2
    assert house.mezmo.taken == {"a": 1, "b": 1, "c\n c": 1}
