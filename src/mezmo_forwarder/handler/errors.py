"""Everything the handler raises: one root, one class for each thing a reader can do something about.

No text of an error ever holds an ingestion key or the content of a log line.
"""


class ForwarderError(Exception):
    """Root of all errors of the handler."""


class SettingsError(ForwarderError):
    """The settings document is missing, or says something this handler does not know."""


class EventError(ForwarderError):
    """What the function was invoked with cannot be forwarded."""


class NotCloudWatchLogsError(EventError):
    """The invocation's payload does not have the shape of a CloudWatch Logs event."""


class CorruptEventError(EventError):
    """The payload's base64, gzip or JSON is damaged."""


class EventTooLargeError(EventError):
    """The payload unpacks to more than the function's memory allows."""


class KeyUnavailableError(ForwarderError):
    """The ingestion key could not be read, or what was read cannot be a key."""


class TransportError(ForwarderError):
    """No usable HTTP response came back.

    Args:
        reason: what happened, in words.
        retryable: whether the same request may go well a moment later.
    """

    def __init__(self, reason: str, *, retryable: bool = True) -> None:
        super().__init__(reason)
        self.retryable = retryable


class AwsError(ForwarderError):
    """An AWS service refused a call, or could not be reached.

    Args:
        reason: service, operation, resource and what happened, in words.
        code: AWS's code for it, such as `NoSuchKey`; empty if the service was not reached.
    """

    def __init__(self, reason: str, code: str = "") -> None:
        super().__init__(reason)
        self.code = code


class CommandError(ForwarderError):
    """What the re-drive function was invoked with is not understood."""


class UndeliveredError(ForwarderError):
    """Lines are left that Mezmo did not take; raised so that Lambda invokes again with the same event."""
