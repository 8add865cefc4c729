"""What goes wrong in the functions' own processes: killed, with a bent clock, without names."""

import json
import os
import signal
import threading
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PRELUDE = Path(__file__).with_name("prelude.py")


@dataclass(frozen=True, slots=True)
class MissedName:
    """A name that a process did not find, on the way to a port; `how` is `fail` or `hang`."""

    pid: int
    how: str
    port: int
    moment: float


class Processes:
    """The processes of functions that run with the prelude and find this directory in FAULTS_DIRECTORY."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "connections").mkdir(parents=True)
        self._clocks: dict[str, float] = {}
        self._ports: list[int] = []
        self._how = "fail"
        self._lock = threading.Lock()
        self._write()

    def set_clock(self, function: str, seconds: float) -> None:
        """Let a function's time of day be that much ahead of ours; 0 for none."""
        with self._lock:
            self._clocks[function] = seconds
            self._write()

    def break_names(self, ports: Collection[int], *, hang: bool = False) -> None:
        """Let no name be found on the way to these ports, at once or after half a minute; none mends it."""
        with self._lock:
            self._ports = [*ports]
            self._how = "hang" if hang else "fail"
            self._write()

    @property
    def names_missed(self) -> list[MissedName]:
        """Every name that was not found."""
        path = self.directory / "names"
        lines = path.read_text().splitlines() if path.exists() else []
        words = [line.split() for line in lines]
        return [MissedName(int(pid), how, int(port), float(moment)) for pid, how, port, moment in words]

    def owner(self, port: int, moment: float) -> int | None:
        """Return the process that had a port of its own at a time, in seconds since the epoch."""
        path = self.directory / "connections" / str(port)
        if not path.exists():
            return None
        owners = [line.split() for line in path.read_text().splitlines()]
        # A port is used again, but not within a minute, and either side sees the connection first.
        pid, _ = min(owners, key=lambda owner: abs(float(owner[1]) - moment), default=(None, 0))
        return int(pid) if pid else None

    def _write(self) -> None:
        document = {"clocks": self._clocks, "names": {"ports": self._ports, "how": self._how}}
        path = self.directory / "control.json"
        written = path.with_suffix(".new")
        written.write_text(json.dumps(document))
        written.replace(path)


def kill(pid: int) -> bool:
    """End a process on the spot; return whether there was one."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False
