"""What a seed decides: the events, the faults and their moments; and that nothing is left out."""

import json
from collections import Counter

import pytest

from local.faults import aws_script, mezmo_script
from local.faults.aws_script import AwsScript
from local.faults.events import BLANKS, GROUPS, STREAM_GROUP, make_puts
from local.faults.mezmo_script import MezmoScript
from local.faults.proxy import Call, Forward, Refuse
from local.faults.timeline import (
    AwsOutage,
    ClockJump,
    KeyRefused,
    KeyRotated,
    Kill,
    MezmoOutage,
    NamesBroken,
    make_timeline,
)
from local.mezmo import Answer
from tests.local.faults.lines import START

PUTS = list(make_puts(11, 20_000, 60.0, START))
EVENTS = [event for put in PUTS for event in put.events]
PUT_OBJECT = Call("s3", "PutObject", "key")
KEY_READ = Call("secretsmanager", "GetSecretValue")


def test_a_seed_makes_the_same_events_and_another_makes_others() -> None:
    again = [event for put in make_puts(11, 20_000, 60.0, START) for event in put.events]
    other = [event for put in make_puts(12, 20_000, 60.0, START) for event in put.events]
    assert again == EVENTS
    assert [event.message for event in other] != [event.message for event in EVENTS]
    assert len(EVENTS) == len(other) == 20_000


def test_the_beginning_moves_the_events_times_and_nothing_else() -> None:
    later = [event for put in make_puts(11, 20_000, 60.0, START + 7) for event in put.events]
    assert [event.timestamp - 7 for event in later] == [event.timestamp for event in EVENTS]
    assert [event.message for event in later] == [event.message for event in EVENTS]


def test_no_two_events_have_the_same_identity_and_streams_are_in_order() -> None:
    assert len({event.identity for event in EVENTS}) == len(EVENTS)
    for group in GROUPS:
        for stream in "ab":
            times = [event.timestamp for event in EVENTS if event.identity[:2] == (group, stream)]
            assert times == sorted(times)
            assert times
    assert STREAM_GROUP in GROUPS


def test_there_are_events_of_every_kind() -> None:
    sizes = [len(event.message.encode()) for event in EVENTS]
    assert sum(size > 16_384 for size in sizes) > 50
    assert sum(size > 200_000 for size in sizes) >= 2
    assert any(not event.text for event in EVENTS)
    assert any("\n" in event.text for event in EVENTS)
    assert any(not event.text.isascii() for event in EVENTS)
    assert any(event.text.startswith("{") and json.loads(event.text) for event in EVENTS)
    assert any(event.message.endswith(tuple(BLANKS)) for event in EVENTS)


def test_calls_are_as_put_log_events_takes_them_and_within_the_time() -> None:
    for put in PUTS:
        assert len({event.identity[:2] for event in put.events}) == 1
        assert sum(len(event.message.encode()) + 26 for event in put.events) <= 1_048_576
        assert 0 <= put.moment <= 60
    assert [put.moment for put in PUTS] == sorted(put.moment for put in PUTS)
    assert max(len(put.events) for put in PUTS) > 300


def test_mezmos_faults_are_the_same_for_a_seed() -> None:
    first, second, other = MezmoScript(5), MezmoScript(5), MezmoScript(6)
    faults = [first.request() for _ in range(500)]
    assert faults == [second.request() for _ in range(500)]
    assert faults != [other.request() for _ in range(500)]
    assert [first.connection() for _ in range(99)] == [second.connection() for _ in range(99)]


KINDS = """
200 that is not JSON
207 without a list
207, mixed
302
400
400 too large
401
402
403
404
408
409
413
415
418
429
429 with Retry-After
500
501
502
503
504
504 after the commit
TLS: broken handshake
TLS: silent
TLS: untrusted certificate
closed when idle
half-closed after the commit
half-closed before the commit
hang after the commit
hang before the commit
reset after the commit
reset before the commit
slow body
"""


