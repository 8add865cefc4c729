"""What the function was told to do: one JSON document in its environment, decoded into one frozen struct."""

from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit

import msgspec
from msgspec import Meta, Struct

from .errors import SettingsError

VARIABLE = "MEZMO_FORWARDER_SETTINGS"
SCHEMA = 1

Text = Annotated[str, Meta(min_length=1)]
MetaField = Literal["owner", "group", "stream", "event_id", "filters"]
LineFormat = Literal["standard", "mezmo-lambda", "mezmo-lambda-raw"]


class SecretsManagerKey(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="source", tag="secrets-manager"
):
    """The key is a secret, or one field of a secret that is a JSON object."""

    id: Text
    field: Text | None = None


class SsmParameterKey(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="source", tag="ssm-parameter"
):
    """The key is a parameter of Systems Manager's Parameter Store."""

    id: Text


class EnvironmentKey(Struct, frozen=True, forbid_unknown_fields=True, tag_field="source", tag="environment"):
    """The key stands in an environment variable of the function."""

    variable: Text


KeySource = SecretsManagerKey | SsmParameterKey | EnvironmentKey


class Destination(Struct, frozen=True, forbid_unknown_fields=True):
    """Where lines go: the whole address, used as given."""

    kind: Literal["log-analysis", "pipeline"]
    url: Text
    gzip: bool | None = None

    @property
    def compresses(self) -> bool:
        """Whether bodies are gzipped: as set, otherwise for Log Analysis only."""
        return self.kind == "log-analysis" if self.gzip is None else self.gzip


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """The settings document; `key_ttl` is in seconds."""

    schema: int
    key: KeySource
    destination: Destination
    key_ttl: Annotated[float, Meta(ge=0)] = 3600
    line_format: LineFormat = "standard"
    hostname: Annotated[str, Meta(min_length=1, max_length=256)] | None = None
    app: Annotated[str, Meta(min_length=1, max_length=512)] | None = None
    env: Text | None = None
    tags: tuple[Annotated[str, Meta(min_length=1, pattern="^[^,]*$")], ...] = ()
    meta_fields: tuple[MetaField, ...] = ("owner", "group", "stream", "event_id", "filters")


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings in the function's environment.

    Raises:
        SettingsError: there are none, or they are not understood; the text names the place.
    """
    document = environment.get(VARIABLE)
    if not document:
        raise SettingsError(f"the environment variable {VARIABLE} is not set")
    try:
        schema = msgspec.json.decode(document, type=_Version).schema
        if schema != SCHEMA:
            raise SettingsError(
                f"{VARIABLE}: schema {schema!r} is not known to this handler, which knows {SCHEMA}: "
                "the function's code and its settings come from different releases; deploy both again"
            )
        settings = msgspec.json.decode(document, type=Settings)
    except msgspec.DecodeError as error:
        raise SettingsError(f"{VARIABLE}: {error}") from error
    _check_address(settings.destination.url)
    return settings


class _Version(Struct):
    schema: object


def _check_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SettingsError(f"{VARIABLE}: destination.url {url!r} is not an address: {error}") from error
    if parts.username is not None or parts.fragment:
        raise SettingsError(f"{VARIABLE}: destination.url must hold neither credentials nor a fragment")
    if not parts.hostname or port == 0 or not url.isascii() or not url.isprintable() or " " in url:
        raise SettingsError(f"{VARIABLE}: destination.url {url!r} is not an address")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts)):
        raise SettingsError(f"{VARIABLE}: destination.url {url!r} must begin with https://")


def is_loopback(parts: SplitResult) -> bool:
    """Whether an address never leaves the machine."""
    host = parts.hostname or ""
    if host in {"localhost", "::1"}:
        return True
    numbers = host.split(".")
    return len(numbers) == 4 and numbers[0] == "127" and all(n.isdecimal() and int(n) < 256 for n in numbers)
