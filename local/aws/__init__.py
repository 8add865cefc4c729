"""AWS on this machine, without Docker: MiniStack, mended, and AWS's own Lambda runtime client."""

from .invocations import Invocation
from .local_aws import LocalAws, LocalAwsError

__all__ = ["Invocation", "LocalAws", "LocalAwsError"]
