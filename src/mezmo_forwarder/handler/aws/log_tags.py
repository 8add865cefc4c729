"""Reading the tags of a log group."""

import os
from collections.abc import Mapping

from handler.errors import AwsError
from handler.timing import SYSTEM, Timing

from .calls import LOGS, Call, Endpoint, partition_of, region_of


class LogTags:
    """CloudWatch Logs of one region, over one connection.

    Args:
        timing: the clocks.
        environment: where credentials, region and endpoints stand.
    """

    def __init__(self, *, timing: Timing = SYSTEM, environment: Mapping[str, str] = os.environ) -> None:
        self._timing = timing
        self._environment = environment
        self._endpoint: Endpoint | None = None  # what the environment lacks is found out by the first call

    def read(self, account: str, log_group: str, deadline: float) -> dict[str, str]:
        """Return the tags of a log group, asked for once.

        Raises:
            AwsError: they were not read.
        """
        region = region_of(log_group, self._environment)
        if self._endpoint is None:
            self._endpoint = Endpoint(LOGS, region, timing=self._timing, environment=self._environment)
        # Without the `:*` that other actions want, here as in the policy
        arn = f"arn:{partition_of(region)}:logs:{region}:{account}:log-group:{log_group}"
        call = Call("ListTagsForResource", arn, attempts=1, advice="")
        answer = self._endpoint.call_json(call, {"resourceArn": arn}, deadline).get("tags")
        if not isinstance(answer, dict):
            raise AwsError(f"logs ListTagsForResource of {arn!r} failed: the answer has no tags")
        return {str(key): str(value) for key, value in answer.items()}

    def close(self) -> None:
        """Close the connection: the next look-up may be an hour away."""
        if self._endpoint:
            self._endpoint.close()
