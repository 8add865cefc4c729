"""What AWS charges, in USD: us-east-1, first tiers, November 2026."""

from collections.abc import Mapping

from mezmo_forwarder_commands.prices import GB_SECOND, INVOCATION, of_lambda

__all__ = [
    "GB_SECOND",
    "INVOCATION",
    "LOG_GB",
    "METRIC_MONTH",
    "MONTH_HOURS",
    "S3_GB_MONTH",
    "S3_REQUEST",
    "of_lambda",
    "of_s3",
]

# https://aws.amazon.com/s3/pricing/; deleting is free.
S3_REQUEST = {"PUT": 0.005 / 1000, "LIST": 0.005 / 1000, "GET": 0.0004 / 1000, "DELETE": 0.0}
S3_GB_MONTH = 0.023
# https://aws.amazon.com/cloudwatch/pricing/; a metric by the hour in which it has a value.
METRIC_MONTH = 0.30
LOG_GB = 0.50

MONTH_HOURS = 730


def of_s3(requests: Mapping[str, float]) -> float:
    """Return what requests to S3 cost, given by kind."""
    return sum(S3_REQUEST[kind] * count for kind, count in requests.items())
