"""Two migrations, by their README's commands, while log events are written: each arrives once."""

import json
import threading
import time
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from local.aws import LocalAws
from local.mezmo import CommittedLine, MezmoStandIn
from tests.examples.conftest import Deploy
from tests.examples.terminal import Terminal
from tests.local.aws.resources import eventually

pytestmark = pytest.mark.slow

GROUP = "/aws/ecs/MyApplicationLogGroup"

# What Mezmo's own code sends, as tests/handler/test_parity.py has it, to the Mezmo of this machine.
MEZMOS_CODE = """
const https = require("https"), zlib = require("zlib"), [port, ca] = PLACE;
exports.handler = (event) => new Promise((resolve, reject) => {
  const d = JSON.parse(zlib.gunzipSync(Buffer.from(event.awslogs.data, "base64")));
  if (d.messageType !== "DATA_MESSAGE") return resolve();
  const ls = d.logEvents.map(({id, timestamp, message}) => ({
    timestamp, file: d.logStream, meta: {owner: d.owner, filters: d.subscriptionFilters},
    line: JSON.stringify({
      message, event: {type: d.messageType, id}, log: {group: d.logGroup, stream: d.logStream}
    }),
  }));
  const apikey = process.env.LOGDNA_KEY || process.env.INGESTION_KEY;
  const path = "/logs/ingest?" + new URLSearchParams({hostname: d.logGroup});
  const headers = {apikey, "content-type": "application/json; charset=UTF-8"};
  const answered = (answer) => {
    answer.resume();
    return answer.statusCode === 200 ? resolve() : reject(new Error(answer.statusCode));
  };
  https.request({method: "POST", host: "localhost", port, ca, path, headers}, answered)
    .on("error", reject).end(JSON.stringify({e: "ls", ls}));
});
"""


@pytest.fixture(autouse=True)
def mezmos_zip(terminal: Terminal, mezmo: MezmoStandIn, tmp_path: Path) -> None:
    """Let a README's download and `unzip -o FILE -d FOLDER` bring a stand-in of Mezmo's code."""
    assert mezmo.ca_file
    place = json.dumps([int(mezmo.url.rpartition(":")[2]), Path(mezmo.ca_file).read_text()])
    code = tmp_path / "index.js"
    code.write_text(MEZMOS_CODE.replace("PLACE", place))
    terminal.add_program("curl", "true")
    terminal.add_program("unzip", f'cp {code} "$4"')


class Writer:
    """Writes numbered log events, some fifty a second, from the log group's first subscription filter on."""

    def __init__(self, aws: LocalAws, mezmo: MezmoStandIn) -> None:
        self.filters: list[list[str]] = []  # at each change
        self.functions: set[str] = set()  # when it begins
        self._aws = aws
        self._mezmo = mezmo
        self._seen = len(mezmo.lines)
        self._written = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _write(self) -> None:
        logs = self._aws.client("logs")
        while not self._stop.wait(0.02):
            try:
                described = logs.describe_subscription_filters(logGroupName=GROUP)
            except logs.exceptions.ResourceNotFoundException:
                continue
            names = [found["filterName"] for found in described["subscriptionFilters"]]
            if not self.filters:
                if not names:
                    continue
                logs.create_log_stream(logGroupName=GROUP, logStreamName="web")
                self.functions = functions(self._aws)
            if self.filters[-1:] != [names]:
                self.filters.append(names)
            event = {"timestamp": int(time.time() * 1000), "message": f"number {self._written}"}
            logs.put_log_events(logGroupName=GROUP, logStreamName="web", logEvents=[event])
            self._written += 1

    def lines(self) -> list[CommittedLine]:
        """Return what has arrived after the end, and assert that it is each event once."""
        expected = {f"number {number}": 1 for number in range(self._written)}
        eventually(lambda: len(self._mezmo.lines) - self._seen, enough=lambda count: count >= len(expected))
        time.sleep(1)  # for one too many
        lines = list(self._mezmo.lines[self._seen :])
        assert Counter(map(message, lines)) == expected
        return lines


def functions(aws: LocalAws) -> set[str]:
    """Return the names of all functions."""
    return {found["FunctionName"] for found in aws.client("lambda").list_functions()["Functions"]}


def message(line: CommittedLine) -> Any:
    """Return the text of a line's log event, in Mezmo's format or ours."""
    return json.loads(line.line)["message"] if in_mezmos_format(line) else line.line


def in_mezmos_format(line: CommittedLine) -> bool:
    """Tell Mezmo's format from ours."""
    return "file" in line.fields


def shape(line: CommittedLine) -> str:
    """Return a line in Mezmo's format without what is its event's alone."""
    event_id = json.loads(line.line)["event"]["id"]
    text = line.line.replace(message(line), "", 1).replace(event_id, "", 1)
    return json.dumps([line.hostname, {**line.fields, "timestamp": 0, "line": text}])


def test_from_the_tutorial(deploy: Deploy, aws: LocalAws, mezmo: MezmoStandIn) -> None:
    with Writer(aws, mezmo) as writer:
        deploy("tutorial")
    lines = writer.lines()

    assert {in_mezmos_format(line) for line in lines} == {True, False}, "both functions had their share"
    assert len(writer.filters) == 1, "one filter, which keeps its name"
    assert not writer.functions & functions(aws), "the tutorial's function is gone"


def test_from_mezmos_code(deploy: Deploy, aws: LocalAws, mezmo: MezmoStandIn) -> None:
    with Writer(aws, mezmo) as writer:
        deploy("mezmo_lambda")
    lines = writer.lines()

    assert {in_mezmos_format(line) for line in lines} == {True, False}
    assert len(writer.filters) == 1
    assert writer.functions == functions(aws), "updated in place"
    same = [line for line in lines if in_mezmos_format(line)]
    requests = {request.number: request for request in mezmo.requests}
    assert len({requests[line.request].header("user-agent") for line in same}) == 2, "Mezmo's code, and ours"
    assert len({shape(line) for line in same}) == 1
