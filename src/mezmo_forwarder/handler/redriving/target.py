"""Sending what an object of the store holds: to Mezmo, or to a vendor's function that does so."""

from collections.abc import Callable, Mapping
from typing import Protocol

from msgspec import Struct

from handler.delivery.breaker import Breaker
from handler.errors import AwsError, EventError
from handler.events.documents import Limits, read_payload
from handler.forwarding.sender import Sender
from handler.report import Report
from handler.settings import Settings
from handler.store.contents import invocations_in, payloads_in
from handler.store.packing import pack_invocation
from handler.timing import Timing


class Resent(Struct, frozen=True):
    """How sending an object went.

    Args:
        left: what of it is to be sent another time; empty if nothing.
        rejected: what of it Mezmo will never take, packed for the store; empty if nothing.
        aside: what of it is not what CloudWatch sends, packed likewise, with the reasons.
        moved: whether any of it was settled.
        failure: why something is left; empty if nothing is.
        hopeless: whether all others would fail for the same reason.
    """

    left: bytes = b""
    rejected: bytes = b""
    aside: tuple[tuple[bytes, str], ...] = ()
    moved: bool = True
    failure: str = ""
    hopeless: bool = False


class Target(Protocol):
    """Where objects are sent."""

    def send(self, body: bytes, report: Report, *, patience: int, deadline: float, account: str) -> Resent:
        """Send what an object holds.

        Args:
            body: the object.
            report: where lines are counted.
            patience: how many requests in a row may fail.
            deadline: when no request may be under way any more.
            account: the function's own.

        Raises:
            EventError: it holds something else, and nothing else.
        """


class ToMezmo:
    """Makes lines of log events, as the forwarder's function does.

    Args:
        settings: what to do.
        environment: the variables of the function.
        timing: the clocks.
    """

    def __init__(self, settings: Settings, environment: Mapping[str, str], timing: Timing) -> None:
        self._sender = Sender(settings, environment=environment, timing=timing)
        self._timing = timing

    def send(self, body: bytes, report: Report, *, patience: int, deadline: float, account: str) -> Resent:
        """See `Target`."""
        forwarding, delivery = self._sender.begin(
            report, breaker=Breaker(self._timing, patience), deadline=deadline, account=account
        )
        settled, requests = report.settled, report.requests
        aside: list[tuple[bytes, str]] = []
        payloads = list(payloads_in(body))
        for packed, record in payloads:
            try:
                documents = read_payload(
                    packed,
                    self._sender.limits,
                    record=record,
                    expired=self._expiry(deadline),
                    unwanted=lambda: forwarding.stopped,
                )
                for received in documents:
                    forwarding.add(received)
            except EventError as error:
                if len(payloads) == 1:
                    raise
                aside.append((pack_invocation(packed), str(error)))
        forwarding.finish()
        left = forwarding.left.packed()
        return Resent(
            left=left,
            rejected=forwarding.rejected.packed(),
            aside=tuple(aside),
            moved=not left or bool(aside) or report.settled > settled,
            failure=(delivery.stopped or report.main_reason) if left else "",
            hopeless=report.key_refused > 0 or report.requests == requests,
        )

    def _expiry(self, deadline: float) -> Callable[[], bool]:
        now = self._timing.monotonic()
        return lambda: self._timing.monotonic() > (now + deadline) / 2


class ToVendor:
    """Invokes the vendor's function with what it was invoked with before.

    Args:
        invoke: invokes it with an event, until a deadline, and returns what went wrong; as
            `handler.aws.vendor_function.VendorFunction.invoke` does.
        environment: the variables of this function.
    """

    def __init__(self, invoke: Callable[[bytes, float], str], environment: Mapping[str, str]) -> None:
        self._invoke = invoke
        self._limits = Limits.of(environment)

    def send(self, body: bytes, report: Report, *, patience: int, deadline: float, account: str) -> Resent:
        """See `Target`; lines are not counted, since the vendor's function alone knows them."""
        del report, patience, account
        for event in invocations_in(body, self._limits):
            try:
                failure = self._invoke(event, deadline)
            except AwsError as error:
                return Resent(body, moved=False, failure=str(error), hopeless=True)
            if failure:
                return Resent(body, moved=False, failure=failure)
        return Resent()
