"""What LocalAws tells the overlay when it starts it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Settings:
    """Paths of this machine; they travel to MiniStack's process as one JSON argument."""

    lambda_python: str
    """The interpreter that runs Python functions."""
    lambda_site: str
    """The directory that holds awslambdaric, seen by functions after their own asset."""
    node: str | None
    """The interpreter that runs Node functions; None where there is none."""
    directory: str
    """Where the functions' assets are unzipped and their output is written."""

    trusted: str | None = None
    """A PEM file of authorities that Python functions trust, as though it were in Lambda's image."""

    def encode(self) -> str:
        """Write the settings as one JSON document."""
        return json.dumps(asdict(self))

    @staticmethod
    def decode(text: str) -> Settings:
        """Read what `encode` wrote."""
        return Settings(**json.loads(text))
