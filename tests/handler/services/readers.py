"""Samples and readers of what services write, and what Mezmo asks of what they tell."""

from collections.abc import Callable

import msgspec

from handler.services import facts
from handler.services.facts import Facts
from handler.services.table import SERVICES, UNKNOWN
from tests.handler.recognition import META
from tests.handler.recognition import services as samples_of_services

SAMPLES = [(service, sample) for _, service in samples_of_services() for sample in service.samples]
READERS: dict[str, Callable[[bytes], Facts | None]] = {
    service.read.__name__: service.read() for service in (*SERVICES, UNKNOWN) if service.read is not None
} | {"facts": facts.read}


def assert_valid_facts(said: Facts | None) -> None:
    """Check what Mezmo asks of what goes into a line."""
    if said is None:
        return
    assert len(said.app) <= 512
    assert said.app == said.app.strip()
    assert said.app.isprintable()
    assert len(said.level) <= 80
    assert said.app or said.names or said.meta or said.level, "None says nothing"
    for name, value in said.meta.items():
        assert type(value) is META[name][0], name
        assert value != "", name
        assert len(str(value)) <= 256
    for name, text in said.names.items():
        assert text, name
        assert "." not in name
        assert len(text) <= 256
    encoded = msgspec.json.encode(said)
    assert len(encoded) < 32_768
