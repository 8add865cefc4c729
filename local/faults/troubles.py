"""Makes what the timeline says go wrong, and ends it again."""

import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass
from urllib.parse import urlsplit

from local.aws import LocalAws
from local.faults.aws_script import AwsScript
from local.faults.mezmo_script import MezmoScript
from local.faults.processes import Processes, kill
from local.faults.proxy import AwsProxy, Exchange
from local.faults.timeline import (
    AwsOutage,
    ClockJump,
    KeyRefused,
    KeyRotated,
    Kill,
    MezmoOutage,
    Moment,
    NamesBroken,
    Trouble,
)
from local.mezmo import MezmoStandIn

SECRET = "FaultsIngestionKey"
_KILL_SECONDS = 5
_NO_KEY = "f" * 32


@dataclass(frozen=True)
class Killed:
    """A process that was killed, and what it was, at a time in seconds since the epoch."""

    moment: float
    pid: int
    redrive: bool


class Troubles:
    """Everything that can be made go wrong, while the context lasts.

    forwarder, redrive: the functions' names.
    seed: of the scripts.
    """

    def __init__(
        self,
        aws: LocalAws,
        mezmo: MezmoStandIn,
        proxy: AwsProxy,
        processes: Processes,
        *,
        forwarder: str,
        redrive: str,
        seed: int,
    ) -> None:
        self._aws = aws
        self._mezmo = mezmo
        self._proxy = proxy
        self._processes = processes
        self._functions = {False: forwarder, True: redrive}
        self._keys = random.Random(f"{seed}/keys")
        self._key = next(iter(mezmo.keys))
        self._mezmo_script = MezmoScript(seed)
        self._aws_script = AwsScript(seed)
        self._lock = threading.Lock()
        self._rotating = threading.Lock()  # held until both sides have the same key
        self._refused = 0
        self._threads: list[threading.Thread] = []
        self._over = threading.Event()
        self.killed: list[Killed] = []
        """The processes that were killed."""
        self.jumps: list[tuple[bool, float, float]] = []
        """For each jump of a clock whether it was the re-drive's, when it began and when it ended."""
        self.made: Counter[str] = Counter()
        """How often each kind of trouble that lasts was made."""

    def begin(self) -> None:
        """Give requests, connections and calls their faults from now on."""
        self._mezmo.faults.draw(self._mezmo_script.request)
        self._mezmo.faults.draw_connections(self._mezmo_script.connection)
        self._proxy.draw(self._aws_script.fault)

    def play(self, timeline: list[Moment]) -> None:
        """Make each trouble at its moment, in a thread of its own; return when the last has begun."""
        started = time.monotonic()
        for moment in timeline:
            if self._over.wait(max(0.0, started + moment.at - time.monotonic())):
                return
            thread = threading.Thread(target=self._make, args=(moment.trouble,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def end(self) -> None:
        """Mend everything."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._mezmo.faults.clear()
        self._proxy.clear()

    def _make(self, trouble: Trouble) -> None:
        match trouble:
            case MezmoOutage(seconds, fault):
                self._mezmo_script.outage = fault
                self._over.wait(seconds)
                self._mezmo_script.outage = None
            case AwsOutage(seconds, service, fault):
                self._aws_script.outages[service] = fault
                self._over.wait(seconds)
                self._aws_script.outages.pop(service, None)
            case KeyRefused(seconds):
                self._set_key(refuse=1)
                self._over.wait(seconds)
                self._set_key(refuse=-1)
            case KeyRotated(seconds, secret_first):
                with self._rotating:
                    self._rotate(seconds, secret_first=secret_first)
            case NamesBroken(seconds, aws, hang):
                addresses = [self._mezmo.url, self._proxy.url] if aws else [self._mezmo.url]
                self._processes.break_names([urlsplit(one).port or 0 for one in addresses], hang=hang)
                self._over.wait(seconds)
                self._processes.break_names([])
            case ClockJump(seconds, redrive, ahead):
                began = time.time()
                self._processes.set_clock(self._functions[redrive], ahead)
                self._over.wait(seconds)
                self._processes.set_clock(self._functions[redrive], 0)
                self.jumps.append((redrive, began, time.time()))
            case Kill():
                self._kill(trouble)
        if name := _name_of(trouble):
            self.made[name] += 1

    def _set_key(self, *, refuse: int = 0, key: str | None = None) -> None:
        with self._lock:
            self._refused += refuse
            self._key = key or self._key
            self._mezmo.keys = {_NO_KEY if self._refused else self._key}

    def _rotate(self, seconds: float, *, secret_first: bool) -> None:
        key = f"{self._keys.getrandbits(128):032x}"
        steps = [
            lambda: self._set_key(key=key),
            lambda: self._aws.client("secretsmanager").put_secret_value(
                SecretId=SECRET, SecretString=json.dumps({"LOGDNA_KEY": key})
            ),
        ]
        first, second = reversed(steps) if secret_first else steps
        first()
        self._over.wait(seconds)
        second()

    def _kill(self, chosen: Kill) -> None:
        pid: int | None = None
        running = self._aws.function_processes(self._functions[chosen.redrive])
        if not chosen.after and running:
            pid = running[int(chosen.chosen * len(running))]
        elif chosen.after == "mezmo":
            pid = self._sender_to_mezmo(redrive=chosen.redrive)
        elif chosen.after == "s3":
            pid = self._caller_of_s3(redrive=chosen.redrive)
        if pid is not None and kill(pid):
            self.killed.append(Killed(time.time(), pid, chosen.redrive))

    def _sender_to_mezmo(self, *, redrive: bool) -> int | None:
        """Wait until Mezmo takes lines from the function; return the process that sent them."""
        deadline = time.monotonic() + _KILL_SECONDS
        seen = len(self._mezmo.lines)
        while (left := deadline - time.monotonic()) > 0 and not self._over.is_set():
            if self._mezmo.wait_for_lines(seen + 1, left):
                request = self._mezmo.requests[self._mezmo.lines[-1].request - 1]
                connection = {one.number: one for one in self._mezmo.connections}[request.connection]
                pid = self._processes.owner(connection.port, connection.time)
                if pid in self._aws.function_processes(self._functions[redrive]):
                    return pid
                seen = len(self._mezmo.lines)
        return None

    def _caller_of_s3(self, *, redrive: bool) -> int | None:
        """Wait until S3 has written or deleted something for the function; return the process."""

        def changes(exchange: Exchange) -> bool:
            changing = exchange.call.operation in {"PutObject", "DeleteObject", "CopyObject"}
            pid = self._processes.owner(exchange.port, exchange.time)
            return changing and exchange.carried_out and pid in running

        running = self._aws.function_processes(self._functions[redrive])
        found = self._proxy.wait_for(changes, _KILL_SECONDS)
        return self._processes.owner(found.port, found.time) if found else None


def _name_of(trouble: Trouble) -> str:
    match trouble:
        case AwsOutage(service=service):
            return {"s3": "S3", "secretsmanager": "Secrets Manager"}[service]
        case Kill() | ClockJump():
            return ""
    return {
        MezmoOutage: "Mezmo",
        KeyRefused: "the key",
        KeyRotated: "the key, for good: rotated",
        NamesBroken: "names",
    }[type(trouble)]
