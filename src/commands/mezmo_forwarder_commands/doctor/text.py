"""The findings in a terminal, and as JSON."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from mezmo_forwarder_commands.terminal import painter, visible

from .deployment import Deployment, Function
from .findings import Finding, Verdict, worst

_COLOURS = {Verdict.OK: "32", Verdict.WARNING: "33", Verdict.BROKEN: "1;31", Verdict.UNKNOWN: "35"}
_BOLD = "1"
_VERDICT_WIDTH = max(len(verdict.value) for verdict in Verdict)
_CHECK_WIDTH = 16
_INDENT = " " * (_VERDICT_WIDTH + _CHECK_WIDTH + 6)


def head(deployment: Deployment, *, colour: bool) -> str:
    """Return what is looked at."""
    stack = f"stack {deployment.stack.name}" if deployment.stack else "of no known stack"
    paint = painter(colour=colour)
    name = paint(deployment.function.name, _BOLD)
    return f"{name}  {stack}, {deployment.calls.region}, account {deployment.account}"


def render(findings: Iterable[Finding], *, colour: bool) -> Iterator[str]:
    """Yield the lines of the text, each as soon as it is known."""
    paint = painter(colour=colour)
    for area, some in groupby(findings, key=lambda finding: finding.area):
        yield ""
        yield paint(area, _BOLD)
        for finding in some:
            answer = finding.answer
            verdict = paint(answer.verdict.value.ljust(_VERDICT_WIDTH), _COLOURS[answer.verdict])
            yield f"  {verdict}  {finding.check.ljust(_CHECK_WIDTH)}  {visible(answer.text)}"
            if answer.remedy:
                yield f"{_INDENT}→ {visible(answer.remedy)}"


def summary(findings: Sequence[Finding], *, colour: bool) -> str:
    """Return the counts of verdicts."""
    paint = painter(colour=colour)
    counts = Counter(finding.answer.verdict for finding in findings)
    parts = [
        paint(f"{counts[verdict]} {verdict.value}", _COLOURS[verdict])
        for verdict in (Verdict.BROKEN, Verdict.WARNING, Verdict.UNKNOWN, Verdict.OK)
        if counts[verdict]
    ]
    return " · ".join(parts)


def to_json(deployment: Deployment, findings: Sequence[Finding]) -> str:
    """Return the findings as a JSON document."""
    document = {
        "function": deployment.function.name,
        "stack": deployment.stack.name if deployment.stack else None,
        "region": deployment.calls.region,
        "account": deployment.account,
        "verdict": worst(findings).value,
        "findings": [
            {
                "area": finding.area,
                "check": finding.check,
                "verdict": finding.answer.verdict.value,
                "text": finding.answer.text,
                "remedy": finding.answer.remedy,
            }
            for finding in findings
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def listed(functions: Iterable[Function], *, as_json: bool) -> str:
    """Return a list of forwarders."""
    names = [function.name for function in functions]
    if as_json:
        return json.dumps({"forwarders": names}, indent=2) + "\n"
    return "".join(f"{name}\n" for name in names)
