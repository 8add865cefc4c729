"""Break everything at random, and count what is lost.

    python3 tools/dev.py faults [--seed N] [--events 100000] [--minutes M]

Exits 0 only if nothing was lost, and nothing arrived again without a fault that explains it.
"""

import argparse
import random
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from local.faults.run import EVENTS_A_SECOND, FaultRun, Plan

FOLDER = Path(__file__).resolve().parents[2] / "build/faults"
_SHOWN = 20


def main(arguments: Sequence[str]) -> int:
    """Run the suite once; return the exit code."""
    parser = argparse.ArgumentParser(prog="python3 tools/dev.py faults", description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="default: a random one")
    parser.add_argument("--events", type=int, default=10_000, help="how many to write (default 10000)")
    parser.add_argument(
        "--minutes", type=float, help=f"how long to write (default: {EVENTS_A_SECOND} events a second)"
    )
    parser.add_argument("--keep", action="store_true", help="keep the folder of a run that passes, too")
    options = parser.parse_args(arguments)
    seconds = options.minutes * 60 if options.minutes else max(20.0, options.events / EVENTS_A_SECOND)
    directory = FOLDER / f"seed-{options.seed}-{time.strftime('%Y%m%dT%H%M%S')}"
    directory.mkdir(parents=True)
    plan = Plan(
        seed=options.seed,
        events=options.events,
        seconds=seconds,
        patience=120 + 2 * seconds,
        directory=directory,
    )
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - began:6.1f} s] {text}", flush=True)

    say(f"seed {options.seed}")
    figures = FaultRun(plan, say).run()
    print(f"\n{figures.table()}\n")
    for problem in figures.problems[:_SHOWN]:
        print(f"PROBLEM: {problem}")
    if len(figures.problems) > _SHOWN:
        print(f"... and {len(figures.problems) - _SHOWN} more in problems.txt")
    histories = directory / "histories.txt"
    if histories.exists():
        print(f"\n{histories.read_text()}\n")
    if figures.passed and not options.keep:
        shutil.rmtree(directory)
    else:
        print(f"Everything of this run: {directory}")
    print(f"seed {options.seed}: {'nothing is lost' if figures.passed else 'FAILED'}")
    return 0 if figures.passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
