"""Where the ingestion key is: read when first needed, kept for a time, read again when it is refused."""

import os
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from handler.errors import AwsError, KeyUnavailableError
from handler.settings import EnvironmentKey, KeySource, SecretsManagerKey, SsmParameterKey
from handler.timing import SYSTEM, Timing

_LOOKUP_SECONDS = 10.0
_NEXT_TRY_SECONDS = 60.0
_JITTER = 0.1
_MOST_NAMES = 10
TOKEN_PREFIXES = ("sta_", "sts_", "ste_")


class Keys:
    """The ingestion key, wherever it is kept.

    Args:
        source: where to read it.
        ttl: for how many seconds a key that was read is used without reading it again.
        environment: the variables of the function.
        timing: the clocks.
        warn: told when a key could not be read again and the last one stays in use.
    """

    def __init__(
        self,
        source: KeySource,
        ttl: float,
        *,
        environment: Mapping[str, str] = os.environ,
        timing: Timing = SYSTEM,
        warn: Callable[[str], None],
    ) -> None:
        self._source = source
        self._ttl = ttl
        self._environment = environment
        self._timing = timing
        self._warn = warn
        self._key: str | None = None
        self._expires = 0.0

    def get(self, deadline: float) -> str:
        """Return the key: the one that was read last, unless its time is over.

        When it cannot be read again, the last one stays in use and the next try is a minute away.

        Raises:
            KeyUnavailableError: it cannot be read and never was.
        """
        if self._key is None:
            return self.read(deadline)
        # The time of day, because the monotonic clock may stand still while the function is frozen.
        if self._timing.wall() >= self._expires:
            try:
                return self.read(deadline)
            except KeyUnavailableError as error:
                self._expires = self._timing.wall() + _NEXT_TRY_SECONDS
                self._warn(f"the last ingestion key stays in use: {error}")
        return self._key

    def read(self, deadline: float) -> str:
        """Read the key now, whether its time is over or not.

        Raises:
            KeyUnavailableError: it cannot be read, or is not a key.
        """
        key = read_key(
            self._source,
            min(deadline, self._timing.monotonic() + _LOOKUP_SECONDS),
            environment=self._environment,
            timing=self._timing,
        )
        self._key = key
        self._expires = self._timing.wall() + self._ttl * (1 - _JITTER * self._timing.random())
        return key

    def why_refused(self) -> str:
        """Say what the key itself shows of why Mezmo refuses it; empty if nothing."""
        key = self._key or ""
        if key.startswith(TOKEN_PREFIXES):
            return f"; the key begins with {key[:4]}, so it is an access token and not an ingestion key"
        return ""


def describe(source: KeySource) -> str:
    """Where the key is kept, in words."""
    if isinstance(source, EnvironmentKey):
        return f"environment variable {source.variable}"
    if isinstance(source, SecretsManagerKey):
        field = f", field {source.field}" if source.field else ""
        return f"secret {source.id}{field}"
    return f"parameter {source.id}"


def read_key(
    source: KeySource, deadline: float, *, environment: Mapping[str, str], timing: Timing = SYSTEM
) -> str:
    """Read the key from its source, trimmed and checked.

    Raises:
        KeyUnavailableError: it cannot be read, or is not a key; the text never holds it.
    """
    if isinstance(source, EnvironmentKey):
        value = environment.get(source.variable)
        if value is None:
            raise KeyUnavailableError(
                f"no ingestion key: the environment variable {source.variable} is not set"
            )
        return _checked(value, source)
    from handler.aws import calls as aws  # noqa: PLC0415  costs time that a key from the environment does not need

    look_up = aws.get_secret_value if isinstance(source, SecretsManagerKey) else aws.get_parameter
    try:
        answer = look_up(source.id, deadline, timing)
    except AwsError as error:
        raise KeyUnavailableError(f"no ingestion key: {error}") from error
    return key_of(answer, source)


def key_of(answer: dict[str, Any], source: SecretsManagerKey | SsmParameterKey) -> str:
    """Take the key out of what GetSecretValue or GetParameter answers, trimmed and checked.

    Raises:
        KeyUnavailableError: there is none in it; the text never holds it.
    """
    text = (
        _secret_text(answer, source)
        if isinstance(source, SecretsManagerKey)
        else _parameter_text(answer, source)
    )
    return _checked(text, source)


def _secret_text(answer: dict[str, Any], source: SecretsManagerKey) -> str:
    text = answer.get("SecretString")
    where = describe(source)
    if not isinstance(text, str):
        raise KeyUnavailableError(f"no ingestion key: the {where} holds no text")
    if source.field is None:
        return text
    try:
        fields = msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError:
        raise KeyUnavailableError(
            f"no ingestion key: secret {source.id} is not a JSON object, so it has no field {source.field!r}"
        ) from None
    if source.field not in fields:
        raise KeyUnavailableError(
            f"no ingestion key: secret {source.id} has no field {source.field!r}; "
            f"its fields are: {_names(fields)}"
        )
    value = fields[source.field]
    if not isinstance(value, str):
        raise KeyUnavailableError(f"no ingestion key: the {where} is not a string")
    return value


def _parameter_text(answer: dict[str, Any], source: KeySource) -> str:
    parameter = answer.get("Parameter")
    value = parameter.get("Value") if isinstance(parameter, dict) else None
    if not isinstance(value, str):
        raise KeyUnavailableError(f"no ingestion key: the {describe(source)} holds no text")
    return value


def _checked(value: str, source: KeySource) -> str:
    """Return the key without white space around it, if it can stand in a header."""
    key = value.strip()
    where = describe(source)
    if not key:
        raise KeyUnavailableError(f"no ingestion key: the {where} is empty")
    if key.startswith("{"):
        try:
            names = _names(msgspec.json.decode(key, type=dict[str, Any]))
        except (msgspec.DecodeError, UnicodeEncodeError):  # the latter would show the key: nothing is chained
            names = ""
        if names:
            raise KeyUnavailableError(
                f"no ingestion key: the {where} is a JSON object and not a key; "
                f"name one of its fields: {names}"
            )
    if not all("!" <= character <= "~" for character in key):
        raise KeyUnavailableError(
            f"no ingestion key: the {where} holds a character that cannot stand in an HTTP header; "
            "a key is printable ASCII without spaces"
        )
    return key


def _names(fields: dict[str, Any]) -> str:
    """List the names of fields, but never a key that stands in the place of a name."""
    if not fields:
        return "none"
    shown = [repr(name) for name in sorted(fields) if _is_name(name)][:_MOST_NAMES]
    hidden = len(fields) - len(shown)
    if not shown:
        return f"{hidden} not shown"
    return ", ".join(shown) + (f" and {hidden} more" if hidden else "")


def _is_name(text: str) -> bool:
    """Whether a field may be called so: by its characters, and because it does not look like a key."""
    return (
        re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}", text) is not None
        and not re.search(r"[0-9A-Fa-f]{20}", text.replace("-", ""))
        and not text.startswith(TOKEN_PREFIXES)
    )
