"""What a function asks of AWS is allowed by the policies of its role, or refused as AWS does it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from . import encryption, seams

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .seams import Record, Response

_logger = logging.getLogger("local.aws")
_TOKEN = "role/"  # what a session token of ours begins with; the role's ARN follows


def naming_the_role(credentials: Callable[[Record], dict[str, str]]) -> Callable[[Record], dict[str, str]]:
    """Have a function's credentials say whose they are: the session token is sent with each request."""

    def of_role(configuration: Record) -> dict[str, str]:
        return {**credentials(configuration), "AWS_SESSION_TOKEN": f"{_TOKEN}{configuration['Role']}"}

    return of_role


def authorizing(dispatch: Callable[..., Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
    """Look at a request's action and resource before it is carried out, if a function sends it."""

    async def authorized(  # noqa: PLR0917 - MiniStack's signature
        method: str, path: str, headers: dict[str, str], body: bytes, query: Record, request_id: str
    ) -> Any:  # noqa: ANN401 - as MiniStack answers
        token = headers.get("x-amz-security-token", "")
        if not token.startswith(_TOKEN):
            return await dispatch(method, path, headers, body, query, request_id)
        role = token.removeprefix(_TOKEN)
        service, action, resource = seams.asked_for(method, path, headers, body, query)
        for needed, on, context in [(action, resource, {}), *encryption.needs(action, resource)]:
            if not seams.role_allows(role, needed, on, context):
                _logger.warning("DENIED: %s may not %s on %s", role, needed, on)
                return seams.denial(service, needed, role, on, request_id, headers)
        answer = await dispatch(method, path, headers, body, query, request_id)
        if action == "s3:GetObject" and answer[0] == 404:
            # Without s3:ListBucket S3 answers 403 for what is not there: GetObject, API reference.
            bucket = resource.split("/")[0]
            if not seams.role_allows(role, "s3:ListBucket", bucket):
                _logger.warning("DENIED: %s may not %s on %s", role, "s3:ListBucket", bucket)
                return seams.denial(service, "s3:ListBucket", role, bucket, request_id, headers)
        return answer

    return authorized
