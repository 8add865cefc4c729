"""One execution environment: the packed asset in a process of its own, invoked over AWS's Runtime API."""

import os
import queue
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from local.aws.overlay.runtime_api import Invocation, RuntimeApi, RuntimeReport

_ASSET = Path(__file__).resolve().parents[2] / "lib/handler"
_ARN = "arn:aws:lambda:eu-west-3:123456789012:function:forwarder"
_LONGEST_SECONDS = 60
# See `local.aws.overlay.execution_environment`: nothing but the asset and awslambdaric is on the path.
_PROGRAM = """
import sys
asset, site = sys.argv[1:]
sys.path.insert(0, asset)
sys.path.insert(len(sys.path) if sys.version_info[:2] == (3, 13) else 0, site)
from awslambdaric.__main__ import main
main(["", "handler.app.handle"])
"""


class Worker:
    """A process, as a context manager.

    Args:
        settings: the handler's variables.
        output: the file that its log goes to.
    """

    def __init__(self, settings: Mapping[str, str], output: Path) -> None:
        self._settings = settings
        self._output = output

    def __enter__(self) -> Self:
        """Start it, and wait until the handler is loaded."""
        self._api = RuntimeApi()
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "en_US.UTF-8",
            "AWS_LAMBDA_FUNCTION_NAME": "forwarder",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/forwarder",
            "AWS_REGION": "eu-west-3",
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "_HANDLER": "handler.app.handle",
            "LAMBDA_TASK_ROOT": str(_ASSET),
            **self._settings,
        }
        command = [os.environ["MEZMO_DEV_LAMBDA_PYTHON"], "-I", "-S", "-B", "-c", _PROGRAM]
        command += [str(_ASSET), os.environ["MEZMO_DEV_LAMBDA_SITE"]]
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        self._report("next")
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        self._api.close()

    def invoke(self, event: bytes) -> None:
        """Have it handle an event; RuntimeError if it fails."""
        deadline = int((time.time() + _LONGEST_SECONDS) * 1000)
        trace = f"Root=1-{int(time.time()):x}-{uuid.uuid4().hex[:24]};Sampled=0"
        self._api.submit(Invocation(str(uuid.uuid4()), event, deadline, _ARN, trace))
        report = self._report("response", "error")
        if report.kind == "error":
            raise RuntimeError(report.body.decode())
        self._report("next")

    @property
    def cpu_seconds(self) -> float:
        """The CPU time that it has taken so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def memory(self) -> int:
        """Its resident memory, in KiB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])

    def _report(self, *kinds: str) -> RuntimeReport:
        while True:
            try:
                report = self._api.reports.get(timeout=_LONGEST_SECONDS)
            except queue.Empty:
                sys.exit(f"a worker did not say {' or '.join(kinds)} within {_LONGEST_SECONDS} s")
            if report.kind in kinds:
                return report
            if report.kind == "init error":
                sys.exit(f"the handler cannot be loaded: {report.body.decode()}")
