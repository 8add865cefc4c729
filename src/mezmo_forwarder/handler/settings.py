"""What the function was told to do: one JSON document in its environment, decoded into one frozen struct."""

from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar
from urllib.parse import SplitResult, urlsplit

import msgspec
from msgspec import UNSET, Meta, Struct

from .errors import SettingsError

VARIABLE = "MEZMO_FORWARDER_SETTINGS"
SCHEMA = 1

Text = Annotated[str, Meta(min_length=1)]
MetaField = Literal["owner", "group", "stream", "event_id", "filters"]
LineFormat = Literal["standard", "mezmo-lambda", "mezmo-lambda-raw"]
OversizeLines = Literal["split", "truncate", "whole"]
MetricsDetail = Literal["forwarder", "log-group"]


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


class Store(Struct, frozen=True, forbid_unknown_fields=True):
    """The bucket that keeps what is not delivered; `owner` is the account that it must belong to."""

    bucket: Text
    owner: Text | None = None


class Redaction(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A rule of redaction.

    Args:
        rule: the name of a ready-made rule, or of the user's own.
        pattern: the user's own, of the subset that `patterns.py` describes.
        keep: what is kept of what is redacted.
        text: what is written in its place, unless something is kept; otherwise it names the rule.
    """

    rule: Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{1,40}$")]
    pattern: Text | None = None
    keep: Literal["hash", "last-four"] | None = None
    # What JSON escapes would have to be escaped for each JSON within JSON.
    text: Annotated[str, Meta(pattern=r"^[ !#-\[\]-~]{0,80}$")] | None = None


class Redact(Struct, frozen=True, forbid_unknown_fields=True):
    """What is redacted; `key_variable` is the environment variable that holds the key of hashes."""

    rules: Annotated[tuple[Redaction, ...], Meta(min_length=1)]
    key_variable: Text | None = None


class Redrive(Struct, frozen=True, forbid_unknown_fields=True):
    """What the re-drive function is told besides.

    Args:
        function: the name of the forwarder's own function, under which all metrics are published.
        bytes_per_second: how many bytes of lines it sends in a second, before compression.
    """

    function: Text
    bytes_per_second: Annotated[int, Meta(ge=1)]


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
    oversize_lines: OversizeLines | None = None
    redact: Redact | None = None
    store: Store | None = None
    metrics: MetricsDetail | None = None
    redrive: Redrive | None = None


class VendorRedriveSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The settings document of a re-drive function beside a vendor's code, which it invokes again."""

    schema: int
    store: Store
    redrive: Redrive
    metrics: MetricsDetail | None = None


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings in the function's environment.

    Raises:
        SettingsError: there are none, or they are not understood; the text names the place.
    """
    settings = _decode(environment, Settings)
    _check_address(settings.destination.url)
    if settings.redact:
        _check_redaction(settings.redact, environment)
    return settings


def read_redrive_settings(environment: Mapping[str, str]) -> Settings | VendorRedriveSettings:
    """Return the settings in the environment of a re-drive function; `store` and `redrive` are there.

    Raises:
        SettingsError: there are none, or they are not understood; the text names the place.
    """
    if _decode(environment, _Head).destination is UNSET:
        return _decode(environment, VendorRedriveSettings)
    settings = read_settings(environment)
    if settings.store is None or settings.redrive is None:
        raise SettingsError(f"{VARIABLE}: a re-drive function needs both `store` and `redrive`")
    return settings


class _Head(Struct):
    schema: object
    destination: object = UNSET


_Document = TypeVar("_Document", _Head, Settings, VendorRedriveSettings)


def _decode(environment: Mapping[str, str], kind: type[_Document]) -> _Document:
    document = environment.get(VARIABLE)
    if not document:
        raise SettingsError(f"the environment variable {VARIABLE} is not set")
    try:
        schema = msgspec.json.decode(document, type=_Head).schema
        if schema != SCHEMA:
            raise SettingsError(
                f"{VARIABLE}: schema {schema!r} is not known to this handler, which knows {SCHEMA}: "
                "the function's code and its settings come from different releases; deploy both again"
            )
        return msgspec.json.decode(document, type=kind)
    except msgspec.DecodeError as error:
        raise SettingsError(f"{VARIABLE}: {error}") from error


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


def _check_redaction(redact: Redact, environment: Mapping[str, str]) -> None:
    from .redaction import Redactor  # noqa: PLC0415  costs nothing where nothing is redacted

    try:
        Redactor(redact, environment)
    except SettingsError as error:
        raise SettingsError(f"{VARIABLE}: {error}") from error


def is_loopback(parts: SplitResult) -> bool:
    """Whether an address never leaves the machine."""
    host = parts.hostname or ""
    if host in {"localhost", "::1"}:
        return True
    numbers = host.split(".")
    return len(numbers) == 4 and numbers[0] == "127" and all(n.isdecimal() and int(n) < 256 for n in numbers)
