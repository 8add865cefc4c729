"""Invoking the function with a document, and what its answer means."""

import json
from dataclasses import dataclass
from enum import Enum
from typing import Any

from botocore import exceptions  # type: ignore[import-untyped]  # it ships no types

from mezmo_forwarder_commands.aws_session import code_of, explain
from mezmo_forwarder_commands.errors import CommandError

from .counts import Counts
from .documents import Document, control_payload
from .query import Query

# Lambda, or AWS before it, did not start the function.
_NOT_STARTED = (
    "TooManyRequestsException",
    "ThrottlingException",
    "ResourceConflictException",
    "ResourceNotReadyException",
    "ServiceUnavailableException",
    "EC2ThrottledException",
)
# What the handler raises of a document that is not as it should be: the same would happen again.
_HOPELESS = ("NotCloudWatchLogsError", "CorruptEventError", "EventTooLargeError", "SettingsError")


class Became(Enum):
    """What became of a document."""

    TAKEN = "taken"  # delivered, filtered or rejected, all of it
    KEPT = "kept"  # some of it is in the store
    LEFT = "left"  # some of it is nowhere: to be sent again, with what was taken
    NOT_SENT = "not sent"
    UNKNOWN = "unknown"  # to be sent again


@dataclass(frozen=True)
class Answer:
    """How an invocation went.

    Args:
        became: what became of the document.
        counts: the function's own.
        reason: why it was not all delivered; empty if it was.
    """

    became: Became
    counts: Counts
    reason: str = ""

    @property
    def settled(self) -> bool:
        """Whether the document is done."""
        return self.became in (Became.TAKEN, Became.KEPT)

    @property
    def arrived(self) -> bool:
        """Whether some of it arrived, or may have."""
        counts = self.counts
        return self.became is Became.UNKNOWN or counts.delivered + counts.stored + counts.rejected > 0


class Function:
    """The deployed forwarder.

    Args:
        client: of Lambda, which must not try again by itself: an invocation that broke off may have been one.
        query: which function, and whose events.
    """

    def __init__(self, client: Any, query: Query) -> None:  # noqa: ANN401  botocore has no types
        self._client = client
        self._query = query

    def check(self) -> None:
        """See that the function is there and counts, before it gets any log event.

        Raises:
            CommandError: it does not.
        """
        answer = self._invoke(control_payload(), 0)
        if not answer.settled:
            raise CommandError(f"function {self._query.function!r} cannot be invoked now: {answer.reason}")

    def send(self, document: Document) -> Answer:
        """Invoke the function with a document.

        Raises:
            CommandError: it makes no sense to try again.
        """
        return self._invoke(document.payload(self._query), len(document.events))

    def _invoke(self, payload: bytes, events: int) -> Answer:
        try:
            reply = self._client.invoke(FunctionName=self._query.function, Payload=payload)
            body = reply["Payload"].read()
        except exceptions.ClientError as error:
            if code_of(error) in _NOT_STARTED:
                return Answer(Became.NOT_SENT, Counts(), explain(error))
            if _status(error) >= 500:
                return Answer(Became.UNKNOWN, Counts(), explain(error))
            raise self._failed(explain(error)) from error
        except (exceptions.EndpointConnectionError, exceptions.ConnectTimeoutError) as error:
            return Answer(Became.NOT_SENT, Counts(), explain(error))
        except (
            exceptions.HTTPClientError,
            exceptions.ConnectionError,
            exceptions.IncompleteReadError,
        ) as error:
            return Answer(Became.UNKNOWN, Counts(), explain(error))
        except exceptions.BotoCoreError as error:
            raise self._failed(explain(error)) from error
        found = json.loads(body or b"null")
        return self._of_failure(found) if "FunctionError" in reply else self._of_reply(found, events)

    def _of_failure(self, found: Any) -> Answer:  # noqa: ANN401  botocore has no types
        """Tell what an error of the function means: it may have sent everything before, as at a time-out."""
        told = found if isinstance(found, dict) else {}
        kind, text = str(told.get("errorType", "")), str(told.get("errorMessage", "it failed"))
        if kind in _HOPELESS:
            raise self._failed(f"{kind}: {text}")
        return Answer(Became.UNKNOWN, Counts(), f"{kind}: {text}" if kind else text)

    def _of_reply(self, found: Any, events: int) -> Answer:  # noqa: ANN401  botocore has no types
        if not isinstance(found, dict) or "events" not in found:
            raise CommandError(
                f"function {self._query.function!r} does not answer with counts: it runs a vendor's code, or "
                "a release of this library's without backfill; deploy the one that this command came with"
            )
        counts = Counts.of({**found, "documents": int(events > 0)})
        if counts.events != events or not counts.add_up:
            raise self._failed(f"its counts do not add up: for {events:,} log events {found}")
        became = Became.LEFT if counts.undelivered else Became.KEPT if counts.stored else Became.TAKEN
        return Answer(became, counts, str(found.get("reason", "")))

    def _failed(self, why: str) -> CommandError:
        return CommandError(f"invoking function {self._query.function!r} failed: {why}")


def _status(error: exceptions.ClientError) -> int:
    status: int = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status
