"""Invoking a vendor's function again, with what it was invoked with before."""

import os
from collections.abc import Mapping

from handler.timing import SYSTEM, Timing

from .calls import Call, Endpoint, Service, region_of

LAMBDA = Service("lambda", "AWS_ENDPOINT_URL_LAMBDA")
_LONGEST_INVOCATION = 120.0


class VendorFunction:
    """A vendor's function, over one kept connection.

    Args:
        name: the function's name.
        timing: the clocks.
        environment: where credentials, region and endpoints stand.
    """

    def __init__(
        self, name: str, *, timing: Timing = SYSTEM, environment: Mapping[str, str] = os.environ
    ) -> None:
        self._name = name
        region = region_of(name, environment)
        self._endpoint = Endpoint(LAMBDA, region, timing=timing, environment=environment)

    def close(self) -> None:
        """Close the connection."""
        self._endpoint.close()

    def invoke(self, event: bytes, deadline: float) -> str:
        """Invoke the function with an event, as JSON, and wait for it.

        Returns:
            What the function says went wrong; empty if nothing.

        Raises:
            AwsError: it was not invoked, or Lambda did not say how that went.
        """
        call = Call(
            "InvokeFunction",
            self._name,
            path=f"/2015-03-31/functions/{self._name}/invocations",
            headers={"X-Amz-Invocation-Type": "RequestResponse"},
            body=event,
            seconds=_LONGEST_INVOCATION,
            advice="as the construct does",
        )
        reply = self._endpoint.send(call, deadline)
        failed = reply.headers.get("x-amz-function-error")
        return f"{failed}: {reply.body[:200].decode(errors='replace')}" if failed else ""
