"""What AWS charges, in USD: us-east-1, first tiers, November 2026."""

from collections.abc import Mapping

# https://aws.amazon.com/lambda/pricing/; by the millisecond.
GB_SECOND = {"arm64": 0.0000133334, "x86_64": 0.0000166667}
INVOCATION = 0.20 / 1_000_000
# https://aws.amazon.com/s3/pricing/; deleting is free.
S3_REQUEST = {"PUT": 0.005 / 1000, "LIST": 0.005 / 1000, "GET": 0.0004 / 1000, "DELETE": 0.0}
S3_GB_MONTH = 0.023
# https://aws.amazon.com/cloudwatch/pricing/; a metric by the hour in which it has a value.
METRIC_MONTH = 0.30
LOG_GB = 0.50

MONTH_HOURS = 730


def of_lambda(seconds: float, invocations: float, *, memory: int = 128, architecture: str = "arm64") -> float:
    """Return what invocations cost that took so many seconds in all, with so many MB."""
    return seconds * memory / 1024 * GB_SECOND[architecture] + invocations * INVOCATION


def of_s3(requests: Mapping[str, float]) -> float:
    """Return what requests to S3 cost, given by kind."""
    return sum(S3_REQUEST[kind] * count for kind, count in requests.items())
