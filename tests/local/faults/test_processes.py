"""The prelude and its other side: clocks, names and connections of real functions' processes."""

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.aws import LocalAws
from local.faults.processes import PRELUDE, Processes, kill
from tests.local.aws.resources import eventually, invoke, make_function

APP = """
import os, socket, time
def handle(event, context):
    if event == "time":
        return time.time(), context.get_remaining_time_in_millis()
    if event == "pid":
        return os.getpid()
    host, port = event
    try:
        connection = socket.create_connection((host, port), timeout=5)
    except socket.gaierror as error:
        return str(error)
    return connection.getsockname()[1]
"""


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Processes:
    return Processes(tmp_path_factory.mktemp("processes"))


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory, processes: Processes) -> Iterator[LocalAws]:
    with LocalAws.from_environment(tmp_path_factory.mktemp("aws"), function_prelude=PRELUDE) as local:
        for name in ("bent", "straight"):
            variables = {"FAULTS_DIRECTORY": str(processes.directory)}
            make_function(local, name, {"app.py": APP}, Timeout=60, Environment={"Variables": variables})
        make_function(local, "apart", {"app.py": APP})
        yield local


@pytest.fixture(scope="module")
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def answer(aws: LocalAws, function: str, event: object) -> Any:
    found, failed = invoke(aws, function, event)
    assert not failed, found
    return found


def test_a_functions_clock_is_bent_and_mended_while_its_process_lives(
    aws: LocalAws, processes: Processes
) -> None:
    pid = answer(aws, "bent", "pid")
    for seconds in (7200.0, -7200.0, 0.0):
        processes.set_clock("bent", seconds)
        now, _ = answer(aws, "bent", "time")
        assert abs(now - time.time() - seconds) < 60
        straight, _ = answer(aws, "straight", "time")
        assert abs(straight - time.time()) < 60
    assert answer(aws, "bent", "pid") == pid


def test_lambdas_own_client_sees_the_bent_clock(aws: LocalAws, processes: Processes) -> None:
    """The time that is left is the deadline, which comes from outside, less the process's own time of day."""
    processes.set_clock("bent", 3600)
    assert answer(aws, "bent", "time")[1] == 0
    processes.set_clock("bent", -3600)
    assert answer(aws, "bent", "time")[1] > 3_600_000
    processes.set_clock("bent", 0)


def test_names_are_not_found_on_the_way_to_some_ports(
    aws: LocalAws, processes: Processes, listener: socket.socket
) -> None:
    port = listener.getsockname()[1]
    assert isinstance(answer(aws, "bent", ["localhost", port]), int)
    processes.break_names([port])
    assert "Temporary failure in name resolution" in answer(aws, "bent", ["localhost", port])
    processes.break_names([port + 1])
    assert isinstance(answer(aws, "bent", ["localhost", port]), int)
    processes.break_names([])
    (missed,) = processes.names_missed
    assert (missed.how, missed.port) == ("fail", port)
    assert missed.pid == answer(aws, "bent", "pid")
    assert abs(missed.moment - time.time()) < 60


def test_connections_are_told_by_port_and_process(
    aws: LocalAws, processes: Processes, listener: socket.socket
) -> None:
    port = listener.getsockname()[1]
    own = answer(aws, "bent", ["localhost", port])
    assert processes.owner(own, time.time()) == answer(aws, "bent", "pid")
    assert processes.owner(1, time.time()) is None


def test_of_two_owners_of_a_port_the_one_of_the_time_counts(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    (tmp_path / "connections/5000").write_text("11 1000.0\n12 2000.0\n")
    assert processes.owner(5000, 1000.1) == 11
    assert processes.owner(5000, 1999.9) == 12


def test_a_function_without_the_variable_is_left_alone(aws: LocalAws, processes: Processes) -> None:
    processes.set_clock("apart", 7200)
    assert abs(answer(aws, "apart", "time")[0] - time.time()) < 60


def test_the_control_is_never_half_written(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    over = threading.Event()

    def write() -> None:
        while not over.is_set():
            processes.set_clock("a" * 5000, 1.0)
            processes.set_clock("a", 1.0)

    writer = threading.Thread(target=write)
    writer.start()
    for _ in range(2000):
        json.loads((tmp_path / "control.json").read_bytes())
    over.set()
    writer.join()


def test_a_process_is_killed_once(aws: LocalAws) -> None:
    pid = answer(aws, "straight", "pid")
    assert kill(pid)
    assert eventually(lambda: not Path(f"/proc/{pid}").exists())
    assert not kill(pid)
    assert pid != os.getpid()


def test_troubles_at_the_same_moment_leave_a_control_that_can_be_read(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    failures: list[Exception] = []

    def trouble(function: str) -> None:
        try:
            for seconds in range(200):
                processes.set_clock(function, 10.0**seconds)
                json.loads((tmp_path / "control.json").read_bytes())
        except (ValueError, OSError) as error:
            failures.append(error)

    threads = [threading.Thread(target=trouble, args=(name,)) for name in ("a", "b" * 50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert json.loads((tmp_path / "control.json").read_bytes())["clocks"] == {"a": 1e199, "b" * 50: 1e199}
