"""One re-drive at a time: a lease in the bucket, written on condition that nobody else wrote meanwhile.

Whoever crashes leaves it behind, and it ends by itself. Its age is told by S3's clock alone.
"""

import msgspec
from msgspec import Struct

from handler.aws.s3 import Bucket
from handler.errors import AwsError

KEY = "redrive/lease.json"
_LOST = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"}


class State(Struct):
    """What the lease's object holds.

    Args:
        holder: whose it is; empty if nobody's.
        seconds: how long after it was written it ends.
        tries: by key of an object, how often sending it failed for its own sake.
    """

    holder: str = ""
    seconds: float = 0.0
    tries: dict[str, int] = {}


class Lease:
    """The lease, held.

    Attributes:
        tries: see `State`; kept when the lease is released.
    """

    def __init__(self, bucket: Bucket, etag: str, tries: dict[str, int]) -> None:
        self._bucket = bucket
        self._etag = etag
        self.tries = tries

    def release(self, deadline: float) -> None:
        """Give it up, unless it ended meanwhile.

        Raises:
            AwsError: S3 failed; the lease ends by itself.
        """
        try:
            body = msgspec.json.encode(State(tries=self.tries))
            self._bucket.put(KEY, body, deadline, replaces=self._etag)
        except AwsError as error:
            if error.code not in _LOST:
                raise


def acquire(bucket: Bucket, holder: str, seconds: float, oldest: str, deadline: float) -> Lease | None:
    """Take the lease, if it is nobody's or has ended.

    Args:
        bucket: where it is.
        holder: a name that nobody else has.
        seconds: how long it is needed at the most.
        oldest: the key of the object that is sent first. A holder who did not release the lease broke off at
            this one, which therefore counts a try.
        deadline: when to give up.

    Returns:
        The lease; None if somebody else has it.

    Raises:
        AwsError: S3 failed.
    """
    etag, state = None, State()
    try:
        found = bucket.get(KEY, deadline)
        etag, state = found.etag, _decode(found.body)
        if state.holder and found.age < state.seconds:
            return None
    except AwsError as error:
        if error.code != "NoSuchKey":
            raise
    if state.holder:
        state.tries[oldest] = state.tries.get(oldest, 0) + 1
    state = State(holder, seconds, state.tries)
    try:
        etag = bucket.put(KEY, msgspec.json.encode(state), deadline, replaces=etag, new=etag is None)
    except AwsError as error:
        if error.code not in _LOST:
            raise
        # Either somebody was faster, or a first answer was lost and this is our own.
        found = bucket.get(KEY, deadline)
        if _decode(found.body).holder != holder:
            return None
        etag = found.etag
    return Lease(bucket, etag, state.tries)


def _decode(body: bytes) -> State:
    try:
        return msgspec.json.decode(body, type=State)
    except msgspec.DecodeError:
        return State()  # somebody's hand; nobody holds it
