"""The formats of Mezmo's own Lambda, byte for byte, against JavaScript."""

import json
import shutil
import subprocess
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.delivery.mezmo import Mezmo
from handler.lines.batches import Batch, Query
from tests.handler.cloudwatch import encode, make_document, pack, read, to_json
from tests.handler.doubles import ScriptedClient, make_settings

# What the contract says of both releases, written for this test: documents in, one body a line out.
REFERENCE = """
const [format, kind] = process.argv.slice(1);
const documents = require("fs").readFileSync(0, "utf8").split("\\n").filter(Boolean).map(JSON.parse);
for (const d of documents) {
  const lines = d.logEvents.map(({id, timestamp, message}) => {
    const origin = {event: {type: d.messageType, id}, log: {group: d.logGroup, stream: d.logStream}};
    const meta = {owner: d.owner, filters: d.subscriptionFilters};
    return format === "mezmo-lambda" && kind === "log-analysis"
      ? {timestamp, file: d.logStream, meta, line: JSON.stringify({message, ...origin})}
      : {timestamp, file: d.logStream, meta: {...meta, ...origin}, line: message};
  });
  console.log(JSON.stringify(kind === "pipeline" ? lines : {e: "ls", ls: lines}));
}
"""
NODE = shutil.which("node")
FORMATS = [
    (form, kind) for form in ("mezmo-lambda", "mezmo-lambda-raw") for kind in ("log-analysis", "pipeline")
]


def bodies_of_javascript(documents: Sequence[bytes], line_format: str, kind: str) -> list[bytes]:
    assert NODE, "node is needed"
    command = [NODE, "-e", REFERENCE, line_format, kind]
    run = subprocess.run(command, input=b"\n".join(documents), capture_output=True, timeout=60, check=True)
    return run.stdout.split(b"\n")[:-1]


def body_of_handler(document: bytes, line_format: str, kind: str) -> bytes:
    configured = make_settings(line_format=line_format, kind=kind, gzip=False)
    mezmo = Mezmo(configured, ScriptedClient())
    pieces = encode(configured, read(pack(document)))
    return mezmo.prepare(Batch(Query("host"), [*pieces])).body


def check(documents: Sequence[bytes], line_format: str, kind: str) -> None:
    expected = bodies_of_javascript(documents, line_format, kind)
    assert [body_of_handler(document, line_format, kind) for document in documents] == expected


CHARACTERS = "".join(map(chr, range(0xA1))) + "\u2028\u2029\ufeff\ufffe\U0010ffff😀/\\\"'"


@pytest.mark.parametrize(("line_format", "kind"), FORMATS)
@pytest.mark.parametrize("ascii_only", [False, True])
def test_every_kind_of_character(line_format: str, kind: str, ascii_only: bool) -> None:
    messages = [CHARACTERS, *CHARACTERS, '{"a":"\\"b\\\\"}\n', "text\r\n", "\ud83d alone \udc00", "é\ud800"]
    document = make_document(messages, group="/a.b/ü", stream='s"\\[$LATEST]', filters=["one", "twö"])
    check([to_json(document, ascii_only=ascii_only)], line_format, kind)


texts = st.text(st.characters(exclude_categories=()), min_size=1)


@pytest.mark.parametrize(("line_format", "kind"), FORMATS)
@settings(max_examples=5)
@given(
    st.lists(
        st.builds(
            lambda messages, group, filters, ascii_only: to_json(
                make_document(messages, group=group, filters=filters), ascii_only=ascii_only
            ),
            st.lists(texts, min_size=1),
            st.text(min_size=1),
            st.lists(st.text(), max_size=2),
            st.booleans(),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_any_text(line_format: str, kind: str, documents: list[bytes]) -> None:
    check(documents, line_format, kind)


def test_escapes_that_javascript_would_not_write() -> None:
    escaped = rb'"\u0041\/\u0008\u001F\u00e9\ud83d\ude00\u2028"'
    document = to_json(make_document(["?"])).replace(b'"?"', escaped)
    check([document], "mezmo-lambda", "log-analysis")
    check([document], "mezmo-lambda-raw", "log-analysis")


def test_an_empty_message_is_filtered_where_it_would_make_an_empty_line() -> None:
    document = make_document(["", "x"])
    check([to_json(document)], "mezmo-lambda", "log-analysis")
    raw = body_of_handler(to_json(document), "mezmo-lambda-raw", "log-analysis")
    assert [line["line"] for line in json.loads(raw)["ls"]] == ["x"]
