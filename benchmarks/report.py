"""Tables and verdicts, and the text around them, which stands in `template.md`."""

import os
import platform
import statistics
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from string import Template


@dataclass(frozen=True)
class Verdict:
    """A target, what was measured, and whether it was met."""

    target: str
    measured: str
    met: bool


@dataclass(frozen=True)
class Findings:
    """What one measure found: values for its part of the template, and verdicts."""

    values: Mapping[str, str]
    verdicts: list[Verdict] = field(default_factory=list)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; every column but the first is aligned to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def median(seconds: Sequence[float]) -> float:
    """Return the median in milliseconds."""
    return statistics.median(seconds) * 1000


def document(findings: Mapping[str, Findings], python: str, names: Iterable[str]) -> str:
    """Return `template.md` filled in, with the parts of those measures that were run of those there are."""
    head, *parts = Path(__file__).with_name("template.md").read_text().split("<!-- ")
    texts = dict(part.split(" -->\n") for part in parts)
    verdicts = [verdict for found in findings.values() for verdict in found.verdicts]
    rows = [[v.target, v.measured, "met" if v.met else "**not met**"] for v in verdicts]
    filled = Template(head).substitute(
        machine=_machine(python), names=", ".join(names), verdicts=table(["target", "measured", ""], rows)
    )
    return filled + "".join(
        Template(texts[name]).substitute(found.values) for name, found in findings.items()
    )


def _machine(python: str) -> str:
    """Describe the machine, without its name."""
    version = subprocess.run([python, "-V"], capture_output=True, text=True, check=True, timeout=60).stdout
    model = Path("/proc/cpuinfo").read_text().partition("model name")[2].partition("\n")[0].strip("\t :")
    cpus = f"{os.cpu_count()} CPUs ({model or 'model unknown'}, {platform.machine()})"
    return f"{cpus} under {platform.system()}, C{version.strip()}"
