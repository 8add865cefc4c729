"""Objects of one S3 bucket."""

import os
from collections.abc import Mapping
from email.utils import mktime_tz, parsedate_tz
from urllib.parse import quote, unquote_plus
from xml.etree import ElementTree as ET

from msgspec import Struct

from handler.client import Reply
from handler.errors import AwsError
from handler.timing import SYSTEM, Timing

from .calls import Call, Endpoint, Service, region_of

S3 = Service("s3", "AWS_ENDPOINT_URL_S3")
LARGEST_OBJECT = 24 << 20  # 6 MB of records, which Lambda writes as JSON within JSON, and some
_LARGEST_LISTING = 4 << 20
_METADATA = "x-amz-meta-"


class StoredObject(Struct, frozen=True):
    """An object as it was read.

    Args:
        body: its content.
        metadata: what it was written with, by names in lower case.
        etag: what `put` wants to know that nobody else wrote meanwhile.
        age: how many seconds ago it was written, by S3's own clock.
    """

    body: bytes
    metadata: Mapping[str, str]
    etag: str
    age: float


class Entry(Struct, frozen=True):
    """An object as a listing shows it; `size` is in bytes."""

    key: str
    size: int


class Listing(Struct, frozen=True):
    """A page of a listing, in the order of the keys.

    Args:
        entries: objects.
        prefixes: what the keys of others begin with, up to and with the delimiter.
        more: whether there is another page.
    """

    entries: list[Entry]
    prefixes: list[str]
    more: bool


