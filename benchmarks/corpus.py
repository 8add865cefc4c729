"""Payloads as CloudWatch makes them, generated with fixed seeds."""

import base64
import gzip
import json
import random
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import count as count_up
from itertools import cycle, islice

MIXED = "40 B to 4 KB"
SIZES = {"40 B": (40, 40), "130 B": (130, 130), "400 B": (400, 400), "4 KB": (4096, 4096), MIXED: (40, 4096)}
"""Bytes of a message, by name; of the range, small ones are likelier: median 130 B, mean 530 B."""
KINDS = ("text", "JSON")

_LARGEST_GZIP = 750_000 - 100  # what 1 MB of JSON holds in base64: an asynchronous invocation's most
_LARGEST_RECORD = 1_000_000  # bytes of a Kinesis record
_LARGEST_BATCH = 4_500_000  # likewise, what 6 MB of JSON hold: the most of a stream's invocation
_ALIKE_PACKED, _ALIKE_FRAME = 22, 130  # bytes that such a log event takes, packed, and beside its text
_PROSE = """order user cart payment session request response cache retry upstream timeout connected shipped
    invoice customer token refreshed queue worker started finished after before with from item total price
    stock checkout gateway region latency sent received closed opened pending accepted refused"""
_WORDS = _PROSE.split()
_NAMES = ("Zoë", "Łukasz", "さくら", "Ольга")
_SECRETS = (
    "zoe@example.com",
    "4111 1111 1111 1111",
    "DE89370400440532013000",
    "AKIAIOSFODNN7EXAMPLE",
    "aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
    "Bearer mF_9.B5f-4.1JqM",
    "10.20.30.40",
    "2001:db8::8a2e:370:7334",
    "-----BEGIN PRIVATE KEY----- MIIEvQIBADANBgkqhkiG9w0BAQEFAASC -----END PRIVATE KEY-----",
)
_TIME = 1_793_000_000_000
_FIRST_ID = 38_953_106_606_966_983_378_809_025_079_804_211_143_289_615_424_298_221_568


@dataclass(frozen=True)
class Payload:
    """One invocation's `awslogs.data`; `size` is the document's, in bytes, unpacked."""

    name: str
    size: int
    data: str

    @property
    def event(self) -> str:
        """What Lambda is invoked with, as JSON."""
        return f'{{"awslogs":{{"data":"{self.data}"}}}}'


@dataclass(frozen=True)
class StreamBatch:
    """One invocation's Kinesis records."""

    name: str
    records: list[Payload]

    @property
    def size(self) -> int:
        """The documents' bytes, unpacked."""
        return sum(record.size for record in self.records)

    @property
    def event(self) -> str:
        """What Lambda is invoked with, as JSON."""
        return _compact({"Records": [_record(*numbered) for numbered in enumerate(self.records)]})


def payload(kind: str, count: int, size: str) -> Payload:
    """Make a payload of `count` events of a kind of `KINDS`, with messages of a size of `SIZES`."""
    return pack(f"{count:,} {kind} events of {size}", islice(_events(kind, size), count))


def traces(count: int) -> Payload:
    """Make a payload of text events with timestamps, of which some are errors with stack traces of Java."""
    return pack(f"{count:,} events with stack traces", islice(_traces(), count))


def json_with_times(count: int) -> Payload:
    """Make a payload of JSON events that tell their time, some milliseconds before the event's own."""
    return pack(f"{count:,} JSON events with times", islice(_timed(), count))


def printed_json(count: int, texts: int) -> Payload:
    """Make a payload of JSON objects, printed over eight log events each, with so many texts after each."""
    share = "all" if not texts else f"1 in {1 + texts // 8}"
    return pack(f"{count:,} events, {share} of printed JSON", islice(_printed(texts), count))


def hostile_json() -> Iterator[Payload]:
    """Make payloads of JSON that is to cost memory: many keys, deep ones, objects that are never closed."""
    choose = random.Random("keys")
    keys = ",".join(f'"{choose.getrandbits(40):x}":1' for _ in range(60_000))
    yield pack("60,000 keys", (event(n, _TIME, f'{{"level":"error",{keys}}}') for n in range(1)))
    small = ",".join(f'"{number:x}":{{}}' for number in range(5_000))
    yield pack("5,000 keys, 200 times", (event(n, _TIME, f"{{{small}}}") for n in range(200)))
    deep = '{"a":' * 100_000
    yield pack(
        "100,000 objects deep, 20 times", (event(n, _TIME, deep + "1" + "}" * 100_000) for n in range(20))
    )
    yield pack(
        "JSON of 1 MiB, 20 times", (event(n, _TIME, '{"a":"' + "x" * (1 << 20) + '"}') for n in range(20))
    )
    lines = cycle(["{", *['  "a": {'] * 99])
    yield pack("JSON that is never closed", (event(n, _TIME, next(lines)) for n in range(40_000)))


