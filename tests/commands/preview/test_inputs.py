"""Sample events in every form that people have them in."""

import base64
import gzip
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mezmo_forwarder_commands.errors import CommandError
from mezmo_forwarder_commands.preview.inputs import About, pack, read
from tests.commands.preview.samples import NOW, messages_of, see_file
from tests.handler.cloudwatch import make_document, make_event

GROUP = "/aws/lambda/orders"
MESSAGES = ["first\n", "zweite Zeile, größer", "half \ud83d"]
Write = Callable[[object], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(contents: object) -> Path:
        path = tmp_path / "events"
        path.write_bytes(contents if isinstance(contents, bytes) else json.dumps(contents).encode())
        return path

    return write


def kinesis(*events: dict[str, object]) -> dict[str, object]:
    data = [event["awslogs"]["data"] for event in events]  # type: ignore[index]
    return {"Records": [{"kinesis": {"sequenceNumber": str(n), "data": one}} for n, one in enumerate(data)]}


DOCUMENT = make_document(MESSAGES)
EVENT = make_event(MESSAGES)


@pytest.mark.parametrize(
    "contents",
    [
        EVENT,
        DOCUMENT,
        [DOCUMENT],
        kinesis(EVENT),
        pack(DOCUMENT),
        json.dumps(DOCUMENT, indent=2).encode(),
        b"\xef\xbb\xbf" + json.dumps(EVENT).encode(),
        json.dumps(DOCUMENT, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n\n",
    ],
    ids=["event", "document", "list", "kinesis", "gzip", "indented", "byte order mark", "lines"],
)
def test_what_cloudwatch_sends(write: Write, contents: object) -> None:
    assert messages_of(see_file(write(contents))) == MESSAGES


def test_several_documents(write: Write) -> None:
    two = json.dumps(DOCUMENT).encode() + b"\n" + json.dumps(EVENT).encode() + b"\n"

    assert messages_of(see_file(write([DOCUMENT, EVENT]))) == 2 * MESSAGES
    assert messages_of(see_file(write(two))) == 2 * MESSAGES
    assert messages_of(see_file(write(kinesis(EVENT, EVENT)))) == 2 * MESSAGES


def test_what_filter_log_events_prints(write: Write) -> None:
    printed = {
        "events": [
            {"logStreamName": "b", "timestamp": NOW, "message": "1", "ingestionTime": NOW, "eventId": "77"},
            {
                "logStreamName": "a",
                "timestamp": NOW + 1,
                "message": "2",
                "ingestionTime": NOW,
                "eventId": "78",
            },
            {
                "logStreamName": "b",
                "timestamp": NOW + 2,
                "message": "3",
                "ingestionTime": NOW,
                "eventId": "79",
            },
        ],
        "searchedLogStreams": [],
    }
    for contents in (printed, printed["events"]):
        seen = see_file(write(contents), group=GROUP, owner="123456789012")
        events = [event for entry in seen.entries for event in entry.events]
        assert [(event.stream, event.message, event.id) for event in events] == [
            ("b", "1", "77"), ("b", "3", "79"), ("a", "2", "78"),
        ]  # fmt: skip
        assert {(event.owner, event.group) for event in events} == {("123456789012", GROUP)}


def test_what_get_log_events_prints(write: Write) -> None:
    printed = {
        "events": [{"timestamp": NOW, "message": "1", "ingestionTime": NOW}],
        "nextForwardToken": "f/1",
    }
    seen = see_file(write(printed), group=GROUP, stream="s")

    assert [(event.stream, event.timestamp) for event in seen.entries[0].events] == [("s", NOW)]


def test_an_export_to_s3(tmp_path: Path) -> None:
    text = (
        "2026-11-23T10:00:00.123Z first\n"
        "2026-11-23T10:00:01.000Z Traceback\n  File\n"
        "2026-11-23T10:00:02.000Z \n"
    )
    folder = tmp_path / "export/0a1b/2026-11-23-[$LATEST]abc"
    folder.mkdir(parents=True)
    (folder / "000000.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "export/aws-logs-write-test").write_text("Permission Check Successful")

    for path in (tmp_path / "export", folder / "000000.gz"):
        seen = see_file(path, group=GROUP)
        assert messages_of(seen) == ["first", "Traceback\n  File", ""]
        first = seen.entries[0].events[0]
        assert (first.timestamp, first.stream) == (1_795_428_000_123, "2026-11-23-[$LATEST]abc")


def test_plain_text_that_looks_like_an_export_is_text_unless_told(write: Write) -> None:
    path = write(b"2026-11-23T10:00:00.123Z INFO x\n")

    assert messages_of(see_file(path)) == ["2026-11-23T10:00:00.123Z INFO x"]
    assert messages_of(see_file(path, kind="export", group=GROUP)) == ["INFO x"]


@pytest.mark.parametrize(
    "text",
    [
        "one\ntwo\n",
        '{"level":"info","message":"x","timestamp":"2026"}\n',
        '{"message":"x","timestamp":1795000000000}\n',
        '{"message":"x","timestamp":1795000000000}\n{"message":"y","timestamp":1795000000000}\n',
        "[not json\n\n",
        "[" * 100_000 + "\n",
        "a\u2028b\x0cc\r\n",
        "1\n",
    ],
)
def test_plain_text_is_a_message_a_line(write: Write, text: str) -> None:
    seen = see_file(write(text.encode()))

    assert messages_of(seen) == text.removesuffix("\n").split("\n")
    assert {event.timestamp for entry in seen.entries for event in entry.events} == {NOW}


def test_broken_utf_8_is_replaced_as_in_cloudwatch(write: Write) -> None:
    assert messages_of(see_file(write(b"a\xffb\n"))) == ["a\ufffdb"]


HARD = [
    b"[]",
    b"{}",
    b"null",
    b'[{"messageType":1}]',
    b'{"Records":[{}]}',
    b'{"events":[[1]]}',
    b"\x1f\x8b",
    b"\x1f\x8b\x08\x00",
]


@given(st.one_of(st.binary(), st.sampled_from(HARD)))
def test_no_file_ends_in_anything_but_events_or_a_reason(data: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        try:
            messages_of(see_file(Path(file.name), group=GROUP))
        except CommandError as error:
            assert file.name in str(error)  # noqa: PT017


DAMAGED = base64.b64encode(b"no gzip").decode()


@pytest.mark.parametrize(
    ("contents", "about", "named"),
    [
        ({"awslogs": {"data": DAMAGED}}, {}, "gzip"),
        ({"awslogs": {"data": "%"}}, {}, "not base64"),
        ({"awslogs": {}}, {}, 'expects {"awslogs": {"data": "..."}}'),
        ({"messageType": "DATA_MESSAGE"}, {}, "names no logGroup"),
        ({"messageType": "OTHER", "logGroup": "g"}, {}, "'OTHER'"),
        ([DOCUMENT, 5], {}, "type int"),
        (b"\x1f\x8bno", {}, "begins like gzip"),
        (b"", {}, "holds no log events"),
        (b"[]", {}, "holds no log events"),
        ({"events": []}, {"group": GROUP}, "holds no log events"),
        ({"events": [{"timestamp": 1, "message": "x"}]}, {}, "add --log-group NAME"),
        (
            {"events": [{"timestamp": 1, "message": "x"}, {"text": "y"}]},
            {"group": GROUP},
            'event 1 is {"text": "y"}',
        ),
        ({"events": [{"timestamp": "1", "message": "x"}]}, {"group": GROUP}, "timestamp"),
        (b"no time", {"group": GROUP, "kind": "export"}, "line 1 is 'no time'"),
        (b"text", {"kind": "cloudwatch"}, "not a CloudWatch Logs event"),
    ],
)
def test_what_is_wrong_is_named(write: Write, contents: object, about: dict[str, Any], named: str) -> None:
    path = write(contents)
    with pytest.raises(CommandError) as caught:
        see_file(path, **about)

    assert named in str(caught.value)
    assert str(path) in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file.*name a file that can be read"):
        list(read([str(tmp_path / "none")], About()))
    with pytest.raises(CommandError, match="a folder without an export"):
        list(read([str(tmp_path)], About()))
