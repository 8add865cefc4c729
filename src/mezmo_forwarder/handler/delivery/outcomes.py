"""How a request went: from a reply, or from the failure to get one, to what is to be done with its lines."""

import msgspec
from msgspec import Struct

from handler.client import Reply
from handler.errors import TransportError

_LONGEST_REASON = 160


class Delivered(Struct, frozen=True):
    """Mezmo took all lines."""


class Retry(Struct, frozen=True):
    """The same lines may be taken later; `after` is the server's wish in seconds.

    `fewer`: it is not down, but wants fewer requests.
    """

    reason: str
    after: float | None = None
    fewer: bool = False


class TooLarge(Struct, frozen=True):
    """Fewer lines may be taken."""

    reason: str


class EncodingRefused(Struct, frozen=True):
    """The same body may be taken uncompressed."""

    reason: str


class KeyRefused(Struct, frozen=True):
    """Another key may be taken."""

    reason: str


class Rejected(Struct, frozen=True):
    """Mezmo will never take these lines."""

    reason: str


class Undelivered(Struct, frozen=True):
    """Mezmo did not take the lines, for a reason that lies elsewhere than in them."""

    reason: str


class Partial(Struct, frozen=True):
    """Mezmo answered line by line: for each, the status code in its place."""

    codes: list[int]

    def retryable(self) -> list[bool]:
        """For each line, whether it may be taken later."""
        return [is_retryable(code) for code in self.codes]


Outcome = Delivered | Retry | TooLarge | EncodingRefused | KeyRefused | Rejected | Undelivered | Partial


class _Answer(Struct):
    error: object = None
    status: object = None


def is_retryable(status: int) -> bool:
    """Whether a status code speaks of a moment, and not of the request."""
    return status in {408, 429} or 500 <= status < 600


def judge(  # noqa: PLR0911  a table: one return a row
    reply: Reply, *, lines: int, compressed: bool, gzip_understood: bool, now: float
) -> Outcome:
    """Judge a reply to a request with lines.

    Args:
        reply: what Mezmo answered.
        lines: how many lines the request held.
        compressed: whether the request was compressed.
        gzip_understood: whether the server is known to unpack gzip, so that a 400 is about something else.
        now: the time of day, for a `Retry-After` that is a date.
    """
    status = reply.status
    if status != 207 and 200 <= status < 300:
        return Delivered()
    reason = _reason(reply)
    if is_retryable(status):
        return Retry(reason, _retry_after(reply.headers.get("retry-after"), now), fewer=status == 429)
    if not reply.complete:
        return Retry(f"{reason} (the response broke off)")
    match status:
        case 207:
            codes = _answer(reply).status
            if isinstance(codes, list) and len(codes) == lines and all(type(c) is int for c in codes):
                return Partial(codes)
            return Undelivered("207 without a status for each line")
        case 400 | 413 if status == 413 or "too large" in reason.lower():
            return TooLarge(reason)
        case 400 if compressed and not gzip_understood and "hostname" not in reason:
            return EncodingRefused(reason)
        case 400:
            return Rejected(reason)
        case 401 | 403:
            return KeyRefused(reason)
        case 415 if compressed:
            return EncodingRefused(reason)
        case _:
            return Undelivered(reason)


def judge_failure(error: TransportError) -> Outcome:
    """Judge a request that got no reply."""
    return Retry(str(error)) if error.retryable else Undelivered(str(error))


def _answer(reply: Reply) -> _Answer:
    try:
        return msgspec.json.decode(reply.body, type=_Answer)
    except msgspec.DecodeError:
        return _Answer()


def _reason(reply: Reply) -> str:
    """Return the status and, shortened, what the server says of it."""
    text = _answer(reply).error
    if not isinstance(text, str):
        text = reply.body[: 4 * _LONGEST_REASON].decode(errors="replace")
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return f"{reply.status} {words[:_LONGEST_REASON]}".rstrip()


def _retry_after(value: str | None, now: float) -> float | None:
    if value is None:
        return None
    value = value.strip()
    if value.isdecimal():
        return float(value[:9])
    from email.utils import mktime_tz, parsedate_tz  # noqa: PLC0415  rarely needed

    date = parsedate_tz(value)
    try:
        return max(0.0, mktime_tz(date) - now) if date else None
    except (ValueError, OverflowError):
        return None
