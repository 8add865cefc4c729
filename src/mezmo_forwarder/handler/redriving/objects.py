"""What becomes of an object of the store, once it was sent or cannot be."""

from handler.aws.s3 import Bucket, StoredObject
from handler.errors import AwsError
from handler.store.store import FAILED_INVOCATIONS, REJECTED, UNDELIVERED, describe, new_name
from handler.timing import Timing

from .listing import time_of
from .target import Resent


class Objects:
    """The objects that one run sends again.

    Args:
        bucket: where they are.
        end: when all must be over.
        timing: the clocks.
    """

    def __init__(self, bucket: Bucket, end: float, timing: Timing) -> None:
        self._bucket = bucket
        self._end = end
        self._timing = timing

    def read(self, key: str) -> StoredObject:
        """Read an object; see `Bucket.get`."""
        return self._bucket.get(key, self._end)

    def settle(self, key: str, found: StoredObject, resent: Resent, reason: str) -> None:
        """Keep what is left of an object; only then delete anything.

        Args:
            key: the object's.
            found: what it was.
            resent: how sending it went.
            reason: why something of it is kept.

        Raises:
            AwsError: S3 failed.
        """
        left, rejected = resent.left, resent.rejected
        for body, why in resent.aside:
            self._put(REJECTED, key, body, why)
        if rejected and key.startswith(REJECTED):
            left += rejected
        elif rejected:
            self._put(REJECTED, key, rejected, reason)
        if left and key.startswith(FAILED_INVOCATIONS):
            self._put(UNDELIVERED, key, left, reason)
            left = b""
        if left:
            self._bucket.put(key, left, self._end, metadata=describe(reason), replaces=found.etag)
        else:
            self._bucket.delete(key, self._end)

    def set_aside(self, key: str, reason: str) -> None:
        """Move an object to where it holds up no other.

        Raises:
            AwsError: S3 failed.
        """
        try:
            self._bucket.copy(key, self._new_key(REJECTED, key), self._end, metadata=describe(reason))
            self._bucket.delete(key, self._end)
        except AwsError as error:
            if error.code != "NoSuchKey":
                raise

    def _put(self, prefix: str, key: str, body: bytes, reason: str) -> None:
        """Write an object that comes from another."""
        self._bucket.put(self._new_key(prefix, key), body, self._end, metadata=describe(reason))

    def _new_key(self, prefix: str, key: str) -> str:
        """Return a new key, in the same place of the order of times as another."""
        moment = time_of(key)
        unique = new_name(self._timing.wall()).rpartition("-")[2]
        return f"{prefix}{moment[:10].replace('-', '/')}/{moment}-{unique}"
