"""One execution environment of a function: a process that runs its asset, kept between invocations."""

from __future__ import annotations

import hashlib
import io
import json
import queue
import secrets
import signal
import subprocess
import threading
import time
import uuid
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from . import seams
from .journal import JournalEntry
from .runtime_api import Invocation, RuntimeApi, RuntimeReport

if TYPE_CHECKING:
    from .journal import InvocationResult
    from .settings import Settings

INITIALIZATION_SECONDS = 10.0
"""What Lambda gives a function to load, apart from its own time-out."""

_NODE_RUNTIME = Path(__file__).with_name("node_runtime.mjs")
# The asset stands first on the path and awslambdaric last; -I and -S keep everything else but the standard
# library out, so that a package missing from the asset is missing here too. Under an interpreter of another
# version than the function's, the site's wheels have to win over the asset's, which are not for it.
_PYTHON_RUNTIME = """
import sys
runtime, asset, site, prelude, handler = sys.argv[1:]
sys.path.insert(0, asset)
sys.path.insert(len(sys.path) if runtime == "python%d.%d" % sys.version_info[:2] else 0, site)
if prelude:
    with open(prelude, "rb") as file:
        exec(compile(file.read(), prelude, "exec"), {"__name__": "prelude", "__file__": prelude})
from awslambdaric.__main__ import main
main(["", handler])
"""
_unzip_lock = threading.Lock()


class ExecutionEnvironment:
    """What MiniStack's pool of workers leases, uses and discards (the interface is MiniStack's).

    The process is started by the first invocation, stopped (frozen) between invocations as Lambda's are, and
    killed at the function's time-out, after which the next invocation starts another one.
    """

    def __init__(self, settings: Settings, name: str, configuration: seams.Record, code_zip: bytes) -> None:
        self.func_name = name
        self.config = configuration
        self.code_zip = code_zip
        self.in_use = False
        self.last_used = 0.0
        # MiniStack kills this process when it discards a worker. It finds none: an invocation under way may
        # finish, as in Lambda, and `_discard_tmpdir`, which follows, ends the process.
        self._proc = None
        self._settings = settings
        self._running: _RuntimeProcess | None = None
        self._discarded = False
        self._lock = threading.Lock()

    def invoke(
        self, event: object, request_id: str, *, trace_id: str | None = None, invoked_function_arn: str = ""
    ) -> InvocationResult:
        """Let the function handle one event; whatever the function does is a result, not an exception."""
        with self._lock:
            entry = JournalEntry(self._settings, self.func_name, request_id, event)
            try:
                result = self._invoke(event, request_id, trace_id, invoked_function_arn, entry)
            finally:
                if self._discarded:
                    self._stop()
            entry.end(result)
            return result

    def _invoke(
        self, event: object, request_id: str, trace_id: str | None, function_arn: str, entry: JournalEntry
    ) -> InvocationResult:
        if self._running is None or self._running.has_ended():
            self._stop()
            self._running = _RuntimeProcess(self._settings, self.config, self.code_zip)
            entry.pid = self._running.pid
            failure = self._running.initialize(request_id)
            if failure is not None:
                return self._ended(*failure)
        entry.pid = self._running.pid
        timeout = float(self.config["Timeout"])
        invocation = Invocation(
            request_id=request_id,
            payload=json.dumps(event).encode(),
            deadline_ms=int((time.time() + timeout) * 1000),
            function_arn=function_arn or self.config["FunctionArn"],
            trace_id=trace_id or f"Root=1-{int(time.time()):x}-{secrets.token_hex(12)};Sampled=0",
        )
        return self._result(self._running, invocation, timeout)

    def _discard_tmpdir(self) -> None:
        self._discarded = True
        if self._lock.acquire(blocking=False):
            try:
                self._stop()
            finally:
                self._lock.release()

    def _result(self, running: _RuntimeProcess, invocation: Invocation, timeout: float) -> InvocationResult:
        report = running.handle(invocation, timeout)
        if report is None:
            message = f"RequestId: {invocation.request_id} Error: Task timed out after {timeout:.2f} seconds"
            return self._ended("Sandbox.Timedout", message)
        if report.kind == "exit":
            message = f"RequestId: {invocation.request_id} Error: {report.body.decode()}"
            return self._ended("Runtime.ExitError", message)
        body = json.loads(report.body) if report.body else None
        if report.kind == "response":
            return {"status": "ok", "result": body, "log": running.output()}
        return {"status": "error", "error_payload": body, "log": running.output()}

    def _ended(self, error_type: str, message: str) -> InvocationResult:
        payload = {"errorType": error_type, "errorMessage": message}
        return {"status": "error", "error_payload": payload, "log": f"{self._stop()}{message}\n"}

    def _stop(self) -> str:
        running, self._running = self._running, None
        return running.kill() if running else ""


