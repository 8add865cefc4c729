"""What AWS charges for a function, in USD: us-east-1, first tiers, November 2026."""

# https://aws.amazon.com/lambda/pricing/; by the millisecond.
GB_SECOND = {"arm64": 0.0000133334, "x86_64": 0.0000166667}
INVOCATION = 0.20 / 1_000_000


def of_lambda(seconds: float, invocations: float, *, memory: int = 128, architecture: str = "arm64") -> float:
    """Return what invocations cost that took so many seconds in all, with so many MB."""
    return seconds * memory / 1024 * GB_SECOND[architecture] + invocations * INVOCATION
