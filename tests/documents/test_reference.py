"""The reference names whatever there is to be named."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from handler.report import Lines, Report
from handler.settings import (
    META_FIELDS,
    Destination,
    LogGroupTags,
    Multiline,
    Redact,
    Redaction,
    Redrive,
    Sampling,
    Settings,
    Store,
)

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs/reference"
STRUCTS = (Settings, Destination, Multiline, Sampling, Store, Redrive, Redact, Redaction, LogGroupTags)
OF_LAMBDA_ITSELF = {"region"}  # no setting: the environment tells
SOURCES = "".join(
    path.read_text(encoding="utf-8") for path in sorted((ROOT / "src/mezmo_forwarder").rglob("*.ts"))
)


def text_of(name: str) -> str:
    """Return a document of the reference."""
    return (REFERENCE / f"{name}.md").read_text(encoding="utf-8")


def named(text: str) -> set[str]:
    """Return the words that a text has in code."""
    return {word for code in re.findall(r"`([^`\n]+)`", text) for word in re.findall(r"\w+", code)}


def types() -> dict[str, Any]:
    """Return the library's public types by their names."""
    assembly = json.loads((ROOT / ".jsii").read_text(encoding="utf-8"))
    return {name.rpartition(".")[2]: declared for name, declared in assembly["types"].items()}


def snake(name: str) -> str:
    """Return a name as Python spells it."""
    return re.sub("([A-Z])", r"_\1", name).lower().removeprefix("_")


def test_every_property() -> None:
    properties = {
        snake(declared["name"])
        for interface in ("MezmoLogForwarderProps", "LineOptions")
        for declared in types()[interface]["properties"]
    }

    assert properties - named(text_of("properties")) == set()


@pytest.mark.parametrize("construct", ["MezmoLogForwarder", "MezmoLogReceiver", "MezmoLogSender"])
def test_every_method_and_attribute(construct: str) -> None:
    declared = types()[construct]
    members = {snake(one["name"]) for one in (*declared.get("methods", ()), *declared["properties"])}
    metrics = {name for name in members if name.startswith("metric_")}  # reference/metrics.md

    assert members - metrics - named(text_of("methods")) == set()


@pytest.mark.parametrize(
    ("options", "document"),
    [
        ("FilterFields", "docs/reference/methods.md"),
        ("SubscriptionFilterOptions", "docs/reference/methods.md"),
        ("AccountPolicyOptions", "docs/reference/methods.md"),
        ("AlarmOptions", "docs/reference/methods.md"),
        ("AddDashboardOptions", "docs/reference/methods.md"),
        ("VpcEndpointsOptions", "docs/reference/methods.md"),
        ("AddAlarmsOptions", "docs/reference/alarms.md"),
        ("KinesisStreamOptions", "docs/how-to/kinesis.md"),
        ("VendorVariables", "docs/how-to/vendor-code.md"),
        ("MezmoLogReceiverProps", "docs/how-to/cross-account.md"),
        ("MezmoLogSenderProps", "docs/how-to/cross-account.md"),
        ("UndeliveredBucketOptions", "docs/reference/properties.md"),
    ],
)
def test_every_option(options: str, document: str) -> None:
    known = named((ROOT / document).read_text(encoding="utf-8")) | named(text_of("methods"))

    assert {snake(one["name"]) for one in types()[options]["properties"]} - known == set()


def test_every_choice() -> None:
    documents = [ROOT / "README.md", *(ROOT / "docs/how-to").glob("*.md"), *REFERENCE.glob("*.md")]
    known = set().union(*(named(path.read_text(encoding="utf-8")) for path in documents))
    choices = {
        f"{name}.{choice}": choice
        for name, declared in types().items()
        for choice in [
            *(member["name"] for member in declared.get("members", ())),
            *(snake(method["name"]) for method in declared.get("methods", ()) if method.get("static")),
        ]
    }

    assert len(choices) > 50
    assert {name for name, choice in choices.items() if choice not in known} == set()


def test_every_name_of_a_template() -> None:
    known = named((ROOT / "docs/how-to/names-and-templates.md").read_text(encoding="utf-8"))
    lists = re.findall(r"const (?:RECOGNIZED|ALWAYS) = \[(.*?)\]", SOURCES, re.DOTALL)

    assert len(lists) == 2
    assert {name for names in lists for name in re.findall(r"'(\w+)'", names)} - known == set()


def test_every_setting() -> None:
    fields = {field for struct in STRUCTS for field in struct.__struct_fields__}

    assert fields - OF_LAMBDA_ITSELF - named(text_of("settings")) == set()


def test_every_environment_variable() -> None:
    variables = set(re.findall("'((?:MEZMO|LOGDNA|INGESTION|LOG_RAW)_[A-Z_]+)'", SOURCES))

    assert len(variables) > 5
    assert variables - named(text_of("settings")) == set()


def test_every_warning() -> None:
    identifiers = set(re.findall("mezmo-forwarder:[a-zA-Z]+", SOURCES))

    assert identifiers
    assert {one for one in identifiers if f"`{one}`" not in text_of("warnings")} == set()


def test_every_field_of_meta() -> None:
    assert {*META_FIELDS} - {"service", "trace"} - named(text_of("lines")) == set()


def logged() -> Iterator[str]:
    """Yield the fields that the handler's code gives to its log, but for metrics."""
    report = Report(
        events=1, joined=1, batches=1, bytes_in=1, bytes_sent=1, control_messages=1, backfill=True
    )
    report.tag_lookups = 1
    report.groups["group"] = Lines(received=1)
    report.filters["reason"] = 1
    report.reasons |= {"one": 1, "two": 1}
    yield from report.fields()
    for path in (ROOT / "src/mezmo_forwarder/handler").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "log":
                yield from (keyword.arg for keyword in node.keywords if keyword.arg)


def test_every_field_of_the_log() -> None:
    fields = set(logged())

    assert {"milliseconds", "reasons", "record", "tries"} <= fields
    assert fields - named(text_of("own-log")) == set()


def test_every_document_is_reached_from_the_index() -> None:
    found: set[Path] = set()
    waiting = [ROOT / "docs/README.md"]
    while waiting:
        document = waiting.pop()
        if document in found or not document.exists():
            continue
        found.add(document)
        links = re.findall(r"\]\((?!https?:|#)([^)#]+\.md)", document.read_text(encoding="utf-8"))
        waiting += [(document.parent / link).resolve() for link in links]

    assert {*(ROOT / "docs").rglob("*.md")} - found == set()
