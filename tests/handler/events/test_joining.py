"""Several lines as one."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.events.documents import read_payload
from handler.events.joining import join
from handler.lines.batches import Batch, Query, Settled
from handler.lines.lines import split_line
from handler.lines.names import names_of
from handler.settings import Multiline
from handler.store.packing import pack_rejected, pack_undelivered
from local.simulation import SimulatedMezmo
from local.simulation.house import KEY, House
from tests.handler.cloudwatch import (
    FIRST_TIMESTAMP,
    encode,
    make_document,
    make_event,
    pack,
    read,
    received,
    to_json,
)
from tests.handler.doubles import calls_of, make_settings
from tests.handler.events.joined import ALL, LIMITS, as_events, joined, lines_of
from tests.handler.texts.test_shapes import TRACES


def test_a_message_that_is_no_text_is_never_joined() -> None:
    assert joined(["a", {"b": 1}, "  c", 5, "  d"]) == ["a", {"b": 1}, "  c", 5, "  d"]
    assert joined(["a", 5, "b"], Multiline("timestamp")) == ["a", 5, "b"]
    assert joined(["a", 5, "b"], Multiline("starts-with", "x")) == ["a", 5, "b"]
    assert joined(["a", 5, "b"], Multiline("continues-with", "5|b")) == ["a", 5, "b"]


def test_a_pattern_of_the_first_line_or_of_the_others() -> None:
    messages = ["# a", "b", "c", "# d", "# e", "f"]
    expected = ["# a\nb\nc", "# d", "# e\nf"]
    assert joined(messages, Multiline("starts-with", "^#")) == expected
    assert joined(messages, Multiline("continues-with", "^[a-z]")) == expected
    assert joined(['é "a"\t', "b"], Multiline("continues-with", "^é")) == ['é "a"\t', "b"]
    assert joined(["b", 'é "a"\t'], Multiline("continues-with", '^é "a"\t$')) == ['b\né "a"\t']


def test_lambda_s_own_lines_continue_nothing() -> None:
    messages = ["INIT_START x", "START RequestId: 1", "a", "b", "END RequestId: 1", "REPORT RequestId: 1"]
    expected = ["INIT_START x", "START RequestId: 1\na\nb", "END RequestId: 1", "REPORT RequestId: 1"]
    assert joined(messages, Multiline("starts-with", "^#")) == expected
    assert joined(messages, Multiline("timestamp")) == expected


def test_an_id_that_is_no_text_is_kept_as_its_json() -> None:
    document = make_document(["a", " b", " c"])
    document["logEvents"][1]["id"] = 5  # type: ignore[index]
    (event,) = join(ALL, read(pack(to_json(document)))).document.log_events
    assert event.event_ids == ("5", f"{2:056d}")


@pytest.mark.parametrize("fill", ["x", "é", "\té", '"ééé', "\n", "😀", "\\", "\ud83d"])
def test_a_pattern_is_looked_for_at_the_beginning(fill: str) -> None:
    for length in range(230, 262):
        message = "a" * (length % 7) + fill * length
        assert joined(["b", "^" + message], Multiline("continues-with", r"^[xy]|^\^")) == [f"b\n^{message}"]
    assert joined(["b", fill * 400 + "^"], Multiline("continues-with", r"\^")) == ["b", fill * 400 + "^"]


def test_a_line_is_in_one_group_alone() -> None:
    head = "java.lang.IllegalStateException: no"
    assert joined(["x", "Caused by: error", head, "\tat a"]) == ["x\nCaused by: error", f"{head}\n\tat a"]


def test_a_line_feed_at_the_end_is_no_backslash_and_n() -> None:
    assert joined(["a\n", " C:\\n", " b\n", " c"]) == ["a\n C:\\n\n b\n c"]


def test_a_pattern_that_begins_with_an_anchor_may_have_other_branches() -> None:
    assert joined(["x", "a b"], Multiline("continues-with", "^#|b")) == ["x\na b"]


def test_what_is_joined_is_not_stored_as_it_came() -> None:
    assert join(ALL, received(["a", " b"])).packed is None


@pytest.mark.parametrize(
    ("texts", "multiline", "left", "expected"),
    [
        (["a", " b", " c", " d"], Multiline("java", max_lines=2), [0, 1], ["a\n b", " c\n d"]),
        (["x", "a" * 300, " b"], Multiline("java", max_bytes=256), [0, 2], ["x", " b"]),
        (["x", "a", " b", "c", " d"], ALL, [2], ["c\n d"]),
    ],
)
def test_what_was_joined_once_is_not_joined_again(
    texts: list[str], multiline: Multiline, left: list[int], expected: list[str]
) -> None:
    (piece,) = encode(make_settings(), join(multiline, received(texts)))
    lines = piece.split()
    (back,) = read_payload(
        pack_undelivered([Settled(Batch(Query(""), [lines[n] for n in left]), "503")]), LIMITS
    )
    again = join(multiline, back)
    assert [json.loads(bytes(event.message)) for event in again.document.log_events] == expected
    ids = [[*event.event_ids] for event in again.document.log_events]
    assert ids == [json.loads(lines[n].array)[0]["meta"].get("event_ids", []) for n in left]


def test_bounds_to_the_byte() -> None:
    exact = ["a" * 100, " " + "b" * 151]
    assert len(joined(exact, Multiline("java", max_bytes=256))) == 1
    assert len(joined([exact[0], exact[1] + "b"], Multiline("java", max_bytes=256))) == 2
    empty = ["panic: x", *[""] * 112, "goroutine 1 [running]:"]
    assert joined(empty, Multiline("go", max_bytes=256)) == empty
    assert len(joined(empty, Multiline("go", max_bytes=300))) == 1


def test_long_ids_never_make_meta_larger_than_mezmo_takes() -> None:
    document = make_document(["a", *[" b"] * 99])
    for number, event in enumerate(document["logEvents"]):  # type: ignore[arg-type, var-annotated]
        event["id"] = f"{number:01000d}"
    lines = lines_of(make_settings(), join(ALL, read(pack(to_json(document)))))
    ids = [one for line in lines for one in [line["meta"]["event_id"], *line["meta"].get("event_ids", [])]]
    assert [int(one) for one in ids] == [*range(100)]
    assert max(len(json.dumps(line["meta"])) for line in lines) < 32_768


def test_bounds() -> None:
    many = ["a", *(f" {number}" for number in range(9))]
    assert [text.count("\n") + 1 for text in joined(many, Multiline("java", max_lines=4))] == [4, 4, 2]
    wide = ["a", *(" " + "x" * 99 for number in range(9))]
    assert [len(text) for text in joined(wide, Multiline("java", max_bytes=310))] == [304, 302, 302]
    document = make_document(many)
    for number, event in enumerate(document["logEvents"]):  # type: ignore[arg-type, var-annotated]
        event["timestamp"] = FIRST_TIMESTAMP + (number > 4) * 1501 + number
    late = read(pack(to_json(document)))
    assert len(join(Multiline("java", max_gap=1.5), late).document.log_events) == 2
    assert len(join(Multiline("java", max_gap=1.502), late).document.log_events) == 1


def test_a_trace_that_reaches_a_bound_goes_on_in_the_next_line() -> None:
    trace = as_events(TRACES["python"][1:2])
    lines = joined([*trace, "next"], Multiline("python", max_lines=4))
    assert "\n".join(lines) == "\n".join([*trace, "next"])
    assert lines[-1] == "next"
    assert all(line.count("\n") <= 3 for line in lines)


def test_at_a_payload_s_edge_the_rest_of_a_trace_is_a_line_of_its_own() -> None:
    trace = as_events(TRACES["java"][1:2])
    assert joined(trace[:4]) == ["\n".join(trace[:4])]
    assert joined([*trace[4:], "next"]) == ["\n".join(trace[4:]), "next"]
    assert joined([trace[4], "next", "  more"]) == [trace[4], "next\n  more"]


def test_a_joined_line_has_the_first_event_s_time_and_id_and_the_others_ids() -> None:
    settings = make_settings()
    plain, line, last = lines_of(settings, join(ALL, received(["x", "a", " b", " c", "d"])))
    assert (line["line"], line["timestamp"], line["app"]) == ("a\n b\n c", FIRST_TIMESTAMP + 1, "checkout")
    assert line["meta"] == {
        **plain["meta"],
        "event_id": f"{1:056d}",
        "event_ids": [f"{2:056d}", f"{3:056d}"],
    }
    assert "event_ids" not in plain["meta"]
    assert "event_ids" not in last["meta"]


def test_without_the_event_id_there_are_no_others() -> None:
    settings = make_settings(meta_fields=["group"])
    (line,) = lines_of(settings, join(ALL, received(["a", " b"])))
    assert [*line["meta"]] == ["group"]


def test_the_ids_stand_in_the_first_part_of_a_line_that_is_split() -> None:
    document = join(Multiline("java", max_bytes=100_000), received(["a", *[" " + "x" * 9_000] * 5]))
    parts = lines_of(make_settings(), document)
    assert len(parts) == 3
    assert ["event_ids" in part["meta"] for part in parts] == [True, False, False]
    assert len(parts[0]["meta"]["event_ids"]) == 5
    (cut,) = lines_of(make_settings(oversize_lines="truncate"), document)
    assert len(cut["meta"]["event_ids"]) == 5
    (piece,) = encode(make_settings(oversize_lines="whole"), document)
    assert len(split_line(make_settings(), piece, names_of(make_settings(), document.document))) == 3


@pytest.mark.parametrize("line_format", ["mezmo-lambda", "mezmo-lambda-raw"])
def test_in_the_formats_of_mezmo_s_lambda_as_well(line_format: str) -> None:
    (line,) = lines_of(make_settings(line_format=line_format), join(ALL, received(["a", " b"])))
    assert "a\n b" in (line["line"], json.loads(line["line"])["message"] if line["line"][0] == "{" else "")
    assert line["meta"]["event_ids"] == [f"{1:056d}"]
    assert "event_id" not in line["meta"]


def test_ids_never_make_meta_larger_than_mezmo_takes() -> None:
    document = received(["a", *[" b"] * 999], group="g" * 512, stream="s" * 512)
    lines = lines_of(make_settings(), join(Multiline("java", max_bytes=262_144), document))
    assert [1 + len(line["meta"]["event_ids"]) for line in lines] == [400, 400, 200]
    assert max(len(json.dumps(line["meta"])) for line in lines) < 32_768


TEXTS = st.text(max_size=6) | st.sampled_from(
    [text + end for lines in TRACES.values() for text in as_events(lines) for end in ("", "\n")]
    + ["", " ", "\\", "\\n", "a\ud83d", "\udc00", " \ud83d", "  a", "\ta"]
)
MULTILINES = st.builds(
    lambda kind, lines, size, gap: Multiline(
        kind,
        {"starts-with": "^[a-zE]", "continues-with": r"^[\s}C]"}.get(kind),
        max_lines=lines,
        max_bytes=size,
        max_gap=gap,
    ),
    st.sampled_from([*TRACES, "stack-traces", "starts-with", "continues-with"]),
    st.integers(2, 6),
    st.integers(256, 600),
    st.sampled_from([0, 0.002, 5]),
)


@given(
    payloads=st.lists(st.lists(st.tuples(TEXTS, st.integers(0, 4)), max_size=30), max_size=3),
    multiline=MULTILINES,
)
def test_no_id_and_no_character_is_lost_and_bounds_are_kept(
    payloads: list[list[tuple[str, int]]], multiline: Multiline
) -> None:
    for payload in payloads:
        made = make_document([text for text, _ in payload])
        times = [FIRST_TIMESTAMP]
        for _, wait in payload:
            times.append(times[-1] + wait)
        for event, time in zip(made["logEvents"], times[1:], strict=True):  # type: ignore[call-overload]
            event["timestamp"] = time
        before = read(pack(to_json(made)))
        after = join(multiline, before)
        place = 0
        for event in after.document.log_events:
            some = before.document.log_events[place : place + 1 + len(event.event_ids)]
            place += len(some)
            if len(some) == 1:
                assert event is some[0]
                continue
            texts = [json.loads(bytes(one.message)) for one in some]
            whole = "".join(text if text.endswith("\n") else text + "\n" for text in texts[:-1]) + texts[-1]
            assert json.loads(bytes(event.message)) == whole
            assert (bytes(event.id), event.timestamp) == (bytes(some[0].id), some[0].timestamp)
            assert list(event.event_ids) == [json.loads(bytes(one.id)) for one in some[1:]]
            assert len(some) <= multiline.max_lines
            assert len(whole.encode("utf-8", "surrogatepass")) <= multiline.max_bytes
            assert all(b.timestamp - a.timestamp <= multiline.max_gap * 1000 for a, b in pairwise(some))
        assert place == len(before.document.log_events)


@given(texts=st.lists(TEXTS, min_size=1, max_size=30), multiline=MULTILINES, data=st.data())
def test_through_the_store_and_back_a_line_stays_what_it_was(
    texts: list[str], multiline: Multiline, data: st.DataObject
) -> None:
    settings = make_settings(meta_fields=["event_id"])
    document = join(multiline, received(texts))
    lines = [line for piece in encode(settings, document) for line in piece.split()]
    left = [line for line in lines if data.draw(st.booleans())]
    settled = [Settled(Batch(Query(""), left), "503")]
    for packed in (pack_undelivered(settled), pack_rejected(settled)):
        again = [
            line
            for back in (read_payload(packed, LIMITS) if packed else [])
            for line in lines_of(settings, join(multiline, back))
        ]
        assert again == [json.loads(line.array)[0] for line in left]


@pytest.mark.parametrize("before", ["x", "goroutine 1 [running]:"])
@pytest.mark.parametrize("empty", ["", " ", 5])
def test_what_is_read_grows_with_the_lines_alone(before: str, empty: object) -> None:
    def reads(count: int) -> int:
        multiline, document = (
            Multiline("go"),
            received([before, *[empty] * count, "x", *[empty] * count, " x"]),
        )
        return calls_of(lambda: join(multiline, document))

    reads(10)
    assert reads(2_000) < 2.2 * reads(1_000)


def test_received_counts_a_joined_line_once(capsys: pytest.CaptureFixture[str]) -> None:
    codes = {"a": 200, "b\n c\n d": 503, "e\n f": 400}
    house = House(mezmo=SimulatedMezmo(KEY, code=codes.__getitem__), multiline={"kind": "java"})
    house.send(make_event(["a", "b", " c", " d", "e", " f"]))
    with house.lived_in():
        house.aws.run()
    line = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (line["LinesReceived"], line["LinesDelivered"]) == (3, 1)
    assert (line["LinesStored"], line["LinesRejected"], line["events_joined"]) == (1, 1, 3)


@pytest.mark.parametrize("multiline", [ALL, Multiline("timestamp"), Multiline("starts-with", "^#")])
@pytest.mark.parametrize("end", ["", "\n", " \r\n"])
def test_a_json_object_stays_a_line_of_its_own(multiline: Multiline, end: str) -> None:
    """With more behind it, Mezmo would not read it as one, and nothing would its level and trace."""
    told = '{"level":50,"msg":"it failed, error"}' + end
    trace = ["Traceback (most recent call last):", '  File "x.py", line 1', "ValueError: no"]
    messages = joined([told, *trace], multiline)
    assert messages[0] == told
    assert "\n".join(messages[1:]) == "\n".join(trace)


def test_the_first_line_of_a_printed_object_goes_on() -> None:
    assert joined(["{", '  "a": 1', "x"]) == ['{\n  "a": 1', "x"]
