"""All pictures, and what draws them."""

from collections.abc import Callable
from pathlib import Path

from docs.images import architecture, failure, one_event, preview
from tests.watching import picture as dashboard

HERE = Path(__file__).parent

PICTURES: dict[str, tuple[Path, Callable[[], str]]] = {
    "architecture": (HERE / "architecture.svg", architecture.picture),
    "one-event": (HERE / "one-event.svg", one_event.picture),
    "failure": (HERE / "failure.svg", failure.picture),
    "preview": (HERE / "preview.svg", preview.picture),
    "dashboard": (dashboard.PICTURE, dashboard.picture),
}