def test_mezmos_script_knows_every_kind_of_fault() -> None:
    script = MezmoScript(1)
    drawn = [script.request() for _ in range(20_000)] + [script.connection() for _ in range(2_000)]
    kinds = Counter(map(mezmo_script.kind_of, drawn))
    assert sorted(filter(None, kinds)) == KINDS.strip().splitlines()
    assert 0.4 < kinds[""] / len(drawn) < 0.7


def test_an_outage_is_all_there_is_and_uses_up_nothing() -> None:
    script, undisturbed = MezmoScript(5), MezmoScript(5)
    first = [script.request() for _ in range(10)]
    script.outage = Answer(503)
    assert [script.request() for _ in range(10)] == [Answer(503)] * 10
    script.outage = None
    assert first + [script.request() for _ in range(10)] == [undisturbed.request() for _ in range(20)]


def test_what_is_told_to_be_taken_is_taken() -> None:
    """A 2xx for what Mezmo did not take would be Mezmo's loss, which nobody could heal."""
    script = MezmoScript(2)
    for fault in (script.request() for _ in range(20_000)):
        if isinstance(fault, Answer) and 200 <= fault.status < 300 and fault.status != 207:
            assert fault.commits
            assert fault.if_accepted


def test_awss_faults_are_the_same_for_a_seed_and_an_operation() -> None:
    first, second = AwsScript(5), AwsScript(5)
    faults = [first.fault(PUT_OBJECT) for _ in range(200)]
    interleaved = []
    for _ in range(200):
        interleaved.append(second.fault(PUT_OBJECT))
        second.fault(KEY_READ)
    assert faults == interleaved
    assert faults != [AwsScript(6).fault(PUT_OBJECT) for _ in range(200)]


@pytest.mark.parametrize(
    ("call", "kinds"),
    [
        (
            PUT_OBJECT,
            [
                "403 AccessDenied",
                "500 InternalError",
                "503 SlowDown",
                "answer cut short",
                "hang",
                "reset after it was carried out",
                "reset before it was carried out",
                "slow",
            ],
        ),
        (
            KEY_READ,
            [
                "400 AccessDeniedException",
                "400 ThrottlingException",
                "500 InternalServiceError",
                "answer cut short",
                "hang",
                "reset after it was carried out",
                "reset before it was carried out",
                "slow",
            ],
        ),
    ],
)
def test_awss_script_knows_every_kind_of_fault(call: Call, kinds: list[str]) -> None:
    script = AwsScript(1)
    drawn = {aws_script.kind_of(script.fault(call)) for _ in range(5_000)}
    assert sorted(drawn) == ["", *kinds]


def test_a_services_outage_leaves_the_other_alone() -> None:
    script = AwsScript(5)
    script.outages["s3"] = Refuse(503, "SlowDown")
    assert {script.fault(PUT_OBJECT) for _ in range(50)} == {Refuse(503, "SlowDown")}
    assert Forward() in {script.fault(KEY_READ) for _ in range(50)}


def test_the_timeline_is_the_same_for_a_seed_and_has_everything() -> None:
    timeline = make_timeline(5, 600)
    assert timeline == make_timeline(5, 600) != make_timeline(6, 600)
    assert [moment.at for moment in timeline] == sorted(moment.at for moment in timeline)
    assert all(0 <= moment.at < 600 for moment in timeline)
    assert {type(moment.trouble) for moment in timeline} == {
        MezmoOutage,
        AwsOutage,
        KeyRefused,
        KeyRotated,
        NamesBroken,
        ClockJump,
        Kill,
    }
    jumps = [moment.trouble.ahead for moment in timeline if isinstance(moment.trouble, ClockJump)]
    assert min(jumps) < -3600
    assert max(jumps) > 3600
    kills = [moment.trouble for moment in timeline if isinstance(moment.trouble, Kill)]
    assert {(kill.redrive, kill.after) for kill in kills} == {
        (redrive, after) for redrive in (False, True) for after in ("", "mezmo", "s3")
    }


@pytest.mark.parametrize("seed", range(20))
def test_a_short_timeline_has_a_rotation_and_kills(seed: int) -> None:
    kinds = {type(moment.trouble) for moment in make_timeline(seed, 20)}
    assert {KeyRotated, Kill} <= kinds
