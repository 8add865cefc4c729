"""What S3 refuses and MiniStack does not: another owner's bucket, deletions without a digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import seams

if TYPE_CHECKING:
    from collections.abc import Callable

    from .seams import Record, Response

_NO_DIGEST = "Missing required header for this request: Content-MD5 OR x-amz-checksum-*"


def checking(dispatch: Callable[..., Response]) -> Callable[..., Response]:
    """Make S3 check a request before anything comes of it."""

    def dispatch_request(  # noqa: PLR0917 - MiniStack's signature
        method: str, bucket: str, key: str, headers: dict[str, str], body: bytes, query: Record
    ) -> Response:
        refused = _owned_by_another(bucket, headers)
        if refused is None and method == "POST" and not key and "delete" in query:
            refused = _undigested(headers, body)
        return refused or dispatch(method, bucket, key, headers, body, query)

    return dispatch_request


def _owned_by_another(bucket: str, headers: dict[str, str]) -> Response | None:
    expected, owner = headers.get("x-amz-expected-bucket-owner"), seams.bucket_owner(bucket)
    if expected and owner and expected != owner:
        return seams.s3_refusal("AccessDenied", "Access Denied", 403)
    return None


def _undigested(headers: dict[str, str], body: bytes) -> Response | None:
    if not any(name == "content-md5" or name.startswith("x-amz-checksum-") for name in headers):
        return seams.s3_refusal("InvalidRequest", _NO_DIGEST, 400)
    return seams.wrong_digest(headers, body)