def payload_with_secrets(kind: str, count: int, size: str, every: int) -> Payload:
    """Make the same, but that one message of so many holds something that a rule of redaction finds."""
    events = islice(_events(kind, size, every=every), count)
    return pack(f"{count:,} {kind} events of {size}, 1 in {every} with a secret", events)


def largest_payload(kind: str, size: str) -> Payload:
    """Make a payload that fills an invocation to within a few per cent, at ordinary compression."""
    sample = payload(kind, 5000, size)
    count = int(5000 * _LARGEST_GZIP * 0.97 / (len(sample.data) * 0.75))
    return pack(f"largest payload, {kind} of {size}", islice(_events(kind, size), count))


def bomb() -> Payload:
    """Make a valid document of one message that fills an invocation and unpacks to 1,000 times as much."""
    block = b"a" * 1_000_000
    blocks = _LARGEST_GZIP * 1000 // len(block)
    head, tail = document(['{"id":"1","timestamp":1793000000000,"message":"|"}']).encode().split(b"|")
    return _repeated("bomb of one message", head, block, blocks, tail)


def bomb_of_events(length: int) -> Payload:
    """Make a document of equal log events, with messages of that many bytes, that fills an invocation."""
    head, tail = document(["|"]).encode().split(b"|")
    some = ",".join([event(0, _TIME, "a" * length)] * 100).encode()
    sample = _repeated("", head, some + b",", 100, some + tail)
    blocks = 100 * _LARGEST_GZIP // (len(sample.data) * 3 // 4)
    name = f"bomb of {blocks * 100:,} events of {length:,} B"
    return _repeated(name, head, some + b",", blocks - 1, some + tail)


