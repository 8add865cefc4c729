"""What LocalAws tells the overlay when it starts it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Settings:
    """Paths of this machine, and how fast time goes; one JSON argument of MiniStack's process."""

    lambda_python: str
    """The interpreter that runs Python functions."""
    lambda_site: str
    """The directory that holds awslambdaric, seen by functions after their own asset."""
    node: str | None
    """The interpreter that runs Node functions; None where there is none."""
    directory: str
    """Where the functions' assets are unzipped, their output is written and their processes are listed."""

    trusted: str | None = None
    """A PEM file of authorities that Python functions trust, as though it were in Lambda's image."""
    prelude: str | None = None
    """A Python file that runs in each Python function's process before awslambdaric starts."""
    journal: bool = False
    """Whether invocations are recorded, in `invocations.jsonl` of that directory, and their events."""
    authorize: bool = False
    """Whether what functions ask of AWS must be allowed by their roles' policies."""
    retry_delay: float = 1.0
    """Seconds that one of AWS's minutes lasts where Lambda waits before it tries again."""
    schedule_scale: float = 1.0
    """What the interval of a rule with `rate(...)` is multiplied by."""

    def encode(self) -> str:
        """Write the settings as one JSON document."""
        return json.dumps(asdict(self))

    @staticmethod
    def decode(text: str) -> Settings:
        """Read what `encode` wrote."""
        return Settings(**json.loads(text))
