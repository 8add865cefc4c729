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
# https://aws.amazon.com/ec2/pricing/on-demand/#Data_Transfer: from a region to the internet, by tiers of so
# many GB a month; the free 100 GB are left to whatever else the account sends.
EGRESS_GB = ((10_240, 0.09), (40_960, 0.085), (102_400, 0.07), (float("inf"), 0.05))


def of_egress(gigabytes: float) -> float:
    """Return what a month's traffic to the internet costs."""
    usd = 0.0
    for tier, price in EGRESS_GB:
        part = min(gigabytes, tier)
        usd += part * price
        gigabytes -= part
    return usd


def of_s3(requests: Mapping[str, float]) -> float:
    """Return what requests to S3 cost, given by kind."""
    return sum(S3_REQUEST[kind] * count for kind, count in requests.items())
