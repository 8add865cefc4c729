r"""JSON strings as they stand in a document, quotes and escapes included.

A message passes from CloudWatch's document into Mezmo's without being decoded; what has to be known of it
(does it end in white space?) is read from its bytes. Only a document that holds a lone surrogate, which
strict decoders refuse and JavaScript does not, goes through Python strings.
"""

import re
from collections.abc import Sequence

import msgspec

EMPTY = b'""'

# ASCII white space at the end of a literal, closing quote included, the usual ones first.
# JSON writers escape it in these forms; \u0020 and its like are legal, nobody writes them, and they stay.
WHITE = (b'\\n"', b' "', b'\\r"', b'\\t"', b'\\f"', b'\\u000b"', b'\\u000B"')

OBJECT = re.compile(rb'"(?: |\\[nrt])*+\{')

_LINE_FEED = b"\\n"
_TWO_LINE_FEEDS = b"\\n\\n"
_LONGEST_ESCAPE = 6
_ASCII = range(0x80)
_SPACE = 0x20
_BACKSLASH = 0x5C

_decode = msgspec.json.Decoder(str).decode
_encode = msgspec.json.Encoder().encode


def trim(literal: bytes) -> bytes:
    """Return the literal without the ASCII white space at the end of its text."""
    while literal.endswith(WHITE):
        length = 1 if literal[-2] == _SPACE else 2 if literal[-3] == _BACKSLASH else 6
        end = -1 - length
        # `\\\\n` is a backslash and the letter n: an escape's own backslash follows an even number of them.
        if length > 1 and literal[end - 1] == _BACKSLASH and _ends_in_odd_backslashes(literal[:end]):
            break
        literal = literal[:end] + b'"'
    return literal


def _ends_in_odd_backslashes(text: bytes) -> bool:
    return (len(text) - len(text.rstrip(b"\\"))) % 2 == 1


def begins_object(literal: bytes) -> bool:
    """Whether a text begins as a JSON object does, white space before it or not."""
    return literal.startswith(b'"{') or (literal[1:2] in (b" ", b"\\") and OBJECT.match(literal) is not None)


def join_literals(literals: Sequence[bytes]) -> bytes:
    """Return the literal of some texts together, with a line feed after each that does not end in one."""
    bodies = [literal[1:-1] for literal in literals]
    joined = _LINE_FEED.join(bodies)
    if _TWO_LINE_FEEDS in joined:
        for place, literal in enumerate(literals[:-1]):
            if not _ends_in_line_feed(literal):
                bodies[place] += _LINE_FEED
        joined = b"".join(bodies)
    return b'"%b"' % joined


def _ends_in_line_feed(literal: bytes) -> bool:
    return literal.endswith(b'\\n"') and _ends_in_odd_backslashes(literal[:-2])


def head_of(literal: bytes, longest: int) -> str:
    """Return the beginning of a text, at most `longest` bytes of its literal."""
    whole = len(literal) <= longest + 2
    head = literal[1:-1] if whole else literal[1 : longest + 1]
    if _BACKSLASH not in head:
        return head.decode("utf-8", "ignore")  # the last character may be torn
    if whole:
        return text_of(literal)
    if _BACKSLASH in head[-_LONGEST_ESCAPE:]:
        # The last escape may be torn: leave out what might be of it, from a backslash that begins one.
        last = head.find(b"\\", len(head) - _LONGEST_ESCAPE)
        head = head[: last - 1] if _ends_in_odd_backslashes(head[:last]) else head[:last]
    if head and head[-1] not in _ASCII:
        head = head.decode("utf-8", "ignore").encode()
    return text_of(b'"%b"' % head)


def text_of(literal: bytes) -> str:
    """Return the text of a literal, lone surrogates included."""
    try:
        return _decode(literal)
    except msgspec.DecodeError:
        import json  # noqa: PLC0415  rarely needed  only ever needed for a lone surrogate

        return str(json.loads(literal))


def literal_of(text: str) -> bytes:
    """Return the literal that JavaScript's `JSON.stringify` writes for a text."""
    try:
        return _encode(text)
    except UnicodeEncodeError:
        import json  # noqa: PLC0415  rarely needed

        return json.dumps(text, ensure_ascii=False).encode("utf-8", "backslashreplace")


def without_lone_surrogates(text: str) -> str:
    """Return the text with U+FFFD in the place of each lone surrogate."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
