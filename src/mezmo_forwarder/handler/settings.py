"""What the function was told to do: one JSON document in its environment, decoded into one frozen struct."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeVar, get_args
from urllib.parse import SplitResult, urlsplit

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, structs

from .errors import SettingsError

VARIABLE = "MEZMO_FORWARDER_SETTINGS"
SCHEMA = 1

Text = Annotated[str, Meta(min_length=1)]
MetaField = Literal[
    "owner", "account_alias", "region", "group", "stream", "event_id", "filters", "service", "trace"
]
META_FIELDS: tuple[MetaField, ...] = get_args(MetaField)
LineFormat = Literal["standard", "mezmo-lambda", "mezmo-lambda-raw"]
OversizeLines = Literal["split", "truncate", "whole"]
JsonMessages = Literal["as-is", "text", "flattened"]
MultilineKind = Literal[
    "java",
    "python",
    "node",
    "go",
    "dotnet",
    "ruby",
    "stack-traces",
    "json",
    "timestamp",
    "starts-with",
    "continues-with",
]
Level = Literal["trace", "debug", "info", "warn", "error", "fatal"]
MetricsDetail = Literal["forwarder", "log-group"]
TagKey = Annotated[str, Meta(min_length=1, max_length=128)]
MOST_TAGS = 20  # of a log group, since each of its lines has them


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


class Multiline(Struct, frozen=True, forbid_unknown_fields=True):
    """What makes one line of several log events.

    Args:
        kind: the languages whose stack traces are joined; or nothing but JSON; or what a first line begins
            with; or where a pattern is found in each first line, or in each of the others.
        pattern: that pattern.
        json: whether JSON printed over several lines is joined as well.
        max_lines: the most log events in a line; the 32 KB that Mezmo takes as `meta` hold the ids of 400.
        max_bytes: the most bytes of a line, as JSON text.
        max_gap: the most seconds from one log event to the next.
    """

    kind: MultilineKind
    pattern: Text | None = None
    json: bool = False
    max_lines: Annotated[int, Meta(ge=2, le=400)] = 400
    max_bytes: Annotated[int, Meta(ge=256, le=262_144)] = 16_384
    max_gap: Annotated[float, Meta(ge=0, le=3600)] = 5

    def __post_init__(self) -> None:
        if (self.pattern is not None) != (self.kind in ("starts-with", "continues-with")):
            raise ValueError("a pattern belongs to the kinds starts-with and continues-with, and to no other")
        if self.pattern is not None:
            from .texts.patterns import compile_pattern  # noqa: PLC0415  only where there are any

            compile_pattern(self.pattern)


class PatternFilter(Struct, frozen=True, forbid_unknown_fields=True, tag_field="by", tag="pattern"):
    """Lines in whose first 16 KiB a pattern is found."""

    pattern: Text

    def __post_init__(self) -> None:
        from .texts.patterns import compile_pattern  # noqa: PLC0415  only where there are any

        compile_pattern(self.pattern)


class LevelFilter(Struct, frozen=True, forbid_unknown_fields=True, tag_field="by", tag="level"):
    """Lines of some levels, which they name themselves; one that names none is of none."""

    levels: Annotated[tuple[Level, ...], Meta(min_length=1)]


FieldName = Annotated[str, Meta(pattern=r'^[^"\\\x00-\x1f]+$')]
"""A field of a JSON object; `a.b` is a field of that name, or field `b` of the object `a`."""


class FieldFilter(Struct, frozen=True, forbid_unknown_fields=True, tag_field="by", tag="field"):
    """Lines that are a JSON object with a field, or with a field of one of some values.

    Args:
        name: the field's.
        values: a text as it is, everything else as its JSON text; any if there are none.
    """

    name: FieldName
    values: tuple[str, ...] = ()


class LambdaPlatform(Struct, frozen=True, forbid_unknown_fields=True, tag_field="by", tag="lambda-platform"):
    """What Lambda writes itself: START, END, REPORT and the like, but those of a run that failed."""


class HealthChecks(Struct, frozen=True, forbid_unknown_fields=True, tag_field="by", tag="health-checks"):
    """Requests of load balancers and the like that ask whether a service is well, but those that failed."""


LineFilter = PatternFilter | LevelFilter | FieldFilter | LambdaPlatform | HealthChecks


class Sampling(Struct, frozen=True, forbid_unknown_fields=True):
    """A share of some lines, or of all, that is sent."""

    share: Annotated[float, Meta(ge=0, le=1)]
    filter: LineFilter | None = None


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


class LogGroupTags(Struct, frozen=True, forbid_unknown_fields=True):
    """Tags of the log group that lines get.

    Args:
        to: whether as Mezmo's tags or as fields of `meta`.
        keys: which, by their keys; all of them, up to some, if it is None.
    """

    to: Literal["tags", "meta"]
    keys: Annotated[tuple[TagKey, ...], Meta(min_length=1, max_length=MOST_TAGS)] | None = None


Hostname = Annotated[str, Meta(min_length=1, max_length=256)]
App = Annotated[str, Meta(min_length=1, max_length=512)]
Templates = dict[str, Text]
Tags = tuple[Annotated[str, Meta(min_length=1, pattern="^[^,]*$")], ...]


class Overrides(Struct, frozen=True, forbid_unknown_fields=True):
    """What one subscription has instead of the forwarder's settings of the same names."""

    hostname: Hostname | UnsetType = UNSET
    app: App | UnsetType = UNSET
    env: Text | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    meta_fields: tuple[MetaField, ...] | UnsetType = UNSET
    oversize_lines: OversizeLines | UnsetType = UNSET
    meta: Templates | UnsetType = UNSET
    redact: Redact | UnsetType = UNSET
    multiline: Multiline | UnsetType = UNSET
    include: tuple[LineFilter, ...] | UnsetType = UNSET
    exclude: tuple[LineFilter, ...] | UnsetType = UNSET
    sampling: tuple[Sampling, ...] | UnsetType = UNSET
    timestamp_field: FieldName | UnsetType = UNSET
    json_messages: JsonMessages | UnsetType = UNSET
    exclude_log_group_prefixes: tuple[Text, ...] | UnsetType = UNSET


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """The settings document.

    Args:
        key_ttl: how long the key is kept, in seconds.
        hostname: a constant, or a template over recognized names; likewise `app`, `env`, `tags` and the texts
            of `meta`, which come beside `meta_fields`.
        recognize: whether lines are named by the service that wrote them, and get what messages tell.
        account_alias: a name of the account, for `meta`.
        log_group_tags: the tags of log groups that lines get; they are read only if there are any here.
        exclude_log_group_prefixes: how the names of log groups begin that are not forwarded.
        region: the function's own, which the environment tells.
        timestamp_field: the field of JSON messages that holds the time of their lines.
        json_messages: whether Mezmo parses them; if not, whether `meta` holds their fields.
        subscriptions: what subscriptions have for themselves, by the names of their filters.
        subscriptions_file: a file beside the code with more of `subscriptions`, if they do not fit.
    """

    schema: int
    key: KeySource
    destination: Destination
    key_ttl: Annotated[float, Meta(ge=0)] = 3600
    line_format: LineFormat = "standard"
    hostname: Hostname | None = None
    app: App | None = None
    env: Text | None = None
    tags: Tags = ()
    meta_fields: tuple[MetaField, ...] = META_FIELDS
    meta: Templates = {}
    recognize: bool = True
    account_alias: Text | None = None
    log_group_tags: tuple[LogGroupTags, ...] = ()
    oversize_lines: OversizeLines | None = None
    multiline: Multiline | None = None
    include: tuple[LineFilter, ...] = ()
    exclude: tuple[LineFilter, ...] = ()
    sampling: tuple[Sampling, ...] = ()
    timestamp_field: FieldName | None = None
    json_messages: JsonMessages = "as-is"
    exclude_log_group_prefixes: tuple[Text, ...] = ()
    redact: Redact | None = None
    store: Store | None = None
    metrics: MetricsDetail | None = None
    redrive: Redrive | None = None
    subscriptions: dict[str, Overrides] = {}
    subscriptions_file: Text | None = None
    region: str = ""


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
    settings = structs.replace(_decode(environment, Settings), region=environment.get("AWS_REGION", ""))
    _check_address(settings.destination.url)
    if settings.subscriptions_file:
        path = Path(environment.get("LAMBDA_TASK_ROOT", ".")) / settings.subscriptions_file
        more = _read_subscriptions(path)
        settings = structs.replace(settings, subscriptions={**more, **settings.subscriptions})
    for redact in (settings.redact, *(own.redact for own in settings.subscriptions.values())):
        if redact:
            _check_redaction(redact, environment)
    return settings


def _read_subscriptions(path: Path) -> dict[str, Overrides]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Overrides])
    except (OSError, msgspec.DecodeError) as error:
        raise SettingsError(f"{VARIABLE}: subscriptions_file {path} cannot be read: {error}") from error


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
    from .redaction.redactor import Redactor  # noqa: PLC0415  costs nothing where nothing is redacted

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
