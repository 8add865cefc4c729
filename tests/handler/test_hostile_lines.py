"""Everything at once, on whatever log events hold: Mezmo takes each line as it is, and no event is lost."""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.delivery.leftovers import Leftovers
from handler.events.documents import Limits, payload_of, read_payload
from handler.forwarding.forwarding import Forwarding
from handler.forwarding.overrides import SettingsBySubscription
from handler.lines import json_messages
from handler.lines.batches import Batch
from handler.redaction.rules import RULES
from handler.report import Report
from handler.settings import META_FIELDS
from local.mezmo.line_rules import LineFlags, problem_of
from tests.handler.cloudwatch import make_document, pack, to_json
from tests.handler.doubles import make_settings

_SELECTION: dict[str, Any] = {
    "include": [{"by": "pattern", "pattern": "."}, {"by": "level", "levels": ["info", "error"]}],
    "exclude": [{"by": "field", "name": "drop.it"}, {"by": "health-checks"}, {"by": "lambda-platform"}],
    "sampling": [{"share": 0.5, "filter": {"by": "field", "name": "half"}}],
}


_EVERYTHING: dict[str, Any] = {
    "account_alias": "ours",
    "env": "{log_stream}",
    "meta": {"a": "{function}", "duration_ms": "{log_group} {log_stream}"},
    "meta_fields": META_FIELDS,
    "multiline": {"kind": "stack-traces", "json": True},
    "redact": {"rules": [{"rule": name} for name in RULES]},
    "timestamp_field": "log.time",
    "json_messages": "flattened",
}


def everything(**more: Any) -> SettingsBySubscription:
    return SettingsBySubscription(make_settings(**_EVERYTHING | more))


class Nowhere:
    """Takes the place of a `Delivery`."""

    stopped = None

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def deliver(self, batch: Batch) -> None:
        for piece in batch.pieces:
            self.lines += json.loads(piece.array)


def forward(found: SettingsBySubscription, document: bytes) -> tuple[list[dict[str, Any]], Report]:
    """Return the lines that a document becomes, and what was counted."""
    nowhere, report = Nowhere(), Report()
    forwarding = Forwarding(
        found,
        nowhere,  # type: ignore[arg-type]  # what is used of one
        report,
        left=Leftovers(None),
        rejected=Leftovers(None),
        largest_batch=1_000_000,
        own=("", None),
    )
    for received in read_payload(payload_of(pack(document)), Limits(1 << 30, 1 << 40)):
        forwarding.add(received)
    forwarding.finish()
    return nowhere.lines, report


def check_lines(lines: Sequence[dict[str, Any]]) -> None:
    flags = LineFlags()
    for line in lines:
        assert problem_of(line) is None
        assert flags.of(line) == []
        assert not [name for name in names_in(line["meta"]) if "." in name]


