"""S3, in memory: one bucket, by its REST interface, path style."""

import hashlib
from bisect import bisect_left, bisect_right, insort
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from itertools import islice
from urllib.parse import parse_qsl, quote_plus, unquote, urlsplit
from xml.sax.saxutils import escape

from handler.client import Reply
from local.simulation.world import Exchange


@dataclass(frozen=True)
class _Object:
    body: bytes
    headers: Mapping[str, str]
    written: float


class SimulatedS3:
    """A bucket's objects, in the order of their keys; `latency` is in seconds."""

    def __init__(self, latency: float = 0.04) -> None:
        self.latency = latency
        self.requests: dict[str, int] = {}
        self._objects: dict[str, _Object] = {}
        self._keys: list[str] = []

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys that begin so, in order."""
        first = bisect_left(self._keys, prefix)
        last = bisect_left(self._keys, prefix + "\uffff")
        return self._keys[first:last]

    def body(self, key: str) -> bytes:
        """Return an object's content."""
        return self._objects[key].body

    def metadata(self, key: str) -> Mapping[str, str]:
        """Return what an object was written with, by names in lower case."""
        return self._objects[key].headers

    def put(self, key: str, body: bytes, now: float, headers: Mapping[str, str] | None = None) -> str:
        """Write an object as somebody other than the handler does; return its etag."""
        etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
        if key not in self._objects:
            insort(self._keys, key)
        self._objects[key] = _Object(body, {"etag": etag, **(headers or {})}, now)
        return etag

    def carry_out(self, exchange: Exchange, now: float) -> Reply:
        """Answer a request."""
        parts = urlsplit(exchange.target)
        key = unquote(parts.path.removeprefix("/").partition("/")[2])
        method = exchange.method if key else "LIST"
        self.requests[method] = self.requests.get(method, 0) + 1
        if not key:
            return self._list(dict(parse_qsl(parts.query, keep_blank_values=True)))
        headers = {name.lower(): value for name, value in exchange.headers.items()}
        found = self._objects.get(key)
        match exchange.method:
            case "PUT":
                return self._put(key, exchange.body, headers, found, now)
            case "DELETE":
                if found:
                    del self._objects[key]
                    del self._keys[bisect_left(self._keys, key)]
                return Reply(204, {}, b"")
            case "GET" if found:
                dates = {"date": formatdate(now, usegmt=True)}
                dates["last-modified"] = formatdate(found.written, usegmt=True)
                return Reply(200, {**found.headers, **dates}, found.body)
            case "GET":
                return _error(404, "NoSuchKey")
        return _error(405, "MethodNotAllowed")

    def _put(
        self, key: str, body: bytes, headers: Mapping[str, str], found: _Object | None, now: float
    ) -> Reply:
        digest = headers.get("x-amz-content-sha256")
        if digest is not None and digest != hashlib.sha256(body).hexdigest():
            return _error(400, "XAmzContentSHA256Mismatch")
        if headers.get("if-none-match") == "*" and found:
            return _error(412, "PreconditionFailed")
        if source := headers.get("x-amz-copy-source"):
            copied = self._objects.get(unquote(source).removeprefix("/").partition("/")[2])
            if copied is None:
                return _error(404, "NoSuchKey")
            body = copied.body
        if wanted := headers.get("if-match"):
            if not found:
                return _error(404, "NoSuchKey")
            if found.headers["etag"] != wanted:
                return _error(412, "PreconditionFailed")
        metadata = {name: value for name, value in headers.items() if name.startswith("x-amz-meta-")}
        etag = self.put(key, body, now, metadata)
        return Reply(
            200, {"etag": etag}, f"<CopyObjectResult><ETag>{etag}</ETag>".encode() if source else b""
        )

    def _list(self, query: Mapping[str, str]) -> Reply:
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        most = int(query.get("max-keys", "1000"))
        entries: list[str] = []
        prefixes: list[str] = []
        more = False
        keys = self.keys(prefix)
        for key in islice(keys, bisect_right(keys, query.get("start-after", "")), None):
            head, found, _ = key[len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
            group = f"{prefix}{head}{delimiter}" if found else ""
            if group and group in prefixes[-1:]:
                continue
            if len(entries) + len(prefixes) == most:
                more = True
                break
            if group:
                prefixes.append(group)
            else:
                entries.append(key)
        contents = "".join(
            f"<Contents><Key>{escape(quote_plus(key, safe='/'))}</Key>"
            f"<Size>{len(self._objects[key].body)}</Size></Contents>"
            for key in entries
        )
        common = "".join(
            f"<CommonPrefixes><Prefix>{escape(quote_plus(found, safe='/'))}</Prefix></CommonPrefixes>"
            for found in prefixes
        )
        body = (
            '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{contents}{common}</ListBucketResult>"
        )
        return Reply(200, {}, body.encode())


def _error(status: int, code: str) -> Reply:
    return Reply(status, {}, f"<Error><Code>{code}</Code><Message>simulated</Message></Error>".encode())