class _RuntimeProcess:
    def __init__(self, settings: Settings, configuration: seams.Record, code_zip: bytes) -> None:
        asset = _unzipped(code_zip, Path(settings.directory))
        command = _command(settings, configuration, asset)
        # A file rather than a pipe: it never fills, and holds all that was written before a response.
        self._output = Path(settings.directory) / f"output-{uuid.uuid4().hex}.log"
        self._read = 0
        self._api = RuntimeApi()
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                cwd=asset,
                env=_environment(settings, configuration, asset, self._api.address),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._listed = Path(settings.directory) / "processes" / configuration["FunctionName"]
        self._listed.mkdir(parents=True, exist_ok=True)
        self._listed /= str(self._process.pid)
        self._listed.touch()
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def initialize(self, request_id: str) -> tuple[str, str] | None:
        """Wait until the handler is loaded; otherwise return the error's type and message."""
        report = self._report(INITIALIZATION_SECONDS, "next", "init error", "exit")
        if report is None:
            return "Sandbox.Timedout", f"INIT_REPORT Phase: init Status: timeout {INITIALIZATION_SECONDS:g}s"
        if report.kind == "next":
            return None
        if report.kind == "exit":
            return "Runtime.ExitError", f"RequestId: {request_id} Error: {report.body.decode()}"
        error = json.loads(report.body)
        return error.get("errorType", "Runtime.Unknown"), error.get("errorMessage", "")

    def handle(self, invocation: Invocation, timeout: float) -> RuntimeReport | None:
        """Return the outcome, or None when the time is over. The process is frozen afterwards."""
        self._process.send_signal(signal.SIGCONT)
        self._api.submit(invocation)
        report = self._report(timeout, "response", "error", "exit")
        # Lambda freezes the environment when the runtime asks for the next event.
        if report is not None and report.kind != "exit" and self._report(timeout, "next", "exit") is not None:
            self._process.send_signal(signal.SIGSTOP)
        return report

    def output(self) -> str:
        """Return what was written since the last call."""
        with self._output.open("rb") as file:
            file.seek(self._read)
            written = file.read()
        self._read += len(written)
        return written.decode("utf-8", "replace")

    def kill(self) -> str:
        """End the process; return the rest of what it wrote."""
        self._process.kill()
        self._process.wait()
        self._listed.unlink(missing_ok=True)
        self._api.close()
        rest = self.output()
        self._output.unlink()
        return rest

    def _watch(self) -> None:
        how = _exit_reason(self._process.wait())
        self._listed.unlink(missing_ok=True)
        self._api.reports.put(RuntimeReport("exit", how.encode()))

    def _report(self, timeout: float, *kinds: str) -> RuntimeReport | None:
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            try:
                report = self._api.reports.get(timeout=left)
            except queue.Empty:
                break
            if report.kind in kinds:
                return report
        return None


def _exit_reason(status: int) -> str:
    """Say in Lambda's words how a runtime's process has ended."""
    if status == 0:
        return "Runtime exited without providing a reason"
    if status > 0:
        return f"Runtime exited with error: exit status {status}"
    return f"Runtime exited with error: signal: {(signal.strsignal(-status) or str(-status)).lower()}"


def _unzipped(code_zip: bytes, directory: Path) -> Path:
    target = directory / f"asset-{hashlib.sha256(code_zip).hexdigest()[:16]}"
    with _unzip_lock:
        if not target.exists():
            with zipfile.ZipFile(io.BytesIO(code_zip)) as archive:
                archive.extractall(target)
    return target


def _command(settings: Settings, configuration: seams.Record, asset: Path) -> list[str]:
    runtime, handler = str(configuration["Runtime"]), str(configuration["Handler"])
    if configuration.get("Layers"):
        raise NotImplementedError("The local stack does not simulate layers.")
    if runtime.startswith("python"):
        isolation = ["-I", "-S", "-B", "-c", _PYTHON_RUNTIME]
        arguments = [runtime, str(asset), settings.lambda_site, settings.prelude or "", handler]
        return [settings.lambda_python, *isolation, *arguments]
    if not runtime.startswith("nodejs") or settings.node is None:
        raise NotImplementedError(f"The local stack has nothing that runs {runtime}.")
    return [settings.node, str(_NODE_RUNTIME), str(asset), handler]


def _environment(settings: Settings, configuration: seams.Record, asset: Path, api: str) -> dict[str, str]:
    name = configuration["FunctionName"]
    region = configuration["FunctionArn"].split(":")[3]
    logging = configuration.get("LoggingConfig") or {}
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        **({"SSL_CERT_FILE": settings.trusted} if settings.trusted else {}),
        **(configuration.get("Environment") or {}).get("Variables", {}),
        "_HANDLER": configuration["Handler"],
        "AWS_DEFAULT_REGION": region,
        "AWS_ENDPOINT_URL": seams.endpoint_url(),
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{configuration['Runtime']}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration["MemorySize"]),
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": configuration.get("Version", "$LATEST"),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": logging.get("LogFormat", "Text"),
        "AWS_LAMBDA_LOG_GROUP_NAME": seams.log_group_of(configuration),
        "AWS_LAMBDA_LOG_STREAM_NAME": time.strftime("%Y/%m/%d/[$LATEST]") + uuid.uuid4().hex,
        "AWS_LAMBDA_RUNTIME_API": api,
        "AWS_REGION": region,
        "LAMBDA_TASK_ROOT": str(asset),
        **seams.execution_credentials(configuration),
    }
    if "ApplicationLogLevel" in logging:
        environment["AWS_LAMBDA_LOG_LEVEL"] = logging["ApplicationLogLevel"]
    return environment
