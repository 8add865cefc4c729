"""The preview shows what the handler sends, and says why."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw, structs

from handler.events.documents import LogEvent, Received
from handler.forwarding.forwarder import Forwarder
from handler.settings import read_settings
from handler.texts.literals import literal_of, text_of
from local.mezmo import MezmoStandIn
from mezmo_forwarder_commands.preview.inputs import Payload, pack
from mezmo_forwarder_commands.preview.notes import Made, Note, notes_on
from mezmo_forwarder_commands.preview.preview import preview, to_json
from tests.commands.preview.samples import STANDARD, messages_of, notes_of, see, texts
from tests.handler.cloudwatch import FIRST_TIMESTAMP, make_document, make_event
from tests.handler.doubles import KEY, Context, make_settings, settings_json

FORMATS = ("standard", "mezmo-lambda", "mezmo-lambda-raw")
ANY_MESSAGES = st.lists(st.one_of(st.text(), st.text(st.characters()), st.just("\ud83d")), max_size=20)
MIXED = ["hello \n", "", '{"level":"warn","message":"x"}', "é" * 20_000, "half \ud83d", "\0\u2028"]


@pytest.mark.parametrize("kind", ["log-analysis", "pipeline"])
@pytest.mark.parametrize("line_format", FORMATS)
def test_the_lines_are_those_that_arrive_at_mezmo(line_format: str, kind: str) -> None:
    with MezmoStandIn(keys={KEY}, tls=False) as mezmo:
        url = mezmo.log_analysis_url if kind == "log-analysis" else mezmo.pipeline_url("a-route")
        document = settings_json(url, kind=kind, line_format=line_format, tags=["eu"], env="prod")
        told = read_settings({"MEZMO_FORWARDER_SETTINGS": document})
        forwarder = Forwarder(told, environment={"KEY": KEY})
        forwarder.handle(make_event(MIXED), Context())
        forwarder.close()
        seen = see(MIXED, told)
        arrived = [(line.hostname, ",".join(line.tags), line.fields) for line in mezmo.lines]

    lines = [line for entry in seen.entries for line in entry.lines]
    assert len(arrived) >= len(MIXED) - 1
    assert [(line.hostname or "", line.tags, line.fields) for line in lines] == arrived


@settings(max_examples=50)
@given(ANY_MESSAGES, st.sampled_from(FORMATS))
def test_every_event_is_there_in_order_and_the_figures_add_up(messages: list[str], line_format: str) -> None:
    seen = see(messages, make_settings(line_format=line_format))

    assert messages_of(seen) == messages
    assert seen.received == seen.lines + sum(seen.filtered.values())
    assert sum(seen.filtered.values()) == sum(not entry.lines for entry in seen.entries)
    assert json.loads(to_json(seen))["lines"] == seen.lines
    assert to_json(seen).isascii()


def test_what_is_filtered_says_why() -> None:
    seen = see(["", "a", " \n"])

    assert texts(seen) == ["a"]
    assert notes_of(seen) == [["filtered: empty"], [], ["filtered: empty"]]
    assert seen.summary.startswith("3 events → 1 line · 2 filtered (empty) · 1 request, ")


def test_a_line_that_is_split_or_truncated_says_so() -> None:
    long = "x" * 40_000

    assert notes_of(see([long])) == [["split: over 16 KB: 3 parts, told apart by meta.part"]]
    assert [len(str(text)) for text in texts(see([long]))] == [16_384, 16_384, 7_232]
    truncated = see([long], make_settings(oversize_lines="truncate"))
    assert notes_of(truncated) == [["truncated: 23,616 bytes over 16 KB left out"]]


def test_a_line_that_mezmo_would_cut_gets_a_warning() -> None:
    seen = see(["x" * 16_385, "x" * 16_384], make_settings(oversize_lines="whole"))

    assert notes_of(seen) == [["warning: 16,385 bytes: Mezmo keeps the first 16,384"], []]


def test_events_of_one_id_keep_their_lines() -> None:
    document = make_document(["a", "", "b"])
    for event in document["logEvents"]:  # type: ignore[attr-defined]
        event["id"] = "1"
    seen = preview(STANDARD, [Payload(pack(document), "test")])

    assert [[line.fields["line"] for line in entry.lines] for entry in seen.entries] == [["a"], [], ["b"]]


def test_several_events_in_one_line_are_said_to_be_joined() -> None:
    assert notes_on(Made(STANDARD, ["a", "b"], [{"line": "a\nb"}], "")) == [Note("joined", "2 events")]


class Joined(LogEvent):
    event_ids: tuple[str, ...] = ()


def test_log_events_that_are_joined_before_they_become_a_line_stand_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def join(_settings: object, received: Received) -> Received:
        first, second, *others = received.document.log_events
        text = literal_of(text_of(bytes(first.message)) + text_of(bytes(second.message)))
        joined = Joined(first.id, first.timestamp, Raw(text), ("1",))
        document = structs.replace(received.document, log_events=[joined, *others])
        return structs.replace(received, document=document)

    monkeypatch.setattr("mezmo_forwarder_commands.preview.preview._joined", join)
    seen = see(["a\n", "b", "c", ""])

    assert [[event.message for event in entry.events] for entry in seen.entries] == [
        ["a\n", "b"],
        ["c"],
        [""],
    ]
    assert texts(seen) == ["a\nb", "c"]
    assert notes_of(seen) == [["joined: 2 events"], [], ["filtered: empty"]]
    assert seen.received == 3


def test_what_changed_in_a_text_is_said() -> None:
    assert notes_of(see(["a\n", "a \t\n", "a\ud83d"])) == [
        [],
        ["changed: white space at the end cut (3 characters)"],
        ["changed: halves of surrogate pairs replaced by U+FFFD"],
    ]


def test_control_messages_are_counted() -> None:
    seen = see(["x"], message_type="CONTROL_MESSAGE")

    assert (seen.entries, seen.control_messages) == ([], 1)
    assert seen.summary == "0 events → 0 lines · 1 control message skipped"


def test_documents_keep_their_own_hosts() -> None:
    payloads = [Payload(pack(make_document(["x"], group=group)), "test") for group in ("/a/b.c", "/d")]
    seen = preview(STANDARD, payloads)

    assert [entry.lines[0].hostname for entry in seen.entries] == ["a/b_c", "d"]
    assert seen.requests == 2


def test_documents_of_one_host_share_their_requests() -> None:
    payloads = [Payload(pack(make_document([text * 600_000])), "test") for text in "abc"]
    seen = preview(make_settings(oversize_lines="whole"), payloads)

    assert (seen.requests, seen.lines) == (3, 3)
    small = [Payload(pack(make_document([text])), "test") for text in "abc"]
    assert preview(STANDARD, small).requests == 1
    assert preview(STANDARD, payloads).bytes > 3 * 600_000, "before compression"


@pytest.mark.parametrize(
    ("message", "level", "level_from", "text"),
    [
        ('{"level":"warn","message":"x"}', ("warn", "WARN"), "json", "x"),
        ('{"level":"audit"}', ("audit", ""), "json", '{"level":"audit"}'),
        ('{"message":"ERROR"}', ("", ""), "", "ERROR"),
        ("2026-11-25 ERROR x", ("ERROR", "ERROR"), "text", "2026-11-25 ERROR x"),
        ("[warning] x", ("WARN", "WARN"), "text", "[warning] x"),
        ("time=1 level=debug", ("DEBUG", "DEBUG"), "text", "time=1 level=debug"),
        ("no errors", ("", ""), "", "no errors"),
        ("[" * 50_000, ("", ""), "", "[" * 16_384),
        ("é" * 8_193, ("", ""), "", "é" * 8_192),
        ('{"a":' * 20_000 + "1" + "}" * 20_000, ("", ""), "", ('{"a":' * 4_000)[:16_384]),
        ('{"a":' * 2_500 + "1" + "}" * 2_500, ("", ""), "", '{"a":' * 2_500 + "1" + "}" * 2_500),
        ('{"level":"info","message":"' + "x" * 17_000 + '"}', ("", ""), "", None),
    ],
)
def test_what_a_user_of_mezmo_sees(
    message: str, level: tuple[str, str], level_from: str, text: str | None
) -> None:
    shown = see([message], make_settings(oversize_lines="whole")).entries[0].lines[0].shown

    assert (shown.level, shown.severity, shown.level_from) == (*level, level_from)
    assert shown.text == (message[:16_384] if text is None else text)


def test_a_file_is_shown_in_the_place_of_an_app() -> None:
    seen = see(["x"], make_settings(line_format="mezmo-lambda-raw"), stream="a-stream")

    assert seen.entries[0].lines[0].shown.app == "a-stream"


def test_json_holds_the_lines_as_they_are_sent() -> None:
    document = json.loads(to_json(see(["a"], make_settings(meta_fields=[], tags=["eu"]))))

    assert document["entries"][0]["lines"] == [
        {
            "hostname": "checkout",
            "tags": "eu",
            "line": {"line": "a", "timestamp": FIRST_TIMESTAMP, "app": "checkout"},
        }
    ]


def test_a_redaction_with_a_text_of_its_own_is_noted_and_a_lone_surrogate_is_none() -> None:
    settings = make_settings(redact={"rules": [{"rule": "email", "text": "***"}]})
    assert Note("redacted", "by a rule with a text of its own") in notes_on(
        Made(settings, ["by bob@example.com"], [{"line": "by ***"}], "")
    )
    kinds = [note.kind for note in notes_on(Made(settings, ["x \ud800"], [{"line": "x \ufffd"}], ""))]
    assert kinds == ["changed"]
