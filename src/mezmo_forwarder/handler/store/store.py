"""The undelivered store: a bucket that keeps what Mezmo did not take.

`undelivered/` is sent again by the re-drive, `rejected/` is what Mezmo refuses for good, `aws/lambda/` is
what Lambda writes itself when the function failed for good.
"""

import os
import time
from collections.abc import Mapping

from handler import settings
from handler.timing import SYSTEM, Timing

UNDELIVERED = "undelivered/"
REJECTED = "rejected/"
FAILED_INVOCATIONS = "aws/lambda/"

# What an invocation keeps free to write an object, until it has seen how long that takes: connecting, signing
# and sending the largest object, with 7 % of a core, and then some (benchmarks/README.md).
FIRST_RESERVE_SECONDS = 5.0
_LONGEST_REASON = 300


class UndeliveredStore:
    """The store of one execution environment.

    Args:
        store: which bucket.
        environment: where credentials, region and endpoints stand.
        timing: the clocks.
    """

    def __init__(
        self, store: settings.Store, *, environment: Mapping[str, str] = os.environ, timing: Timing = SYSTEM
    ) -> None:
        self._store = store
        self._environment = environment
        self._timing = timing
        self._slowest = 0.0

    @property
    def reserve(self) -> float:
        """How many seconds an invocation should keep free to write what is left of it."""
        return max(FIRST_RESERVE_SECONDS, 2 * self._slowest)

    def took(self, seconds: float) -> None:
        """Take note of how long an invocation needed, from giving up on Mezmo until everything was kept."""
        self._slowest = max(self._slowest, seconds)

    def write(self, prefix: str, body: bytes, reason: str, deadline: float) -> str:
        """Write an object, whole or not at all, and return its key, which is in order of time.

        Args:
            prefix: `UNDELIVERED` or `REJECTED`.
            body: what.
            reason: why it is not delivered.
            deadline: when to give up, on the clock of `timing`.

        Raises:
            AwsError: it was not written, as far as is known.
        """
        from handler.aws.s3 import Bucket  # noqa: PLC0415  as long as all goes well, no time is spent on it

        key = f"{prefix}{new_name(self._timing.wall())}"
        bucket = Bucket(
            self._store.bucket, owner=self._store.owner, timing=self._timing, environment=self._environment
        )
        try:
            bucket.put(key, body, deadline, metadata=describe(reason))
        finally:
            bucket.close()
        return key


def new_name(now: float) -> str:
    """Return a name for an object, after its prefix; unique, and in order of time."""
    moment = time.strftime("%Y/%m/%d/%Y-%m-%dT%H.%M.%S", time.gmtime(now))
    return f"{moment}.{int(now * 1000) % 1000:03d}-{os.urandom(8).hex()}.json.gz"


def describe(reason: str) -> dict[str, str]:
    """Return an object's metadata; S3 takes printable ASCII."""
    return {"reason": "".join(c if " " <= c <= "~" else "?" for c in reason[:_LONGEST_REASON])}
