"""Try the forwarder in a real AWS account: deploy, forward, fail in each way, clean up, say what it cost.

    MEZMO_INGESTION_KEY=... python3 tools/dev.py run python tools/real_account.py [--mezmo-url URL]

With the AWS credentials and region of the environment, in an account that is bootstrapped for CDK. Takes some
ten minutes. Everything is named `MezmoForwarderTrial...` and removed at the end, whatever happens before.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore.session  # type: ignore[import-untyped]  # it ships no types

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import prices  # noqa: E402  which is found by the path above

LINES = 10
UNREACHABLE = "http://192.0.2.1:9"  # of a net that is for documentation; nobody answers


class Trial:
    """One deployment, and what is done to it."""

    def __init__(self, key: str, mezmo_url: str | None, patience: float) -> None:
        self.name = f"MezmoForwarderTrial{int(time.time())}"
        self._key = key
        self._mezmo_url = mezmo_url
        self._patience = patience
        self._session = botocore.session.Session()
        self._clients: dict[str, Any] = {}
        self.outputs: dict[str, str] = {}
        self.failures: list[str] = []

    def client(self, service: str) -> Any:  # noqa: ANN401  botocore makes its clients at run time
        """Return botocore's client of a service."""
        if service not in self._clients:
            self._clients[service] = self._session.create_client(service)
        return self._clients[service]

    def deploy(self) -> None:
        """Make the secret and the stack."""
        self.client("secretsmanager").create_secret(Name=self.name, SecretString=self._key)
        self._cdk("deploy", "--require-approval", "never")
        (stack,) = self.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def _cdk(self, *arguments: str) -> None:
        context = [
            "-c",
            f"name={self.name}",
            *(["-c", f"mezmo-url={self._mezmo_url}"] if self._mezmo_url else []),
        ]
        app = f"{sys.executable} {ROOT / 'tools/real_account_app.py'}"
        path = os.pathsep.join([str(ROOT / "build/bindings/python/src"), os.environ.get("PYTHONPATH", "")])
        output = ["--output", str(ROOT / ".dev/real-account.out")]
        subprocess.run(
            ["cdk", *arguments, *context, *output, "--app", app],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": path},
            check=True,
        )

    def write(self, what: str) -> None:
        """Write lines to the log group."""
        logs, group = self.client("logs"), self.outputs["Group"]
        logs.create_log_stream(logGroupName=group, logStreamName=what)
        now = int(time.time() * 1000)
        events = [{"timestamp": now + number, "message": f"INFO {what} {number}"} for number in range(LINES)]
        logs.put_log_events(logGroupName=group, logStreamName=what, logEvents=events)

    def objects(self, prefix: str) -> list[str]:
        """Return the names of the store's objects."""
        found = self.client("s3").list_objects_v2(Bucket=self.outputs["Bucket"], Prefix=prefix)
        return [one["Key"] for one in found.get("Contents", [])]

    def redrive(self) -> dict[str, Any]:
        """Invoke the re-drive, and return what it says."""
        payload = json.dumps({"mezmo_forwarder": "redrive"}).encode()
        answer = self.client("lambda").invoke(FunctionName=self.outputs["Redrive"], Payload=payload)
        said: dict[str, Any] = json.loads(answer["Payload"].read())
        return said

    def test(self) -> bool:
        """Ask the function whether it reaches Mezmo."""
        payload = json.dumps({"mezmo_forwarder": "test"}).encode()
        answer = self.client("lambda").invoke(FunctionName=self.outputs["Function"], Payload=payload)
        print(f"  {answer['Payload'].read().decode()}")
        return "FunctionError" not in answer

    def see(self, what: str, happened: Callable[[], object]) -> None:
        """Wait for something, and note whether it came."""
        end = time.monotonic() + self._patience
        while not (seen := happened()) and time.monotonic() < end:
            time.sleep(2)
        print(f"  {'seen' if seen else 'NOT SEEN'}: {what}", flush=True)
        if not seen:
            self.failures.append(what)

    def stored_and_sent_again(self, what: str, prefix: str, mend: Callable[[], None]) -> None:
        """Write, see it stored, mend, and see the re-drive send it."""
        self.write(what)
        self.see(f"{what}: an object in {prefix}", lambda: self.objects(prefix))
        mend()
        self.see(f"{what}: sent again", lambda: (self.redrive(), not self.objects(prefix))[1])

    def put_key(self, key: str) -> None:
        """Put a key into the secret, and have the function read it."""
        self.client("secretsmanager").put_secret_value(SecretId=self.name, SecretString=key)
        self.set_variable("TRIAL", str(time.time()))

    def set_variable(self, variable: str, value: str | None) -> None:
        """Set a variable of both functions, or take it out: either way their processes are new."""
        client = self.client("lambda")
        for function in (self.outputs["Function"], self.outputs["Redrive"]):
            configuration = client.get_function_configuration(FunctionName=function)
            variables = configuration["Environment"]["Variables"]
            variables.pop(variable, None)
            if value is not None:
                variables[variable] = value
            client.update_function_configuration(FunctionName=function, Environment={"Variables": variables})
            client.get_waiter("function_updated_v2").wait(FunctionName=function)

    def go_every_way(self) -> None:
        """Forward, and fail in each way that a user can bring about."""
        print("delivery")
        self.see("the test line is taken", self.test)
        self.write("delivery")
        self.see("delivery: a report of the function", lambda: self.reported("LinesDelivered"))
        print("a key that is refused")
        self.put_key("0" * 32)
        self.stored_and_sent_again("refused", "undelivered/", lambda: self.put_key(self._key))
        print("Mezmo out of reach")
        self.set_variable("HTTPS_PROXY", UNREACHABLE)
        self.set_variable("NO_PROXY", "amazonaws.com")
        self.stored_and_sent_again(
            "unreachable", "undelivered/", lambda: self.set_variable("HTTPS_PROXY", None)
        )
        print("no concurrency, so that Lambda gives up")
        function = {"FunctionName": self.outputs["Function"]}
        self.client("lambda").put_function_concurrency(**function, ReservedConcurrentExecutions=0)
        self.stored_and_sent_again(
            "given up", "aws/lambda/", lambda: self.client("lambda").delete_function_concurrency(**function)
        )

    def reported(self, figure: str) -> bool:
        """Tell whether a report in the forwarder's log group has a figure."""
        configuration = self.client("lambda").get_function_configuration(
            FunctionName=self.outputs["Function"]
        )
        group = configuration["LoggingConfig"]["LogGroup"]
        found = self.client("logs").filter_log_events(logGroupName=group)
        return any(f'"{figure}"' in event["message"] for event in found["events"])

    def cost(self) -> str:
        """Return what Lambda's own metrics make of it, by list prices; the rest is below a cent a day."""
        seconds = invocations = 0.0
        for name in (self.outputs["Function"], self.outputs["Redrive"]):
            for metric in ("Duration", "Invocations"):
                found = self.client("cloudwatch").get_metric_statistics(
                    Namespace="AWS/Lambda",
                    MetricName=metric,
                    Dimensions=[{"Name": "FunctionName", "Value": name}],
                    StartTime=time.time() - 7200,
                    EndTime=time.time() + 60,
                    Period=7200,
                    Statistics=["Sum"],
                )
                total = sum(point["Sum"] for point in found["Datapoints"])
                seconds += total / 1000 if metric == "Duration" else 0
                invocations += total if metric == "Invocations" else 0
        usd = prices.of_lambda(seconds, invocations)
        used = f"{invocations:.0f} invocations, {seconds:.1f} s at 128 MB"
        return f"Lambda: {used}: {usd:.6f} USD by list prices, as far as its metrics have come"

    def clean_up(self) -> None:
        """Remove everything, each thing whether or not the others go."""
        if bucket := self.outputs.get("Bucket"):
            with contextlib.suppress(Exception):
                for key in self.objects(""):
                    self.client("s3").delete_object(Bucket=bucket, Key=key)
        secrets = self.client("secretsmanager")
        for what, remove in (
            ("stack", lambda: self._cdk("destroy", "--force")),
            (
                "secret",
                lambda: secrets.delete_secret(SecretId=self.name, ForceDeleteWithoutRecovery=True),
            ),
        ):
            try:
                remove()
            except Exception as error:  # noqa: BLE001  the next must go too
                self.failures.append(f"{what} {self.name} could not be removed: {type(error).__name__}")


def main() -> int:
    """Try everything; the exit code is 0 if all was seen and removed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mezmo-url", help="another address than Mezmo's usual one")
    parser.add_argument("--patience", type=float, default=300, help="seconds to wait for each thing")
    arguments = parser.parse_args()
    key = os.environ.pop("MEZMO_INGESTION_KEY", "")
    if not key:
        parser.error("the environment variable MEZMO_INGESTION_KEY is not set")
    trial = Trial(key, arguments.mezmo_url, arguments.patience)
    try:
        trial.deploy()
        trial.go_every_way()
        print(trial.cost())
    finally:
        trial.clean_up()
        print("\n".join(trial.failures) or "everything was seen, and removed")
    return 1 if trial.failures else 0


if __name__ == "__main__":
    sys.exit(main())
