"""What a cold start costs: from the start of the process to the first lines delivered."""

import shutil
import statistics
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks.corpus import MIXED, payload
from benchmarks.lambda_python import ISOLATED, Finished, LambdaPython, run
from benchmarks.report import Findings, Verdict, median, table

_TARGET = 3.0
_Variant = Callable[[], Finished]
_BOTO3 = "boto3==1.44.5"
_CLOCKS = "import time; print('[%r, %r]' % (time.process_time(), time.monotonic()))"
_BARE = f"import http.client, ssl; {_CLOCKS}"
_START = f"""
import sys
sys.path[:0] = sys.argv[1].split(":")
class Context:
    invoked_function_arn = "arn:aws:lambda:eu-west-3:123456789012:function:forwarder"
    def get_remaining_time_in_millis(self):
        return 60_000
with open(sys.argv[2]) as file:
    event = {{"awslogs": {{"data": file.read()}}}}
import handler.app
handler.app.handle(event, Context())
{_CLOCKS}
"""
_BOTO3_LOOK_UP = """
import json, os, sys
sys.path.append(sys.argv[3])
import boto3
secret = boto3.client("secretsmanager").get_secret_value(SecretId="MezmoIngestionKey")
os.environ["MEZMO_INGESTION_KEY"] = json.loads(secret["SecretString"])["LOGDNA_KEY"]
"""
_COMPILE = (
    "import compileall, py_compile, sys; compileall.compile_dir(sys.argv[1], quiet=2, "
    "invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)"
)


def start(
    runner: LambdaPython,
    *,
    look_up: bool = False,
    boto3: Path | None = None,
    share: float | None = None,
    memory: int = 128,
) -> Finished:
    """Start a function and deliver ten lines.

    Returns:
        As its result CPU time and monotonic clock, both in seconds, when they were delivered.

    """
    script = (_BOTO3_LOOK_UP if boto3 else "") + _START
    file = runner.file(payload("text", 10, MIXED))
    environment = runner.environment(look_up=look_up, memory=memory)
    if boto3:
        environment |= {"AWS_CA_BUNDLE": environment["SSL_CERT_FILE"], "AWS_DEFAULT_REGION": "eu-west-3"}
    return run([runner.python, *ISOLATED, "-c", script, runner.path, file, str(boto3)], environment, share)


def measure(runner: LambdaPython, *, quick: bool) -> Findings:
    """Start each variant in turn, many times."""
    boto3 = _install_boto3(runner)
    compiled = _with_byte_code(runner)
    bare, ours, shipped = (
        "`import http.client, ssl`",
        "key from the environment",
        "the same, byte code shipped",
    )
    variants: dict[str, _Variant] = {
        bare: lambda: run([runner.python, *ISOLATED, "-c", _BARE], runner.environment()),
        ours: lambda: start(runner),
        shipped: lambda: start(compiled),
        "key looked up at run time": lambda: start(runner, look_up=True),
    }
    if boto3:
        variants[f"key looked up by {_BOTO3}, which has byte code"] = lambda: start(runner, boto3=boto3)
    turns = [
        {name: variant().result[0] for name, variant in variants.items()} for _ in range(4 if quick else 15)
    ]
    times = {name: median([turn[name] for turn in turns]) for name in variants}
    ratios = {name: statistics.median(turn[name] / turn[bare] for turn in turns) for name in variants}
    rows = [[name, f"{times[name]:.0f}", f"{ratios[name]:.2f}"] for name in variants]
    target = f"cold start, key from the environment: at most {_TARGET:.0f} times bare"
    values = {
        "cold_start": table(["", "CPU, ms", "times bare"], rows),
        "missing": "" if boto3 else f"{_BOTO3} could not be installed, so its row is missing.\n",
        "saved": f"{times[ours] - times[shipped]:.0f}",
    }
    return Findings(values, [Verdict(target, f"{ratios[ours]:.2f}", ratios[ours] <= _TARGET)])


def _with_byte_code(runner: LambdaPython) -> LambdaPython:
    """Return a runner of a copy of the asset with byte code beside its source."""
    directory = runner.directory / "compiled"
    shutil.copytree(runner.asset, directory)
    subprocess.run([runner.python, "-c", _COMPILE, str(directory)], check=True, timeout=60)
    return replace(runner, asset=directory)


def _install_boto3(runner: LambdaPython) -> Path | None:
    """Install boto3 for this measure alone; None if it cannot be had."""
    directory = runner.directory / "boto3"
    command = [runner.python, "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--root-user-action=ignore", "--target", str(directory), _BOTO3]
    try:
        subprocess.run(command, check=True, timeout=180)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return None
    return directory
