"""What the tests of redaction need: redactors by all rules and by each."""

import json
import re
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from handler.redaction.redactor import Redactor
from handler.redaction.rules import RULES
from handler.settings import Redact, Redaction
from handler.texts.literals import literal_of, text_of

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow/+IBAAKCAQEA\nabc=\n-----END RSA PRIVATE KEY-----"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"


def redactor(*rules: str | Redaction) -> Redactor:
    return Redactor(Redact(tuple(Redaction(rule) if isinstance(rule, str) else rule for rule in rules)))


ALL = redactor(*RULES)
ONE = {name: redactor(name) for name in RULES}


def redact(text: str, by: Redactor = ALL) -> str:
    return text_of(by.redact(literal_of(text)))


def written(text: str, draw: Callable[..., Any], *, first: bool) -> str:
    """Write a text as a JSON string's content: some characters by escapes; what must be, always."""
    out = []
    for character in text:
        how = draw(st.integers(0, 3))
        plain = json.dumps(character, ensure_ascii=False)[1:-1]
        if how == 0 or (first and how == 1 and character == "/"):
            pairs = character.encode("utf-16-be")
            out += [f"\\u{pairs[at]:02x}{pairs[at + 1]:02X}" for at in range(0, len(pairs), 2)]
        elif character == "/" and how == 1:
            out.append("\\/")
        else:
            out.append(plain)
    return "".join(out)


def sensitive(name: str, text: str) -> str:
    return SECRET_KEY if name == "aws-secret-key" else re.sub(r"(?i).*bearer(%20| )", "", text)
