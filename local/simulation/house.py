"""A forwarder with its store, its re-drive and all that is around it, in one world."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from unittest import mock

import msgspec

from handler.events.documents import Limits, read_payload
from handler.forwarding.forwarder import Forwarder
from handler.redriving.redrive import Redrive
from handler.settings import VARIABLE, read_redrive_settings, read_settings
from handler.store.store import REJECTED
from handler.timing import Timing
from local.simulation.lambda_service import Function, Lambda
from local.simulation.mezmo import SimulatedMezmo
from local.simulation.s3 import SimulatedS3
from local.simulation.secrets_manager import SimulatedSecrets
from local.simulation.world import Exchange, Fault, Service, World

KEY = "0123456789abcdef0123456789abcdef"
NAME = "forwarder"
_COMMAND = {"mezmo_forwarder": "redrive"}
_HOST = "{}.simulated"


class House:
    """Everything, wired as the construct does it.

    mezmo: where lines go.
    plan: what goes wrong.
    settings: the forwarder's own, beyond key, address and store.
    timeout, redrive_timeout: in seconds.
    cpu: see `World`.
    """

    def __init__(
        self,
        *,
        mezmo: SimulatedMezmo | None = None,
        plan: Callable[[Exchange], Fault | None] | None = None,
        timeout: float = 60.0,
        redrive_timeout: float = 270.0,
        cpu: float = 0.0,
        cold_seconds: float = 0.5,
        store: bool = True,
        **settings: object,
    ) -> None:
        self.mezmo = mezmo or SimulatedMezmo(KEY)
        self.s3 = SimulatedS3()
        self.secrets = SimulatedSecrets(self.mezmo.key)
        services: dict[str, Service] = {"mezmo": self.mezmo, "s3": self.s3, "secretsmanager": self.secrets}
        self.world = World({_HOST.format(name): service for name, service in services.items()}, cpu=cpu)
        if plan:
            self.world.plan = plan
        document = {
            "schema": 1,
            "key": {"source": "secrets-manager", "id": "MezmoIngestionKey"},
            "destination": {"kind": "log-analysis", "url": f"https://{_HOST.format('mezmo')}/logs/ingest"},
            **({"store": {"bucket": "store", "owner": "123456789012"}} if store else {}),
            **settings,
        }
        self._environment = {
            "AWS_ACCESS_KEY_ID": "AKID",
            "AWS_SECRET_ACCESS_KEY": "hidden",
            "AWS_REGION": "eu-west-3",
            "AWS_LAMBDA_FUNCTION_NAME": NAME,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_ENDPOINT_URL_S3": f"https://{_HOST.format('s3')}",
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": f"https://{_HOST.format('secretsmanager')}",
            VARIABLE: msgspec.json.encode(document).decode(),
        }
        redrive = {**document, "redrive": {"function": NAME, "bytes_per_second": 1 << 20}}
        self._redrive_environment = {
            **self._environment,
            VARIABLE: msgspec.json.encode(redrive).decode(),
        }
        self.aws = Lambda(self.world, self.s3)
        timing = self.world.timing
        self.function = Function(NAME, lambda: self._make(timing), timeout=timeout, cold_seconds=cold_seconds)
        self.redrive = Function(
            "redrive",
            lambda: self._make_redrive(timing),
            timeout=redrive_timeout,
            cold_seconds=cold_seconds,
            retries=0,
            keeps_failures=False,
        )

    def _make(self, timing: Timing) -> Forwarder:
        forwarder = Forwarder(read_settings(self._environment), environment=self._environment, timing=timing)
        with suppress(Exception):  # as `handler.app` does
            forwarder.warm_up()
        return forwarder

    def _make_redrive(self, timing: Timing) -> Redrive:
        settings = read_redrive_settings(self._redrive_environment)
        return Redrive(settings, environment=self._redrive_environment, timing=timing)

    @contextmanager
    def lived_in(self) -> Iterator[None]:
        """Have the handler's code see this world, and its environment."""
        with self.world.inhabited(), mock.patch.dict(os.environ, self._environment, clear=True):
            yield

    def send(self, event: object, moment: float = 0.0) -> None:
        """Have CloudWatch Logs invoke the function."""
        self.aws.invoke(self.function, event, moment)

    def redrive_every(self, seconds: float) -> None:
        """Have the schedule invoke the re-drive."""
        self.aws.every(seconds, self.redrive, _COMMAND)

    @property
    def rejected(self) -> dict[str, str]:
        """The messages in `rejected/`, with the reasons."""
        found: dict[str, str] = {}
        for key in self.s3.keys(REJECTED):
            body = self.s3.body(key)
            if not body.startswith(b"\x1f\x8b"):
                continue  # not CloudWatch's
            for received in read_payload(body, Limits.of({})):
                reason = self.s3.metadata(key).get("x-amz-meta-reason", "")
                for event in received.document.log_events:
                    found[msgspec.json.decode(event.message, type=str)] = reason
        return found

    @property
    def waiting(self) -> list[str]:
        """The keys of what is still to be sent."""
        return self.s3.keys("undelivered/") + self.s3.keys("aws/lambda/")