def names_in(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from names_in(member)


def ids_of(lines: Sequence[dict[str, Any]]) -> Counter[str]:
    """Return how often each log event's id is there; the parts of a line count as one."""
    found: Counter[str] = Counter()
    for line in lines:
        if line["meta"].get("part", 1) == 1:
            found.update([line["meta"]["event_id"], *line["meta"].get("event_ids", [])])
    return found


def check(document: bytes) -> None:
    """Check it with nothing left out, and with what selection leaves."""
    lines, report = forward(everything(), document)
    check_lines(lines)
    ids = [event["id"] for event in json.loads(document.decode("utf-8", "replace"))["logEvents"]]
    found = ids_of(lines)
    assert not found.keys() - {*ids}
    assert max(found.values(), default=1) == 1
    assert len(ids) - found.total() == report.filters.get("empty", 0)
    lines, report = forward(everything(**_SELECTION), document)
    check_lines(lines)
    assert report.total.received == len(lines) + sum(report.filters.values())


MEGABYTE = 1_000_000
HOSTILE: dict[str, list[Any]] = {
    "a hundred thousand keys": ['{"level":"error",' + ",".join(f'"{n:x}":1' for n in range(90_000)) + "}"],
    "keys that are ids": [json.dumps({f"o-{n}-{n:08x}": {"x": n}}) for n in range(2_000)],
    "a name for each line": [json.dumps({"n" + chr(97 + n % 26) + chr(97 + n // 26): n}) for n in range(600)],
    "keys with dots": [json.dumps({"a.b": {"c.d": 1}, "a": {"b.c": "x"}, "_account": "x", "": {".": 1}})] * 3,
    "types that change": [json.dumps({"a": value}) for value in (1, "x", [1], {"b": 1}, True, None, 1.5)],
    "deep": ['{"a":' * 100_000 + "1" + "}" * 100_000],
    "deep and never closed": ['{"a":' * 100_000, "[" * 100_000, '{"log":{"time":' * 50_000],
    "long text": ["x" * MEGABYTE, "\\" * MEGABYTE, '"' * MEGABYTE, "\t" * MEGABYTE + "x", "😀" * 250_000],
    "long in JSON": [
        json.dumps({"level": "warn", "log": {"time": "9" * MEGABYTE}}),
        json.dumps({"x" * MEGABYTE: 1}),
        json.dumps({"level": "x" * MEGABYTE, "kubernetes": {"container_name": "x" * MEGABYTE}}),
        '{"a":' + " " * MEGABYTE + "1}",
        " " * MEGABYTE + '{"a":1}',
    ],
    "figures that are named as one's own texts": ["REPORT RequestId: x\tDuration: 1.5 ms\t", "text"],
    "half surrogates": ['{"a":"\ud800"}', '{"a":"\\ud800"}', "\udc00", "{", '"a": "\ud800"', "}", "\ud83d{}"],
    "never closed": ["{", *['  "a": 1,'] * 2_000],
    "never closed, again and again": ["{", '  "a": {'] * 1_000,
    "closed too late": ["{", '  "a": [', *["    1,"] * 500, "    1", "  ]", "}"],
    "nested more deeply at each line": ["[", *[" ["] * 1_000, *[" ]"] * 1_000],
    "no strings": [5, None, {"a.b": {"c": {"d": {"e": 1}}}}, [1], True, 1.5],
    "blank": ["", " ", "\n", "\t\r\n", "{", "", "}", "{\n}"],
}


@pytest.fixture(autouse=True)
def _new_process() -> Iterator[None]:
    json_messages._names.clear()
    yield
    json_messages._names.clear()


@pytest.mark.parametrize("name", HOSTILE)
def test_mezmo_takes_each_line_and_no_event_is_lost(name: str) -> None:
    check(to_json(make_document(HOSTILE[name])))


def test_invalid_utf8_costs_no_line() -> None:
    document = to_json(make_document(["{", '"a": "?"', "}", '{"a.b":"?","level":"?"}', "?" * 10]))
    check(document.replace(b"?", b"\xff\xc3"))


def test_names_as_long_as_can_be_leave_room_for_every_id() -> None:
    """With the most ids that a joined line has, and whatever else is in `meta`."""
    fields = {"x" + chr(97 + n): "é" * 256 for n in range(20)}
    printed = json.dumps({**fields, "all": [*range(370)]}, indent=1, ensure_ascii=False).split("\n")
    messages = ["START x" + "y" * 300, *[" at x"] * 399, *printed]
    group, stream = "é" * 512, "/ecs/" + "é" * 507
    document = to_json(make_document(messages, group=group, stream=stream, filters=["é" * 512] * 5))
    own = {f"own_{n}": "{log_group}{log_stream}" for n in range(50)}
    multiline = {"kind": "stack-traces", "json": True, "max_bytes": 100_000}
    lines, _ = forward(everything(meta=own, multiline=multiline), document)
    check_lines(lines)
    assert [1 + len(line["meta"].get("event_ids", [])) for line in lines] == [400, len(printed)]
    assert ids_of(lines).total() == len(messages)


ATOMS = st.sampled_from(
    [
        *(
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            '"',
            "\\",
            "\n",
            " ",
            "\ud800",
            "é",
            "😀",
            "level",
            "error",
            '"log":{"time":',
        ),
        *(
            '"a.b"',
            "1795000000000",
            "4111 1111 1111 1111",
            "bob@example.com",
            "at x.y(Z.java:1)",
            "\tat a",
            "REPORT ",
        ),
    ]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["level", "log", "time", "a.b", "_account", "half", "drop", "it", "trace_id"])
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
RUNS = (
    st.lists(ATOMS, max_size=12).map("".join).map(lambda text: [text])
    | VALUES.map(lambda value: [json.dumps(value)])
    | VALUES.map(lambda value: json.dumps(value, indent=1).split("\n"))
    | st.lists(VALUES, max_size=3)
)


@settings(max_examples=150)
@given(
    st.lists(RUNS, max_size=10).map(lambda runs: [message for run in runs for message in run]),
    st.text(min_size=1, max_size=30)
    | st.sampled_from(["/aws/lambda/x", "/aws/eks/a/cluster", "aws-waf-logs-a"]),
    st.text(max_size=30) | st.just("web/nginx/0123456789abcdef0123456789abcdef"),
)
def test_whatever_log_events_hold(messages: list[object], group: str, stream: str) -> None:
    if any("\ud800" in message for message in messages if isinstance(message, str)):
        messages = [one if isinstance(one, str) else json.dumps(one) for one in messages]
    document = to_json(make_document(messages, group=group, stream=stream))
    check(document)
    check(document.replace("é".encode(), b"\xff\xc3"))


SHAPES: dict[str, Any] = {
    "never closed": lambda n: ["{", *[' "a": 1,'] * n],
    "opened again": lambda n: ["{", ' "a": {'] * n,
    "keys": lambda n: ["{" + ",".join(f'"{k}":1' for k in range(n)) + "}"],
    "ids": lambda n: [json.dumps({f"{k:06}": k}) for k in range(n)],
    "objects within one another": lambda n: ['{"a":' * n + "1" + "}" * n],
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_steps_grow_with_the_events_alone(shape: str) -> None:
    def steps(count: int) -> int:
        document, found = to_json(make_document(SHAPES[shape](count))), everything(**_SELECTION)
        calls = 0

        def count_calls(_frame: object, event: str, _argument: object) -> None:
            nonlocal calls
            calls += event in ("call", "c_call")

        sys.setprofile(count_calls)
        try:
            forward(found, document)
        finally:
            sys.setprofile(None)
        return calls

    steps(10)
    assert steps(2_000) < 2.2 * steps(1_000)
