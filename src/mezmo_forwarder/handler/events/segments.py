r"""A document that is too large to be decoded at once, cut between its log events while it is unpacked.

It is read twice: once to see that it is whole and what stands around the log events, then for these. So
nothing is sent of a document that turns out to be damaged, and the memory it takes is that of a segment.
"""

import re
from collections.abc import Callable, Iterator

from isal import isal_zlib
from msgspec import Struct

from handler.errors import CorruptEventError, EventTooLargeError, NotCloudWatchLogsError

from .documents import GZIP

_CHUNK = 1 << 20
_LARGEST_FRAME = 1 << 20

# A string, or what begins one at the end of what has been unpacked so far (without group 1), or a bracket.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:(")|\\?\Z)|[\[\]{}]', re.DOTALL)
# Log events one after the other that hold no object or list, as CloudWatch's do not: ten times as fast.
_FLAT_EVENTS = re.compile(rb'(?:[, \t\r\n]*+\{(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+\})*+', re.DOTALL)
_QUOTE, _OPENING = b'"', b"[{"
_BETWEEN = b", \t\r\n"
_MESSAGE = b'"message"'  # once an event: in a message, its quotes would be escaped


class Frame(Struct, frozen=True):
    """What stands around a document's log events.

    Args:
        before: the text up to and with the bracket that opens `logEvents`.
        after: the text from the bracket that closes it.
        rest: what follows the document in the gzip data.
        size: how many bytes the document has, unpacked.
        events: how many log events.
    """

    before: bytes
    after: bytes
    rest: bytes
    size: int
    events: int


def read_frame(packed: bytes, largest: int, expired: Callable[[], bool]) -> Frame:
    """Unpack a document to its end, and return what stands around its log events.

    Args:
        packed: gzip data, of which the first member is read.
        largest: how many bytes a log event may have.
        expired: whether unpacking has taken too long; asked now and then.

    Raises:
        CorruptEventError: the gzip data is damaged, or ends too early.
        NotCloudWatchLogsError: there are no `logEvents`.
        EventTooLargeError: a log event is larger than that, or time ran out.
    """
    inflater, cutter = _Inflater(packed), _Cutter(largest)
    size = events = 0
    for chunk in inflater:
        size += len(chunk)
        events += cutter.feed(chunk).count(_MESSAGE)
        if expired():
            raise EventTooLargeError(
                f"event too large: {len(packed):,} bytes of gzip take longer to unpack than this function "
                "has; give it more memory, which brings CPU time with it"
            )
    if not cutter.after:
        raise NotCloudWatchLogsError("not a CloudWatch Logs event: it has no list of logEvents that ends")
    return Frame(cutter.before, cutter.after, inflater.rest, size, events)


def read_segments(packed: bytes, frame: Frame, largest: int) -> Iterator[bytes]:
    """Unpack a document again, and yield it as several: with the same frame, and some log events each."""
    cutter = _Cutter(largest)
    empty = True
    for chunk in _Inflater(packed):
        if events := cutter.feed(chunk):
            empty = False
            yield b"".join((frame.before, events, frame.after))
    if empty:
        yield frame.before + frame.after


class _Inflater:
    """The first member of gzip data, unpacked piece by piece."""

    def __init__(self, packed: bytes) -> None:
        self._stream = isal_zlib.decompressobj(GZIP)
        self._tail = packed

    @property
    def rest(self) -> bytes:
        """What follows the member."""
        return bytes(self._stream.unused_data)

    def __iter__(self) -> Iterator[bytes]:
        while not self._stream.eof:
            try:
                text = self._stream.decompress(self._tail, _CHUNK)
            except isal_zlib.error as error:  # type: ignore[misc]  # its stub says instance where it is a class
                raise CorruptEventError(f"corrupt event: it is not gzip: {error}") from error
            self._tail = self._stream.unconsumed_tail
            if text:
                yield text
            elif not self._tail and not self._stream.eof:
                raise CorruptEventError("corrupt event: the gzip data ends too early")


class _Cutter:
    """Takes a document's text in pieces, and gives back the log events that are whole by then."""

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._text = b""
        self.before = b""
        self.after = b""

    def feed(self, chunk: bytes) -> bytes:
        if self.after:
            self.after += chunk
            self._check_frame(self.after)
            return b""
        self._text += chunk
        start = 0
        if not self.before:
            start = _start_of_events(self._text)
            self.before = self._text[:start]
            if not start:
                self._check_frame(self._text)
                return b""
        end, closed = _end_of_events(self._text, start)
        events = self._text[start:end]
        if closed:
            self.after, self._text = self._text[end:], b""
        else:
            self._text = self._text[end:]
        if len(self._text) > self._largest:
            raise EventTooLargeError(
                f"event too large: a log event has more than the {self._largest:,} bytes that this "
                "function's memory allows; give the function more memory"
            )
        return events.strip(_BETWEEN)

    def _check_frame(self, text: bytes) -> None:
        if len(text) > _LARGEST_FRAME:
            raise NotCloudWatchLogsError(
                f"not a CloudWatch Logs event: more than {_LARGEST_FRAME:,} bytes around its logEvents"
            )


def _start_of_events(text: bytes) -> int:
    """Return where the first log event may stand; 0 if that has not come yet."""
    depth, name = 0, b""
    for token in _TOKEN.finditer(text):
        kind = token[0][:1]
        if kind == _QUOTE:
            if token[1] is None:
                break
            name = token[0] if depth == 1 else name
        elif kind == b"[" and depth == 1 and name == b'"logEvents"':
            return token.end()
        else:
            depth += 1 if kind in _OPENING else -1
    return 0


def _end_of_events(text: bytes, start: int) -> tuple[int, bool]:
    """Return where the last whole log event ends, and whether the list of them ends there as well."""
    while True:
        flat = _FLAT_EVENTS.match(text, start)
        start = flat.end() if flat else start
        end, closed = _end_of_next_event(text, start)
        if closed or end == start:
            return end, closed
        start = end


def _end_of_next_event(text: bytes, start: int) -> tuple[int, bool]:
    """Return where the log event at `start` ends, the same place if it is not whole, or the list's end."""
    depth = 0
    for token in _TOKEN.finditer(text, start):
        kind = token[0][:1]
        if kind == _QUOTE:
            if token[1] is None:
                break
        elif kind in _OPENING:
            depth += 1
        elif depth == 0:
            return token.start(), True
        else:
            depth -= 1
            if depth == 0:
                return token.end(), False
    return start, False
