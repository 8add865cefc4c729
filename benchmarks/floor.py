"""The codec floor: what the codecs alone cost to turn a payload into the bodies that are sent for it."""

import binascii
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec
from isal import isal_zlib
from msgspec import Struct

UNPACK, LINES, GZIP, SEND = STAGES = ("base64, gunzip, decode", "lines", "gzip", "send")
"""What is timed; a floor sends nothing."""

_GZIP = 31  # zlib's number for a gzip container
_LEVEL = 1  # as the handler's

Text = TypeVar("Text")
"""A message: `str`, or `msgspec.Raw` for JSON that is passed on as it is."""


class _LogEvent(Struct, Generic[Text], gc=False):
    id: str
    timestamp: int
    message: Text


class _Document(Struct, Generic[Text], rename="camel"):
    message_type: str
    owner: str
    log_group: str
    log_stream: str
    subscription_filters: list[str]
    log_events: list[_LogEvent[Text]]


class _Meta(Struct, gc=False):
    owner: str
    group: str
    stream: str
    event_id: str
    filters: list[str]


class _Line(Struct, Generic[Text], gc=False):
    line: Text
    timestamp: int
    app: str
    meta: _Meta


class _Body(Struct, Generic[Text]):
    lines: list[_Line[Text]]


class Floor(Generic[Text]):
    """The floor of one payload; `bodies` are those the handler sends for it, not compressed."""

    def __init__(self, text: type[Text], data: str, bodies: list[bytes]) -> None:
        self._data = data
        self._decode = msgspec.json.Decoder(_Document[text]).decode  # type: ignore[valid-type]  # chosen at run time
        self._encode = msgspec.json.Encoder().encode
        of_lines = msgspec.json.Decoder(_Body[text])  # type: ignore[valid-type]  # chosen at run time
        self._bodies = [of_lines.decode(body) for body in bodies]
        self._encoded = bodies
        assert self._lines() == bodies, "a floor writes the same bytes"

    def stages(self) -> dict[str, Callable[[], object]]:
        """Return each stage, to be timed alone."""
        return {UNPACK: self._unpack, LINES: self._lines, GZIP: lambda: list(map(self._gzip, self._encoded))}

    def run(self) -> None:
        """Do it all once."""
        self._unpack()
        for body in self._bodies:
            self._gzip(self._encode(body))

    def _unpack(self) -> object:
        return self._decode(isal_zlib.decompress(binascii.a2b_base64(self._data), _GZIP))

    def _lines(self) -> list[bytes]:
        return [self._encode(body) for body in self._bodies]

    def _gzip(self, body: bytes) -> bytes:
        return isal_zlib.compress(body, _LEVEL, _GZIP)
