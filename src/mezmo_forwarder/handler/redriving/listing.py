"""The objects of the store, oldest first, from page to page: their names are times."""

import calendar
import heapq
import re
import time
from collections.abc import Iterable, Iterator

from handler.aws.s3 import Bucket, Entry
from handler.store.store import FAILED_INVOCATIONS, REJECTED, UNDELIVERED
from handler.timing import Timing

_YEAR = re.compile(r"/\d{4}/$")
_TIME_LENGTH = len("2026-11-25T10.00.00")
_PAGE = 1000


def oldest_first(
    bucket: Bucket, prefixes: list[str], deadline: float, *, since: str = "", until: str = "9"
) -> Iterator[Entry]:
    """Yield objects in the order of the times in their names.

    Args:
        bucket: where they are.
        prefixes: what their keys begin with.
        deadline: when to give up.
        since: the least time, as names have it, or the beginning of one.
        until: the time before which they must be.

    Raises:
        AwsError: S3 failed.
    """
    roots = [root for prefix in prefixes for root in _roots(bucket, prefix, deadline)]
    found = heapq.merge(*(_under(bucket, root, deadline) for root in roots), key=lambda e: time_of(e.key))
    return (entry for entry in found if since <= time_of(entry.key) < until)


def time_of(key: str) -> str:
    """Return the time in an object's name, `YYYY-MM-DDTHH.MM.SS`; it compares as a text."""
    return key.rpartition("/")[2][:_TIME_LENGTH]


def count(objects: Iterable[Entry]) -> dict[str, object]:
    """Return how many objects there are, how large, and the first and the last."""
    number, size, first, last = 0, 0, "", ""
    for entry in objects:
        number += 1
        size += entry.size
        first, last = first or entry.key, entry.key
    return {"objects": number, "bytes": size, "first": first, "last": last}


def depth(bucket: Bucket, deadline: float, timing: Timing) -> dict[str, int]:
    """Count what is left in the store, as metrics, or as much of it as there is time for.

    Raises:
        AwsError: S3 failed.
    """
    left, oldest = 0, ""
    last = timing.monotonic() + (deadline - timing.monotonic()) / 2
    for entry in oldest_first(bucket, [UNDELIVERED, FAILED_INVOCATIONS], deadline):
        oldest = oldest or time_of(entry.key)
        left += 1
        if left % _PAGE == 0 and timing.monotonic() > last:
            break
    return {"StoreDepth": left, "OldestStoredAge": _age(oldest, timing.wall())}


def _age(moment: str, now: float) -> int:
    """Return how many seconds ago a time in a name was."""
    try:
        written = calendar.timegm(time.strptime(moment, "%Y-%m-%dT%H.%M.%S"))
    except ValueError:  # nothing is left, or somebody else wrote there
        return 0
    return max(0, int(now - written))


def _roots(bucket: Bucket, prefix: str, deadline: float) -> list[str]:
    """Return the prefixes whose objects are in order of time: Lambda has one for each function and shard."""
    if prefix.startswith((UNDELIVERED, REJECTED)):
        return [prefix]
    roots: list[str] = []
    after, more = "", True
    while more:
        page = bucket.list(prefix, deadline, after=after, delimiter="/")
        if page.entries or any(_YEAR.search(found) for found in page.prefixes):
            return [prefix]
        for found in page.prefixes:
            roots += _roots(bucket, found, deadline)
        more = page.more and bool(page.prefixes)
        after = page.prefixes[-1].removesuffix("/") + "0" if more else ""  # the character after the slash
    return roots


def _under(bucket: Bucket, prefix: str, deadline: float) -> Iterator[Entry]:
    after, more = "", True
    while more:
        page = bucket.list(prefix, deadline, after=after)
        yield from page.entries
        more = page.more and bool(page.entries)
        after = page.entries[-1].key if page.entries else ""
