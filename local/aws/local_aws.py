"""Starts and stops AWS on this machine, and runs the CDK CLI against it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import botocore.session  # type: ignore[import-untyped]  # it ships no types

from local import programs

from .invocations import Invocation, read_invocations
from .overlay.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

ACCOUNT = "000000000000"
REGION = "eu-west-3"
_START_SECONDS = 60
_STOP_SECONDS = 5
_HERE = Path(__file__).parent


class LocalAwsError(RuntimeError):
    """AWS on this machine did not start, or the CDK CLI failed; the message holds the end of the output."""


class LocalAws:
    """AWS on 127.0.0.1, account 000000000000, region eu-west-3, for as long as the context lasts.

    directory: an empty or new directory for the log, assets and other files of this run.
    ministack_python: the interpreter that has MiniStack installed.
    lambda_python, lambda_site: the interpreter that runs Python functions, whatever version they name, and
        the directory that holds awslambdaric for it (`pip install --target`); nothing else that is installed
        for that interpreter is seen by functions.
        Where that interpreter has another version than a function names, the directory comes before the
        asset and may hold wheels that the asset lacks for it; otherwise it comes after everything else.
    cdk, node: the CDK CLI, and what runs it and Node functions; those on PATH by default.
    trusted: a PEM file of authorities that Python functions trust, as though it were in Lambda's image.
    retry_delay: seconds that a minute of AWS's lasts where Lambda waits before it tries again. So a failed
        asynchronous invocation is tried again after this many seconds, and after twice as many once more
        (AWS: one minute, then two). An event's age counts such waits at AWS's length.
    schedule_scale: what the interval of an EventBridge rule with `rate(...)` is multiplied by: with 0.01 a
        rule of five minutes fires every three seconds. `cron(...)` follows the clock.
    function_prelude: a Python file that runs in each Python function's process before awslambdaric starts, so
        that a test can bend the clock or the network inside. It is read anew for each process, sees the
        function's environment, and its failure is the function's. Functions in other languages run without.
    authorize: whether what functions ask of AWS must be allowed by their roles' policies.
    journal: whether `invocations` and `event` can tell of what functions did.

    Raises LocalAwsError when it is not ready within a minute.
    """

    def __init__(
        self,
        directory: Path,
        *,
        ministack_python: Path,
        lambda_python: Path,
        lambda_site: Path,
        cdk: Path | None = None,
        node: Path | None = None,
        trusted: str | None = None,
        retry_delay: float = 1.0,
        schedule_scale: float = 1.0,
        function_prelude: Path | None = None,
        journal: bool = False,
        authorize: bool = False,
    ) -> None:
        self.directory = directory.resolve()
        self._ministack_python = ministack_python
        self._cdk = _program(cdk, "cdk")
        self._node = _program(node, "node")
        self._settings = Settings(
            lambda_python=str(lambda_python),
            lambda_site=str(lambda_site.resolve()),
            node=str(self._node) if self._node else None,
            directory=str(self.directory / "functions"),
            trusted=trusted,
            prelude=str(function_prelude.resolve()) if function_prelude else None,
            journal=journal,
            authorize=authorize,
            retry_delay=retry_delay,
            schedule_scale=schedule_scale,
        )
        self._session = botocore.session.Session()
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def from_environment(
        cls,
        directory: Path,
        *,
        trusted: str | None = None,
        retry_delay: float = 1.0,
        schedule_scale: float = 1.0,
        function_prelude: Path | None = None,
        journal: bool = False,
        authorize: bool = False,
    ) -> Self:
        """Take the interpreters that the development set-up has prepared.

        They are named by the variables MEZMO_DEV_MINISTACK_PYTHON, MEZMO_DEV_LAMBDA_PYTHON and
        MEZMO_DEV_LAMBDA_SITE; raises LocalAwsError when one is not set.
        """
        names = ("MEZMO_DEV_MINISTACK_PYTHON", "MEZMO_DEV_LAMBDA_PYTHON", "MEZMO_DEV_LAMBDA_SITE")
        missing = [name for name in names if not os.environ.get(name)]
        if missing:
            raise LocalAwsError(f"Not set: {', '.join(missing)}. Run this by `python3 tools/dev.py`.")
        ministack_python, lambda_python, lambda_site = (Path(os.environ[name]) for name in names)
        return cls(
            directory,
            ministack_python=ministack_python,
            lambda_python=lambda_python,
            lambda_site=lambda_site,
            trusted=trusted,
            retry_delay=retry_delay,
            schedule_scale=schedule_scale,
            function_prelude=function_prelude,
            journal=journal,
            authorize=authorize,
        )

    def __enter__(self) -> Self:
        for name in ("functions", "cdk-home", "tmp"):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        self._port = _free_port()
        environment = {
            **self.environment,
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self._port),
            "LAMBDA_ACCOUNT_CONCURRENCY": "1000",
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": REGION,
            "PYTHONPATH": str(_HERE),
        }
        with self.log.open("wb") as log:
            # A group of its own, so that stopping reaches the functions too; and a pipe, whose end tells the
            # overlay that this process is gone, however it went.
            self._process = subprocess.Popen(
                [str(self._ministack_python), "-P", "-m", "overlay", self._settings.encode()],
                cwd=self.directory,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait_until_healthy(self._process)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()

    @property
    def endpoint_url(self) -> str:
        """The one address of every service."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def log(self) -> Path:
        """What MiniStack and the overlay write."""
        return self.directory / "ministack.log"

    @property
    def environment(self) -> dict[str, str]:
        """A whole process environment for the CDK CLI or any SDK, without this machine's own AWS settings."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AWS_", "CDK_")) and name != "PYTHONPATH"
        }
        path = kept.get("PATH", os.defpath)
        return {
            **kept,
            "PATH": f"{self._node.parent}{os.pathsep}{path}" if self._node else path,
            "TMPDIR": str(self.directory / "tmp"),
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_SESSION_TOKEN": "local",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "CDK_HOME": str(self.directory / "cdk-home"),
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "NO_COLOR": "1",
        }

    def function_processes(self, name: str) -> list[int]:
        """Return the ids of the processes that run the function, those frozen between invocations included.

        To kill one is a crash of that execution environment: an invocation that it has fails with
        Runtime.ExitError, and the next one gets a new process.
        """
        listed = self.directory / "functions" / "processes" / name
        return sorted(int(entry.name) for entry in listed.iterdir()) if listed.exists() else []

    def invocations(self) -> list[Invocation]:
        """Return all invocations so far, in the order of their beginnings; nothing without `journal`."""
        return read_invocations(self.directory / "functions")

    def event(self, request_id: str) -> object:
        """Return what a function was invoked with under that request id, with `journal`."""
        return json.loads((self.directory / "functions/events" / f"{request_id}.json").read_bytes())

    def client(self, service: str, *, account: str = "local", region: str = REGION) -> Any:  # noqa: ANN401 - botocore makes its clients at run time
        """Return the botocore client of the service, in this account or another; it is made once."""
        key = service, account, region
        if key not in self._clients:
            self._clients[key] = self._session.create_client(
                service,
                region_name=region,
                endpoint_url=self.endpoint_url,
                aws_access_key_id=account,  # which MiniStack takes for the account's number, if it is one
                aws_secret_access_key="local",
            )
        return self._clients[key]

    def cdk(
        self,
        *arguments: str,
        app: str,
        cwd: Path,
        environment: Mapping[str, str] | None = None,
        timeout: float = 600,
    ) -> str:
        """Run `cdk <arguments> --app <app>` in `cwd`; return what it printed.

        `environment` is added to that of the run. `deploy` and `destroy` are not asked back. Raises
        LocalAwsError when the CLI fails, or does not end within `timeout` seconds.
        """
        if self._cdk is None:
            raise LocalAwsError("There is no CDK CLI: none was given, and none is on PATH.")
        unasked = {"deploy": ["--require-approval", "never"], "destroy": ["--force"]}
        command = [str(self._cdk), *arguments, *unasked.get(arguments[0], []), "--no-notices", "--app", app]
        output, failure = programs.run(
            command,
            cwd=cwd,
            environment={**self.environment, "CI": "true", **(environment or {})},
            seconds=timeout,
        )
        if failure:
            raise LocalAwsError(f"cdk {' '.join(arguments)} {failure}\n{output}")
        return output

    def _wait_until_healthy(self, process: subprocess.Popen[bytes]) -> None:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            try:
                with opener.open(f"{self.endpoint_url}/_ministack/health", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])
        raise LocalAwsError(f"MiniStack did not start (exit status {process.poll()}):\n{tail}")

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_SECONDS)
        finally:
            programs.kill_group(process)


def _program(path: Path | None, name: str) -> Path | None:
    found = path or shutil.which(name)
    return Path(found).absolute() if found else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
