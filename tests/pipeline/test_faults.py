"""The fault suite, as `tools/dev.py faults` runs it, with a few thousand events; and that it can fail."""

import dataclasses
import random
from collections import Counter
from collections.abc import Callable

import pytest

from local.faults.reconciliation import Rejected, line_key
from local.faults.report import Figures
from local.faults.run import FaultRun, Plan
from local.faults.verdict import Outcome, judge
from local.mezmo import CommittedLine

pytestmark = pytest.mark.slow

SEED = 20261125
EVENTS = 2500
SECONDS = 25.0

Run = tuple[Figures, Outcome]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Run]:
    """Return what runs the suite with a seed, once for each."""
    done: dict[int, Run] = {}

    def with_seed(seed: int) -> Run:
        if seed not in done:
            directory = tmp_path_factory.mktemp(f"seed-{seed}")
            plan = Plan(seed=seed, events=EVENTS, seconds=SECONDS, patience=120, directory=directory)
            one = FaultRun(plan, lambda _: None)
            figures = one.run()
            problems = "\n".join(figures.problems)
            assert figures.passed, f"everything of this run: {directory}\n{figures.table()}\n{problems}"
            done[seed] = figures, one.outcome
        return done[seed]

    return with_seed


@pytest.mark.parametrize("seed", [SEED, random.randrange(10**6)])
def test_nothing_is_lost(run: Callable[[int], Run], seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\nfault suite, seed {seed}: ", end="", flush=True)
    figures, _ = run(seed)
    assert figures.events == EVENTS
    assert figures.faults.total() > 50
    assert figures.counts["objects stored"] > 0
    assert figures.counts["lines sent by the re-drive"] > 0


def test_an_event_that_is_taken_away_is_lost(run: Callable[[int], Run]) -> None:
    outcome = run(SEED)[1]
    chosen = next(event for event in outcome.events if event.text)
    kept = [one for one in outcome.evidence.lines if line_key(one.fields)[0] != chosen.identity]
    tampered = judge(with_lines(outcome, kept))
    assert not tampered.passed
    assert f"lost: {' '.join(map(str, chosen.identity))}" in tampered.problems


def test_lines_that_are_there_again_by_magic_have_no_excuse(run: Callable[[int], Run]) -> None:
    outcome = run(SEED)[1]
    evidence = outcome.evidence
    times = Counter(line_key(line.fields) for line in evidence.lines)
    first, *known = sorted({one.number for one in evidence.requests if not evidence.is_lost(one)})
    once = [one for one in evidence.lines if times[line_key(one.fields)] == 1 and one.request in known]
    again = [dataclasses.replace(line, request=first) for line in once]
    tampered = judge(with_lines(outcome, [*evidence.lines, *again[:50]]))
    assert any("are there again without a fault that explains it" in one for one in tampered.problems)


def test_what_is_rejected_for_no_reason_is_a_problem(run: Callable[[int], Run]) -> None:
    outcome = run(SEED)[1]
    chosen = outcome.events[0].identity
    tampered = judge(dataclasses.replace(outcome, rejected=[*outcome.rejected, Rejected(chosen, "")]))
    assert tampered.problems == [
        f"in rejected/ for a reason that no script gave: none: {' '.join(map(str, chosen))}"
    ]


def with_lines(outcome: Outcome, lines: list[CommittedLine]) -> Outcome:
    return dataclasses.replace(outcome, evidence=dataclasses.replace(outcome.evidence, lines=lines))