def tiny_events() -> Payload:
    """Make a payload of 180,000 log events in 20 MiB: the more events, the more memory a byte takes."""
    count, size = 180_000, 20 * (1 << 20)
    one = event(0, _TIME, "")
    one = event(0, _TIME, "a" * (size // count - len(one) - 1))
    return pack(f"{count:,} events in 20 MiB", [one] * count)


def long_messages() -> Payload:
    """Make a payload of 40 messages of 1 MiB each."""
    block = _prose(1 << 12, random.Random("long"))
    return pack("40 messages of 1 MiB", (event(n, _TIME + n, block * 256) for n in range(40)))


def stream_batch(ratio: int | None = None) -> StreamBatch:
    """Make the largest Kinesis batch, at ordinary compression or at one of about `ratio` to 1."""
    sizes = [_LARGEST_RECORD] * (_LARGEST_BATCH // _LARGEST_RECORD) + [_LARGEST_BATCH % _LARGEST_RECORD]
    name = f"Kinesis, 6 MB in {len(sizes)} records, " + (f"{ratio} to 1" if ratio else "ordinary text")
    make = partial(_alike, ratio) if ratio else partial(_events, "text", MIXED)
    sample = pack("", islice(make(), 5000))
    packed = len(sample.data) * 0.75 / 5000 / 0.97
    return StreamBatch(name, [pack("", islice(make(), int(size / packed))) for size in sizes])


def pack(name: str, events: Iterable[str], **fields: object) -> Payload:
    """Make a payload of encoded events."""
    text = document(events, **fields).encode()
    return Payload(name, len(text), base64.b64encode(gzip.compress(text, 6, mtime=0)).decode())


def document(events: Iterable[str], **fields: object) -> str:
    """Make CloudWatch's document; `fields` are in the place of its own."""
    head = {
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": "/aws/ecs/MyApplicationLogGroup",
        "logStream": "web/app/0123456789abcdef0123456789abcdef",
        "subscriptionFilters": ["MezmoLogForwarder-a1b2c3d4"],
    }
    return f'{_compact(head | fields)[:-1]},"logEvents":[{",".join(events)}]}}'


def event(number: int, timestamp: int, message: str) -> str:
    """Encode the stream's event of that number."""
    return _compact({"id": f"{_FIRST_ID + number:056d}", "timestamp": timestamp, "message": message})


def _repeated(name: str, head: bytes, block: bytes, blocks: int, tail: bytes) -> Payload:
    """Pack a block many times over, between head and tail, as tightly as can be."""
    compress = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(compress.compress(part) for part in (head, *[block] * blocks, tail)) + compress.flush()
    return Payload(name, len(head) + blocks * len(block) + len(tail), base64.b64encode(packed).decode())


def _record(number: int, what: Payload) -> dict[str, object]:
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "0123456789abcdef0123456789abcdef",
            "sequenceNumber": f"{_FIRST_ID + number:056d}",
            "data": what.data,
            "approximateArrivalTimestamp": _TIME / 1000,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{_FIRST_ID + number:056d}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/forwarder",
        "awsRegion": "eu-west-3",
        "eventSourceARN": "arn:aws:kinesis:eu-west-3:123456789012:stream/logs",
    }


def _alike(ratio: int) -> Iterator[str]:
    """Make log events that differ in a number alone, and compress to about 1 in `ratio`."""
    choose = random.Random("alike")
    texts = [_text(number, _ALIKE_PACKED * ratio - _ALIKE_FRAME, choose) for number in range(20)]
    for number, text in enumerate(cycle(texts)):
        yield event(number, _TIME + number, f"{choose.getrandbits(64):016x} {text}")


def _events(kind: str, size: str, *, every: int = 0) -> Iterator[str]:
    """Make log events; of so many, if that is not 0, one ends in a secret."""
    choose = random.Random(f"{kind} {size}")
    low, high = SIZES[size]
    number = 0
    while True:
        length = round(low * (high / low) ** choose.random() ** 2)
        message = (_text if kind == "text" else _json)(number, length, choose)
        if every and number % every == 0:
            secret = _SECRETS[number // every % len(_SECRETS)]
            message = f"{message} {secret}" if kind == "text" else f'{message[:-1]},"of":"{secret}"}}'
        # Lambda's own messages end in a line feed.
        yield event(number, _TIME + number, message + choose.choice(["", "\n"]))
        number += 1


def _timed() -> Iterator[str]:
    choose = random.Random("timed")
    low, high = SIZES[MIXED]
    for number in count_up():
        moment = datetime.fromtimestamp((_TIME + number) / 1000, UTC).isoformat(timespec="milliseconds")
        fields = {"level": choose.choice(["info", "warn"]), "time": moment, "n": number}
        length = round(low * (high / low) ** choose.random() ** 2)
        fields["msg"] = _prose(length - len(_compact(fields)), choose)
        yield event(number, _TIME + number + choose.randrange(1, 50), _compact(fields))


def _printed(texts: int) -> Iterator[str]:
    choose = random.Random("printed")
    numbers = count_up()
    for number in count_up():
        message = {"level": "info", "n": number, "http": {"status": 200}, "msg": _prose(200, choose)}
        lines = json.dumps(message, ensure_ascii=False, indent=2).split("\n")
        lines += (_text(number, choose.randrange(60, 300), choose) for _ in range(texts))
        for line in lines:
            yield event(next(numbers), _TIME + number, line)


def _traces() -> Iterator[str]:
    choose = random.Random("traces")
    numbers = count_up()
    for second in count_up():
        clock = f"2026-11-25 10:{second // 60 % 60:02}:{second % 60:02},{choose.randrange(1000):03}"
        lines = [f"{clock} {_text(second, choose.randrange(60, 300), choose)}"]
        if choose.randrange(100) == 0:
            lines[0] = f"{clock} ERROR order {second} was not taken"
            lines.append("com.example.shop.StockException: sold out")
            lines += [
                f"\tat com.example.{choose.choice(_WORDS)}.{choose.choice(_WORDS)}(Shop.java:{line})"
                for line in range(choose.randrange(20, 40))
            ]
        for line in lines:
            yield event(next(numbers), _TIME + second * 1000, line)


def _text(number: int, length: int, choose: random.Random) -> str:
    level = choose.choice(["INFO", "INFO", "WARN", "ERROR"])
    start = f"{level} GET /orders/{number} 200 {choose.randrange(900)} ms id={choose.getrandbits(64):016x} "
    return start[:length] + _prose(length - len(start), choose)


def _json(number: int, length: int, choose: random.Random) -> str:
    fields: dict[str, object] = {"level": choose.choice(["info", "warn"]), "n": number}
    if length > 200:
        fields["time"] = f"2026-11-24T02:47:{number % 60:02d}.{choose.randrange(1000):03d}Z"
        fields["trace"] = f"{choose.getrandbits(128):032x}"
        fields["http"] = {"status": 200, "path": f"/orders/{number}", "ms": choose.randrange(900)}
    return _compact({**fields, "msg": _prose(length - len(_compact({**fields, "msg": ""})), choose)})


def _prose(length: int, choose: random.Random) -> str:
    """Write words and numbers, with a name beyond ASCII here and there."""
    text = ""
    while len(text) < length:
        dice = choose.random()
        words = _NAMES if dice > 0.998 else _WORDS
        text += " " + (choose.choice(words) if dice > 0.1 else str(choose.randrange(10_000)))
    return text[1 : 1 + max(length, 0)]


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
