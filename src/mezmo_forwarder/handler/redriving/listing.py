"""The objects of the store, oldest first, from page to page: their names are times."""

import heapq
import re
from collections.abc import Iterator

from handler.aws.s3 import Bucket, Entry
from handler.store.store import REJECTED, UNDELIVERED

_YEAR = re.compile(r"/\d{4}/$")
_TIME_LENGTH = len("2026-11-25T10.00.00")


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
