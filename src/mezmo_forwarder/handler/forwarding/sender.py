"""What it takes to send documents to Mezmo, for as long as the process lives."""

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from handler.client import Client
from handler.delivery.breaker import Breaker
from handler.delivery.delivery import Delivery
from handler.delivery.keys import Keys
from handler.delivery.leftovers import Leftovers
from handler.delivery.mezmo import Mezmo
from handler.events.documents import Limits
from handler.lines.batches import Piece, Settled
from handler.lines.lines import split_line
from handler.lines.names import names_of
from handler.report import Report, log
from handler.settings import Settings
from handler.timing import SYSTEM, Timing

from .forwarding import Forwarding
from .overrides import SettingsBySubscription

if TYPE_CHECKING:
    from .log_group_tags import KnownTags


class Sender:
    """The connection to Mezmo, the key, and the limits of this process.

    Args:
        settings: what to do.
        environment: the variables of the function.
        timing: the clocks.
    """

    def __init__(
        self, settings: Settings, *, environment: Mapping[str, str] = os.environ, timing: Timing = SYSTEM
    ) -> None:
        _keep_freed_memory()
        self._settings = SettingsBySubscription(settings)
        self._environment = environment
        self._timing = timing
        self._tags = _known_tags(settings, environment, timing)
        self.limits = Limits.of(environment)
        self._client = Client(settings.destination.url, clock=timing.monotonic)
        self._mezmo = Mezmo(settings, self._client, wall_clock=timing.wall)
        self._keys = Keys(
            settings.key,
            settings.key_ttl,
            environment=environment,
            timing=timing,
            warn=lambda message: log("WARN", message),
        )

    def warm_up(self, deadline: float) -> None:
        """Load the certificates to trust, and read the key.

        Raises:
            KeyUnavailableError: it cannot be read by then.
        """
        self._client.warm_up()
        self._keys.get(deadline)

    def close(self) -> None:
        """Close the connection to Mezmo; Lambda ends a process without, others should not."""
        self._client.close()

    def begin(
        self, report: Report, *, breaker: Breaker | None, deadline: float, account: str
    ) -> tuple[Forwarding, Delivery]:
        """Begin to forward documents.

        Args:
            report: where everything is counted.
            breaker: whether Mezmo is worth a request; None where nothing keeps what is left, so that each has
                to be tried as long as there is time.
            deadline: when no request may be under way any more.
            account: the function's own, whose log group of the function's name is not forwarded, and of whose
                log groups tags can be read.
        """
        kept = breaker is not None
        left = Leftovers(_pack_undelivered if kept else None)
        rejected = Leftovers(_pack_rejected if kept else None)
        delivery = Delivery(
            self._mezmo,
            self._keys,
            breaker=breaker,
            split=self._split,
            deadline=deadline,
            left=left,
            rejected=rejected,
            report=report,
            timing=self._timing,
        )
        own = account, self._environment.get("AWS_LAMBDA_LOG_GROUP_NAME")
        forwarding = Forwarding(
            self._settings,
            delivery,
            report,
            left=left,
            rejected=rejected,
            largest_batch=self._mezmo.largest_batch,
            tags=self._tags.begin(account, deadline, report) if self._tags else None,
            own=own,
        )
        return forwarding, delivery

    def _split(self, piece: Piece) -> list[Piece]:
        document = piece.source.document
        settings = self._settings.of(document.subscription_filters)
        tags = self._tags.of(document) if self._tags else {}
        return split_line(settings, piece, names_of(settings, document, tags))


def _known_tags(settings: Settings, environment: Mapping[str, str], timing: Timing) -> "KnownTags | None":
    if not settings.log_group_tags:
        return None
    from handler.aws.log_tags import LogTags  # noqa: PLC0415  only where they are asked for

    from .log_group_tags import KnownTags  # noqa: PLC0415  see above

    return KnownTags(settings.log_group_tags, LogTags(timing=timing, environment=environment), timing=timing)


def _pack_undelivered(settled: Iterable[Settled]) -> bytes:
    from handler.store.packing import pack_undelivered  # noqa: PLC0415  not needed as long as all goes well

    return pack_undelivered(settled)


def _pack_rejected(settled: Iterable[Settled]) -> bytes:
    from handler.store.packing import pack_rejected  # noqa: PLC0415  see above

    return pack_rejected(settled)


def _keep_freed_memory() -> None:
    """Have the C library keep the memory of one invocation for the next: a tenth of the CPU time.

    glibc gives freed memory back to the kernel above a threshold, and page faults bring it in again. The
    threshold is twice the size of the largest block that was mapped and freed so far, like this one.
    """
    bytes(4 << 20)
