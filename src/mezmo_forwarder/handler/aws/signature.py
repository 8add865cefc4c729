"""AWS's Signature Version 4, which proves whose request it is."""

import hashlib
import hmac
import time
from collections.abc import Mapping
from urllib.parse import quote

from msgspec import Struct


class Credentials(Struct, frozen=True):
    """What requests are signed with."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None

    def __repr__(self) -> str:
        return "Credentials(...)"


def encode_query(query: Mapping[str, str]) -> str:
    """Return a query as it is signed, and therefore sent: sorted, all but unreserved characters encoded."""
    pairs = sorted((quote(name, safe="~"), quote(text, safe="~")) for name, text in query.items())
    return "&".join(f"{name}={text}" for name, text in pairs)


def sign(
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    query: str = "",
    service: str,
    region: str,
    credentials: Credentials,
    now: float,
) -> dict[str, str]:
    """Sign a request, and return all its headers.

    Args:
        method: the HTTP method.
        path: the path, not encoded.
        headers: everything to be signed, `Host` included.
        body: the whole body.
        query: what `encode_query` returns.
        service: the name it has in signatures.
        region: the region of the endpoint.
        credentials: whose request it is.
        now: the time of day in seconds.
    """
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    digest = hashlib.sha256(body).hexdigest()
    signed = {**headers, "X-Amz-Date": moment}
    if service == "s3":  # which compares it with what it gets, so that an object is whole
        signed["X-Amz-Content-Sha256"] = digest
    if credentials.session_token:
        signed["X-Amz-Security-Token"] = credentials.session_token
    canonical = sorted((name.lower(), " ".join(value.split())) for name, value in signed.items())
    names = ";".join(name for name, _ in canonical)
    canonical_request = "\n".join(
        (
            method,
            quote(path, safe="/~"),
            query,
            *(f"{name}:{value}" for name, value in canonical),
            "",
            names,
            digest,
        )
    )
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    text = "\n".join(
        ("AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical_request.encode()).hexdigest())
    )
    key = f"AWS4{credentials.secret_access_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    signed["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key_id}/{scope}, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    return signed
