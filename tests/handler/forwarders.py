"""What tests of whole invocations need."""

import json
from collections.abc import Callable

import pytest

from handler.forwarding.forwarder import Forwarder
from local.mezmo import MezmoStandIn

Configure = Callable[..., Forwarder]


def lines_at(mezmo: MezmoStandIn) -> list[str]:
    return [line.line for line in mezmo.lines]


def log_line(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    (line,) = capsys.readouterr().out.splitlines()
    report = json.loads(line)
    assert isinstance(report, dict)
    return report