class Bucket:
    """One bucket, over one kept connection.

    Args:
        name: its name.
        owner: the account that it must belong to; S3 refuses every call otherwise.
        timing: the clocks.
        environment: where credentials, region and endpoints stand.

    Raises:
        AwsError: what the environment lacks.
    """

    def __init__(
        self,
        name: str,
        *,
        owner: str | None = None,
        timing: Timing = SYSTEM,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self.name = name
        self._owner = {"X-Amz-Expected-Bucket-Owner": owner} if owner else {}
        region = region_of(name, environment)
        self._endpoint = Endpoint(S3, region, bucket=name, timing=timing, environment=environment)

    def close(self) -> None:
        """Close the connection."""
        self._endpoint.close()

    def put(
        self,
        key: str,
        body: bytes,
        deadline: float,
        *,
        metadata: Mapping[str, str] | None = None,
        replaces: str | None = None,
        new: bool = False,
    ) -> str:
        """Write an object, whole or not at all, and return its etag.

        Args:
            key: where.
            body: what.
            deadline: when to give up, on the clock of `timing`.
            metadata: what else to keep with it; printable ASCII.
            replaces: the etag that the object in that place must have; the code of the error is
                `PreconditionFailed` or `NoSuchKey` if it has another or is gone.
            new: whether that place must be empty; the code of the error is `PreconditionFailed` if it is not.

        Raises:
            AwsError: it was not written, as far as is known.
        """
        headers = {f"{_METADATA}{name}": value for name, value in (metadata or {}).items()}
        if replaces is not None:
            headers["If-Match"] = replaces
        if new:
            headers["If-None-Match"] = "*"
        reply = self._send(
            "PutObject",
            key,
            deadline,
            method="PUT",
            headers=headers,
            body=body,
            seconds=10.0,
            also="GenerateDataKey",
        )
        return self._etag(reply, f"PutObject of {key!r}")

    def copy(self, source: str, key: str, deadline: float, *, metadata: Mapping[str, str]) -> None:
        """Write an object with the content of another, whole or not at all, without reading it.

        Raises:
            AwsError: it was not written, as far as is known; the code is `NoSuchKey` if nothing is there.
        """
        headers = {f"{_METADATA}{name}": value for name, value in metadata.items()}
        headers |= {
            "X-Amz-Copy-Source": quote(f"/{self.name}/{source}", safe="/~"),
            "X-Amz-Metadata-Directive": "REPLACE",
            "X-Amz-Tagging-Directive": "REPLACE",  # by none: the role may not read tags
        }
        reply = self._send("PutObject", key, deadline, method="PUT", headers=headers, seconds=20.0)
        if b"<ETag>" not in reply.body:  # what goes wrong while S3 copies comes with status 200
            raise AwsError(f"s3 CopyObject to {key!r} failed: {reply.body[:200].decode(errors='replace')}")

    def get(self, key: str, deadline: float) -> StoredObject:
        """Read an object.

        Raises:
            AwsError: it was not read; the code is `NoSuchKey` if there is none.
        """
        reply = self._send("GetObject", key, deadline, method="GET", seconds=20.0, largest=LARGEST_OBJECT + 1)
        if len(reply.body) > LARGEST_OBJECT:
            raise AwsError(
                f"s3 GetObject of {key!r} failed: it has more than {LARGEST_OBJECT:,} bytes", "TooLarge"
            )
        etag = self._etag(reply, f"GetObject of {key!r}")
        metadata = {
            name.removeprefix(_METADATA): value
            for name, value in reply.headers.items()
            if name.startswith(_METADATA)
        }
        return StoredObject(reply.body, metadata, etag, _age(reply))

    def list(
        self, prefix: str, deadline: float, *, after: str = "", delimiter: str = "", most: int = 1000
    ) -> Listing:
        """Return a page of the objects whose keys begin with the prefix, oldest first where keys are times.

        Args:
            prefix: what keys begin with.
            deadline: when to give up, on the clock of `timing`.
            after: the key or prefix that the page begins after.
            delimiter: keys with it behind the prefix are shown as prefixes.
            most: how many to return, 1,000 at the most.

        Raises:
            AwsError: it was not read.
        """
        query = {"list-type": "2", "encoding-type": "url", "max-keys": str(most), "prefix": prefix}
        query |= {"start-after": after} if after else {}
        query |= {"delimiter": delimiter} if delimiter else {}
        call = Call(
            "ListBucket",
            self.name,
            method="GET",
            query=query,
            headers=self._owner,
            seconds=10.0,
            largest=_LARGEST_LISTING,
        )
        return _read_listing(self._endpoint.send(call, deadline).body)

    def delete(self, key: str, deadline: float) -> None:
        """Delete an object, or nothing if there is none.

        Raises:
            AwsError: it was not deleted, as far as is known.
        """
        self._send("DeleteObject", key, deadline, method="DELETE", accepted=frozenset({200, 204}))

    def _etag(self, reply: Reply, what: str) -> str:
        """Return the etag; who answers without one is not S3 but something on the way there."""
        etag = reply.headers.get("etag")
        if not etag:
            raise AwsError(f"s3 {what} failed: the answer has no ETag, so it is not from S3")
        return etag

    def _send(
        self,
        operation: str,
        key: str,
        deadline: float,
        *,
        method: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        accepted: frozenset[int] = frozenset({200}),
        seconds: float = 5.0,
        largest: int = 1 << 16,
        also: str = "Decrypt",
    ) -> Reply:
        call = Call(
            operation,
            f"{self.name}/{key}",
            method=method,
            path=f"/{key}",
            headers={**self._owner, **(headers or {})},
            body=body,
            accepted=accepted,
            seconds=seconds,
            largest=largest,
            advice=f"and kms:{also} on the bucket's key if that is a customer-managed one",
        )
        return self._endpoint.send(call, deadline)


def _age(reply: Reply) -> float:
    dates = [parsedate_tz(reply.headers.get(name, "")) for name in ("date", "last-modified")]
    now, then = [mktime_tz(date) if date else 0 for date in dates]
    return float(now - then)


def _read_listing(body: bytes) -> Listing:
    try:
        root = ET.fromstring(body)  # noqa: S314 - S3's own answer, not a stranger's
    except ET.ParseError:
        raise AwsError("s3 ListBucket failed: the answer is not XML") from None
    entries = [
        Entry(unquote_plus(found.findtext("{*}Key") or ""), int(found.findtext("{*}Size") or 0))
        for found in root.iterfind("{*}Contents")
    ]
    prefixes = [
        unquote_plus(found.findtext("{*}Prefix") or "") for found in root.iterfind("{*}CommonPrefixes")
    ]
    return Listing(entries, prefixes, root.findtext("{*}IsTruncated") == "true")
