"""What a person sees while it runs."""

import time
from collections.abc import Callable
from typing import TextIO

from .counts import OUTCOMES
from .query import as_duration
from .state import Progress

_BAR = 24
_ON_A_TERMINAL = 0.2  # seconds from one drawing to the next
_ELSEWHERE = 15.0


class Bar:
    """A line that is drawn again and again; in a file, a line now and then.

    Args:
        progress: what it shows.
        out: where.
        clock: a clock that never goes back, in seconds.
    """

    def __init__(self, progress: Progress, out: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._progress = progress
        self._out = out
        self._clock = clock
        self._terminal = out.isatty()
        self._began = clock()
        self._before = progress.counts.events
        self._share_before: float | None = None
        self._share = 0.0
        self._drawn: float | None = None

    def watch(self, share: float | None, why: str) -> None:
        """Show how far it is; see `run.Watch`."""
        now = self._clock()
        if share is not None:
            self._share = min(share, 1.0)
        if self._share_before is None:
            self._share_before = self._share
        every = _ON_A_TERMINAL if self._terminal else _ELSEWHERE
        if why or self._drawn is None or now - self._drawn >= every:
            self._drawn = now
            self._draw(self._text(now, why))

    def end(self) -> None:
        """Leave the line as it is."""
        if self._terminal and self._drawn is not None:
            self._draw(self._text(self._clock(), ""))
            self._out.write("\n")

    def _draw(self, text: str) -> None:
        self._out.write(f"\r\x1b[K{text}" if self._terminal else f"{text}\n")
        self._out.flush()

    def _text(self, now: float, why: str) -> str:
        counts = self._progress.counts
        filled = int(self._share * _BAR)
        seconds = max(now - self._began, 0.001)
        parts = [
            f"[{'#' * filled}{'-' * (_BAR - filled)}] {self._share:4.0%}",
            f"{counts.events:,} events",
            f"{(counts.events - self._before) / seconds:,.0f}/s",
        ]
        parts += [f"{value:,} {name}" for name in OUTCOMES[1:] if (value := getattr(counts, name))]
        gained = self._share - (self._share_before or 0.0)
        if why:
            parts.append(why)
        elif gained > 0 and self._share < 1:
            parts.append(f"{as_duration(seconds * (1 - self._share) / gained)} left")
        return "  ".join(parts)
