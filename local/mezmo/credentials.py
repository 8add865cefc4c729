"""Where a request carries its ingestion key, and how keys are kept out of the record."""

import base64
import binascii
import re
from collections.abc import Iterable

from local.mezmo.record import REDACTED

Headers = tuple[tuple[str, str], ...]
"""Names in lower case, in the order sent."""

_CREDENTIAL_HEADERS = {"apikey", "authorization", "proxy-authorization", "cookie"}
_CREDENTIAL_PARAMETER = re.compile(r"(?i)((?:^|&)[^=&]*(?:key|token|auth)[^=&]*=)[^&]*")


def presented_keys(headers: Headers, *, pipeline: bool) -> list[str]:
    """Return every key that the headers offer; an Authorization in no known form offers none."""
    keys = [value.strip() for name, value in headers if name == "apikey" and value.strip()]
    for name, value in headers:
        if name == "authorization":
            key = value.strip() if pipeline else _basic_user(value)
            if key:
                keys.append(key)
    return keys


def _basic_user(authorization: str) -> str | None:
    scheme, _, encoded = authorization.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user if colon and not password else None


class Redactor:
    """Replaces keys: what stands in a credential's place, and every key that was ever valid, anywhere."""

    def __init__(self) -> None:
        self._keys: set[str] = set()

    def learn(self, keys: Iterable[str]) -> None:
        """Redact these from now on, also after they are replaced by others."""
        self._keys.update(keys)

    def text(self, text: str) -> str:
        """Return the text without keys."""
        for key in self._keys:
            text = text.replace(key, REDACTED)
        return text

    def body(self, body: bytes) -> bytes:
        """Return the body without keys."""
        for key in self._keys:
            body = body.replace(key.encode(), REDACTED.encode())
        return body

    def query(self, query: str) -> str:
        """Return the query without keys and without the value of any parameter named like one."""
        return self.text(_CREDENTIAL_PARAMETER.sub(rf"\g<1>{REDACTED}", query))

    def headers(self, headers: Headers) -> Headers:
        """Return the headers, lower-case names, without credentials."""
        return tuple(
            (name, REDACTED if name in _CREDENTIAL_HEADERS else self.text(value)) for name, value in headers
        )
