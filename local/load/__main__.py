"""Load workers at a set rate, and count what arrives.

    python3 tools/dev.py load [--workers 2] [--rate 300] [--minutes 10]

Each worker is the packed asset under AWS's own Lambda runtime client; the other end is the strict local
Mezmo, over TLS. Exits 0 only if every log event arrived, once, and Mezmo had nothing to remark.
"""

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from local.load.payloads import payloads
from local.load.worker import Worker
from local.mezmo import MezmoStandIn

_KEY = "0123456789abcdef0123456789abcdef"
_EVENTS = 100  # a payload
_WARM_UP = 50  # payloads, after which memory is looked at
_MEGABYTE = 1e6


@dataclass
class Course:
    """What one worker did.

    ids: of the log events that it was given.
    sizes: bytes of their messages, payload by payload.
    memory: KiB after each payload.
    cpu: seconds, since the handler was loaded.
    late: seconds that the last payload was begun after its time; beyond a few, the rate was not kept.
    failures: what went wrong.
    """

    ids: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    cpu: float = 0.0
    late: float = 0.0
    failures: list[str] = field(default_factory=list)

    @property
    def slope(self) -> float:
        """KiB by which memory grows in 1,000 payloads."""
        settled = self.memory[_WARM_UP:]
        if len(settled) < 2:
            return 0.0
        return statistics.linear_regression(range(len(settled)), settled).slope * 1000


def main(arguments: Sequence[str]) -> int:
    """Run the load once; return the exit code."""
    parser = argparse.ArgumentParser(prog="python3 tools/dev.py load", description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2, help="execution environments (default 2)")
    parser.add_argument("--rate", type=float, default=300, help="log events a second, of all (default 300)")
    parser.add_argument("--minutes", type=float, default=10, help="default 10")
    options = parser.parse_args(arguments)
    for name in ("workers", "rate", "minutes"):
        if getattr(options, name) <= 0:
            parser.error(f"--{name} is {getattr(options, name)}; give more than 0")
    with tempfile.TemporaryDirectory() as directory, MezmoStandIn({_KEY}) as mezmo:
        courses = [Course() for _ in range(options.workers)]
        pause = _EVENTS * options.workers / options.rate
        workers = [
            Worker(_variables(mezmo), Path(directory, f"{number}.log")) for number in range(len(courses))
        ]
        threads = [
            threading.Thread(target=_run, args=(worker, course, number, pause, options.minutes * 60))
            for number, (worker, course) in enumerate(zip(workers, courses, strict=True))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return _tell(courses, mezmo, options.minutes * 60)


def _variables(mezmo: MezmoStandIn) -> dict[str, str]:
    settings = {
        "schema": 1,
        "key": {"source": "environment", "variable": "MEZMO_INGESTION_KEY"},
        "destination": {"kind": "log-analysis", "url": mezmo.log_analysis_url},
        "metrics": "forwarder",
    }
    return {
        "MEZMO_FORWARDER_SETTINGS": json.dumps(settings),
        "MEZMO_INGESTION_KEY": _KEY,
        "SSL_CERT_FILE": mezmo.ca_file or "",
    }


def _run(worker: Worker, course: Course, number: int, pause: float, seconds: float) -> None:
    with worker:
        before, began = worker.cpu_seconds, time.monotonic()
        for turn, payload in enumerate(payloads(number, _EVENTS)):
            moment = turn * pause
            if moment >= seconds:
                break
            course.late = time.monotonic() - began - moment
            time.sleep(max(0.0, -course.late))
            course.ids += payload.ids
            course.sizes.append(payload.size)
            try:
                worker.invoke(payload.event)
            except RuntimeError as error:
                course.failures.append(str(error))
            course.memory.append(worker.memory)
        course.cpu = worker.cpu_seconds - before


def _tell(courses: Sequence[Course], mezmo: MezmoStandIn, seconds: float) -> int:
    given = [one for course in courses for one in course.ids]
    arrived = Counter(_event_id(line.meta) for line in mezmo.lines)
    lost, twice = len(set(given) - set(arrived)), sum(count > 1 for count in arrived.values())
    megabytes = sum(sum(course.sizes) for course in courses) / _MEGABYTE
    payload_count = sum(len(course.sizes) for course in courses)
    failures = [failure for course in courses for failure in course.failures]
    figures = {
        "workers": f"{len(courses)}",
        "seconds": f"{seconds:,.0f}",
        "payloads": f"{payload_count:,}, {min(len(course.sizes) for course in courses):,} a worker at least",
        "log events": f"{len(given):,}, {len(given) / seconds:,.0f} a second",
        "messages": f"{megabytes:,.1f} MB",
        "CPU": f"{sum(course.cpu for course in courses) / megabytes * 1000:,.1f} ms a MB",
        "memory": f"{max(max(course.memory) for course in courses) / 1024:.1f} MiB at most",
        "growth of memory": f"{max(course.slope for course in courses):+,.0f} KiB in 1,000 payloads at most",
        "behind time at the end": f"{max(0, *(course.late for course in courses)):.1f} s",
        "lost": f"{lost}",
        "twice": f"{twice}",
        "remarks of Mezmo's": f"{len(mezmo.flags)}",
        "failed invocations": f"{len(failures)}",
    }
    width = max(map(len, figures))
    for name, figure in figures.items():
        print(f"{name:<{width}}  {figure}")
    for failure in failures[:5]:
        print(f"FAILED: {failure}")
    return 0 if not (lost or twice or mezmo.flags or failures) else 1


def _event_id(meta: object) -> str:
    return str(meta.get("event_id")) if isinstance(meta, dict) else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
