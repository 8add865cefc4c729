"""The metrics of a simulated house: what its functions print, and what Lambda tells of them."""

import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

from local.cloudwatch.metrics import Metrics
from local.simulation.house import House
from local.simulation.lambda_service import Function
from local.simulation.world import EPOCH

_LAMBDA = "AWS/Lambda"


class Recording:
    """Records a house's metrics; `now` and all times are seconds since its world began."""

    def __init__(self, house: House) -> None:
        self.metrics = Metrics()
        self._house = house
        house.aws.on_run = self._ran
        house.aws.on_dropped = self._dropped

    @contextmanager
    def running(self) -> Iterator[None]:
        """Have the house lived in, and take for its log what is printed."""
        log = io.StringIO()
        with self._house.lived_in(), redirect_stdout(log):
            yield
        self.metrics.read_log(log.getvalue().splitlines())

    def put(self, namespace: str, name: str, dimensions: dict[str, str], value: float, at: float) -> None:
        """Publish what the simulation does not have."""
        self.metrics.put(namespace, name, dimensions, value, EPOCH + at)

    def _ran(self, function: Function, began: float, seconds: float, failed: bool) -> None:
        dimensions = {"FunctionName": function.name}
        self.put(_LAMBDA, "Invocations", dimensions, 1, began)
        self.put(_LAMBDA, "Errors", dimensions, failed, began)
        self.put(_LAMBDA, "Duration", dimensions, seconds * 1000, began)

    def _dropped(self, function: Function, moment: float) -> None:
        self.put(_LAMBDA, "AsyncEventsDropped", {"FunctionName": function.name}, 1, moment)
