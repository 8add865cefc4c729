"""Runs in each function's process before its runtime: bends its clock and its names, tells of connections.

`LocalAws` executes this file (`function_prelude`); `local.faults.processes` is the other side of it. It sees
the standard library alone, and does nothing in a function without the variable FAULTS_DIRECTORY.
"""

import json
import os
import socket
import time
from pathlib import Path
from typing import Any


def install(directory: Path, function: str) -> None:
    """Replace what the handler asks for the time of day, for addresses and for connections."""
    time_of_day, resolve, connect = time.time, socket.getaddrinfo, socket.socket.connect

    def control() -> dict[str, Any]:
        document: dict[str, Any] = json.loads((directory / "control.json").read_bytes())
        return document

    def bent_time() -> float:
        seconds: float = control()["clocks"].get(function, 0.0)
        return time_of_day() + seconds

    def bent_names(host: Any, port: Any, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401  its types are legion
        names = control()["names"]
        if port in names["ports"]:
            note(directory / "names", f"{os.getpid()} {names['how']} {port} {time_of_day()}")
            if names["how"] == "hang":
                time.sleep(30)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return resolve(host, port, *arguments, **named)

    def told_connect(self: socket.socket, address: Any) -> None:  # noqa: ANN401  of any family
        connect(self, address)
        if self.family == socket.AF_INET:
            port = self.getsockname()[1]
            note(directory / "connections" / str(port), f"{os.getpid()} {time_of_day()}")

    time.time = bent_time
    socket.getaddrinfo = bent_names
    socket.socket.connect = told_connect  # type: ignore[assignment,method-assign]  # as a mock does


def note(path: Path, text: str) -> None:
    """Append a line to a file that other processes append to as well."""
    with path.open("a") as file:
        file.write(f"{text}\n")


if "FAULTS_DIRECTORY" in os.environ and __name__ == "prelude":
    install(Path(os.environ["FAULTS_DIRECTORY"]), os.environ["AWS_LAMBDA_FUNCTION_NAME"])
