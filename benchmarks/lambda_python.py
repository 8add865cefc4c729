"""Processes like Lambda's: its Python, the packed asset, its environment, and its share of a core."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.corpus import Payload, StreamBatch
from benchmarks.sink import KEY, Sink

ISOLATED = ("-I", "-S", "-B")
"""No variables, no site packages, no byte code written: /var/task is read-only."""

_ROOT = Path(__file__).resolve().parents[1]
DEFAULTS: Mapping[str, object] = {
    "store": {"bucket": "store", "owner": "123456789012"},
    "metrics": "forwarder",
}
"""What the construct puts into the settings, unless told otherwise, beside key and destination."""
BARE: Mapping[str, object] = {
    **DEFAULTS,
    "recognize": False,
    "meta_fields": ["owner", "group", "stream", "event_id", "filters"],
}
"""The same for bare forwarding: messages are sent as they are, and nothing is recognized."""

SHARE = 128 / 1769
"""What 128 MB get of a core, https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html."""

_SECRET = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:MezmoIngestionKey-a1b2c3"
_PROBE = (
    "import sys; sys.path[:0] = sys.argv[1].split(':'); "
    "from benchmarks.probes import main; main(*sys.argv[2:])"
)
_LONGEST_SECONDS = 120
_PERIOD = 0.02
_LONG_PERIOD = 0.1  # signals are not precise enough for a shorter one


@dataclass(frozen=True)
class Finished:
    """A process that has run; `started` is on the monotonic clock, which all processes share."""

    lines: list[str]
    started: float

    @property
    def result(self) -> Any:  # noqa: ANN401  whatever the process measured
        """What its last line says."""
        return json.loads(self.lines[-1])


@dataclass(frozen=True)
class LambdaPython:
    """How to run things as Lambda does.

    python: the interpreter.
    directory: for files.
    sink: where lines go.
    asset: what is run.
    settings: the function's, beside key and destination.
    mezmo: how the sink answers as Mezmo, by its constants.
    s3: S3's address, if it is not the sink's.
    """

    python: str
    directory: Path
    sink: Sink
    asset: Path = _ROOT / "lib/handler"
    settings: Mapping[str, object] = field(default_factory=lambda: DEFAULTS)
    mezmo: str = ""
    s3: str = ""

    @property
    def path(self) -> str:
        """What stands before the standard library: the asset, after wheels for another Python if need be."""
        site = Path(os.environ.get("MEZMO_DEV_LAMBDA_SITE", "/nowhere"))
        return f"{site}:{self.asset}" if (site / "msgspec").is_dir() else str(self.asset)

    def environment(self, *, look_up: bool = False, memory: int = 128) -> dict[str, str]:
        """Return a function's variables, with the key among them or to be looked up."""
        secret = {"source": "secrets-manager", "id": _SECRET, "field": "LOGDNA_KEY"}
        settings = {
            "schema": 1,
            "key": secret if look_up else {"source": "environment", "variable": "MEZMO_INGESTION_KEY"},
            "destination": {"kind": "log-analysis", "url": f"{self.sink.url}{self.mezmo}/logs/ingest"},
            **self.settings,
        }
        return {
            "AWS_LAMBDA_FUNCTION_NAME": "forwarder",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory),
            "AWS_REGION": "eu-west-3",
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
            "AWS_ENDPOINT_URL": self.sink.url,
            "AWS_ENDPOINT_URL_S3": self.s3 or self.sink.url,
            "SSL_CERT_FILE": str(self.sink.authorities),
            "LANG": "en_US.UTF-8",
            "MEZMO_FORWARDER_SETTINGS": json.dumps(settings),
            **({} if look_up else {"MEZMO_INGESTION_KEY": KEY}),
        }

    def file(self, payload: Payload) -> str:
        """Write a payload's data for a process to read, and return the file's path."""
        path = self.directory / f"{payload.name}.base64"
        path.write_text(payload.data)
        return str(path)

    def event_file(self, what: Payload | StreamBatch) -> str:
        """Write what Lambda invokes the function with for a process to read, and return the file's path."""
        path = self.directory / f"{what.name}.json"
        path.write_text(what.event)
        return str(path)

    def probe(
        self,
        name: str,
        *arguments: str,
        memory: int = 128,
        share: float | None = None,
        seconds: float = _LONGEST_SECONDS,
    ) -> Finished:
        """Run a probe.

        What it forwards must have been delivered, or refused with an error; or, if Mezmo refuses it, must
        have been stored.
        """
        command = [self.python, *ISOLATED, "-c", _PROBE, f"{self.path}:{_ROOT}", name, *arguments]
        finished = run(command, self.environment(memory=memory), share, seconds)
        outcomes = ["LinesDelivered", *(["LinesStored", "LinesRejected"] if self.mezmo else [])]
        for log in map(json.loads, finished.lines[:-1]):
            settled = sum(log.get(outcome, 0) for outcome in outcomes)
            assert log["level"] == "ERROR" or log.get("LinesReceived", 0) == settled, log
        return finished


def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    share: float | None = None,
    seconds: float = _LONGEST_SECONDS,
) -> Finished:
    """Run a process to its end, with a whole core or a share of one, and return what it printed."""
    with tempfile.TemporaryFile("w+") as output, _quota(share) as group:
        enter = ["/bin/sh", "-c", 'echo $$ > "$0" && exec "$@"', str(group / "cgroup.procs")] if group else []
        started = time.monotonic()
        process = subprocess.Popen([*enter, *command], env=environment, stdout=output)
        try:
            if share and not group:
                _duty_cycle(process, share, started + seconds)
            code = process.wait(seconds)
        finally:
            process.kill()
            process.wait()
        if code:
            sys.exit(f"a measured process failed with exit code {code}")
        output.seek(0)
        return Finished(output.read().splitlines(), started)


def quota_method() -> str:
    """Say how a share of a core is enforced on this machine."""
    with _quota(0.5) as group:
        if group:
            return f"by a control group's CPU quota with a period of {_PERIOD * 1000:.0f} ms"
        return f"by SIGSTOP and SIGCONT every {_LONG_PERIOD * 1000:.0f} ms, for want of control groups"


def _duty_cycle(process: subprocess.Popen[bytes], share: float, end: float) -> None:
    while process.poll() is None and time.monotonic() < end:
        process.send_signal(signal.SIGCONT)
        time.sleep(_LONG_PERIOD * share)
        process.send_signal(signal.SIGSTOP)
        time.sleep(_LONG_PERIOD * (1 - share))


@contextmanager
def _quota(share: float | None) -> Iterator[Path | None]:
    """Make a control group with a CPU quota, of version 2 or 1; none without the right to, or a share."""
    group = _control_group(share) if share else None
    try:
        yield group
    finally:
        if group:
            group.rmdir()


def _control_group(share: float) -> Path | None:
    period, quota = round(_PERIOD * 1e6), round(_PERIOD * 1e6 * share)
    top = Path("/sys/fs/cgroup")
    files = {"cpu.max": f"{quota} {period}"}
    if not (top / "cgroup.controllers").exists():
        top /= "cpu"
        files = {"cpu.cfs_period_us": str(period), "cpu.cfs_quota_us": str(quota)}
    group = None
    try:
        group = Path(tempfile.mkdtemp(prefix="mezmo-forwarder-", dir=top))
        if "cpu.max" in files:
            (top / "cgroup.subtree_control").write_text("+cpu")
        for name, text in files.items():
            (group / name).write_text(text)
    except OSError:
        if group:
            group.rmdir()
        return None
    return group
