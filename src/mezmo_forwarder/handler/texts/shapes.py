r"""What several lines look like that belong together: the stack traces of some languages, and timestamps.

All patterns are of a line's beginning, in the JSON text that CloudWatch sends, where a tab is `\t` and a
quotation mark is `\"`. Repetitions that hold another are possessive: none takes more than linear time.

A stack trace is read line by line. The state says what it is so far, and with the rules of that state which
lines go on with it, and what it is then. "line" is any line, "trouble" one that speaks of an error: a trace's
head, `ValueError: ...` or `Traceback ...`, joins that one alone.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from msgspec import Raw, Struct

from .literals import trim

_BLANK = re.compile(rb'"(?:\\[nrt]| )*+"')
_INDENT = rb"(?: |\\t)"
_INDENTED = _INDENT + rb'++(?!\\[nr]|")'
_END = rb'(?:\\[nrt]| )*+"'
_ANY = "any"  # in the place of a state: each of them
_TROUBLE = (
    *(b"error", b"err]", b" err ", b" err:", b"warn", b"fatal", b"severe", b"critical", b"fail", b"panic"),
    *(b"exception", b"unhandled", b"uncaught"),
)
_WINDOW = 512  # bytes in which a line speaks of an error

_JAVA_EXCEPTION = (
    rb"(?:[a-z_][\w$]*+\.)++[A-Z][\w$]*+(?:(?<=Exception)|(?<=Error)|(?<=Throwable))(?:: |" + _END + rb")"
)
_NODE_ERROR = rb"(?:Uncaught )?+(?:[A-Z]\w*+(?:(?<=Error)|(?<=Exception)))(?:: | \[| \{|" + _END + rb")"
_NODE_SOURCE = rb"(?:node:|file:|/|[A-Z]:\\\\)(?:[^ \"\\]|\\\\){0,400}+(?<=\d)" + _END
_GOROUTINE = rb"goroutine \d++ \["
_GO_FUNCTION = (
    rb"[^ \"\\(]++(?:\([^ \"\\)]{0,100}\)[^ \"\\(]++)*+"  # net/http.(*conn).serve
    rb"\((?:[^\"\\)]*+\))++" + _END
)
_NET_EXCEPTION = rb"(?:Unhandled exception\b|[A-Z]\w*+(?:\.\w++)++(?<=Exception)(?:: |" + _END + rb"))"
_RUBY_FRAME = rb"[^ :\"\\]++:\d++:in [`']"
_RUBY_ERROR = rb"[A-Z]\w*+(?:::\w++)*+ \([^\"\\]{0,400}\):" + _END
_TRACEBACK = rb"Traceback \(most recent call last\):"

_Rules = Sequence[tuple[bytes, str | None]]


class _Language(Struct, frozen=True):
    """How a language writes a stack trace.

    Args:
        candidate: what may continue the line before it, unless it is indented, which always may.
        first: what a line is that continues none.
        rules: for each state, what continues it, and the next state; None for the same.
    """

    candidate: bytes
    first: _Rules
    rules: Mapping[str, _Rules]


_LANGUAGES = {
    "java": _Language(
        candidate=rb"Caused by: |Suppressed: |" + _JAVA_EXCEPTION,
        first=[(_JAVA_EXCEPTION + rb"|Exception in thread ", "java")],
        rules={
            _ANY: [(rb"Caused by: |Suppressed: ", "java")],
            "trouble": [(_JAVA_EXCEPTION, "java")],
        },
    ),
    "python": _Language(
        candidate=_TRACEBACK,
        first=[(_TRACEBACK, "python")],
        rules={
            "trouble": [(_TRACEBACK, "python")],
            "python": [(_INDENT, "python frames")],
            "python frames": [(_INDENT, None), (rb"[A-Za-z_][\w.]*+(?::|" + _END + rb")", "python end")],
            "python end": [
                (
                    rb"During handling of the above exception|The above exception was the direct",
                    "python chain",
                )
            ],
            "python chain": [(_TRACEBACK, "python")],
        },
    ),
    "node": _Language(
        candidate=_NODE_ERROR,
        first=[(_NODE_ERROR, "node"), (_NODE_SOURCE, "node source")],
        rules={
            "trouble": [(_NODE_ERROR, "node")],
            "node source": [(_NODE_ERROR + rb"|[A-Za-z_$][\w$]*+: ", "node")],
            "node": [(rb"\}|Node\.js v\d", None)],
        },
    ),
    "go": _Language(
        candidate=_GOROUTINE,
        first=[(rb"panic: |fatal error: ", "go"), (_GOROUTINE, "go frames")],
        rules={
            "trouble": [(_GOROUTINE, "go frames")],
            "go": [(_GOROUTINE, "go frames"), (rb"panic: |\[signal |\[recovered", "go")],
            "go frames": [
                (_GOROUTINE + rb"|created by |exit status \d|\.\.\.additional|" + _GO_FUNCTION, None)
            ],
        },
    ),
    "dotnet": _Language(
        candidate=rb"--- End of |" + _NET_EXCEPTION,
        first=[(_NET_EXCEPTION, "dotnet")],
        rules={
            _ANY: [(rb"--- End of ", "dotnet")],
            "trouble": [(_NET_EXCEPTION, "dotnet")],
        },
    ),
    "ruby": _Language(
        candidate=_RUBY_FRAME + b"|" + _RUBY_ERROR,
        first=[(_RUBY_FRAME + b"|" + _RUBY_ERROR, "ruby")],
        rules={
            "trouble": [(_RUBY_FRAME + b"|" + _RUBY_ERROR, "ruby")],
            "ruby": [(_RUBY_FRAME, None)],
        },
    ),
}

_DAY = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? "
_MONTH = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_TIMESTAMP = (
    # A bracket, or a level, may stand before it.
    rb"(?:[A-Z], )?+(?:[A-Z]{1,8}[ :]{1,3})?+[\[(<]?+(?:"
    rb"\d{4}[-/.]\d\d?[-/.]\d\d?(?!\d)|"  # 2026-11-25, 2026/11/25
    rb"\d\d?(?P<d>[-/. ])(?:\d\d?|" + _MONTH + rb")(?P=d)\d{2,4}[ :T,]|"  # 25/Nov/2026:, 25.11.2026
    rb"(?:"
    + _DAY
    + rb")?+"
    + _MONTH
    + rb" {1,2}\d|"  # Nov 25, Wed Nov 25
    + _DAY
    + rb"\d|"  # Wed, 25 Nov
    rb"\d\d:\d\d:\d\d|"
    rb"[IWEF]?\d{4} \d\d:\d\d|"  # of klog
    rb"\d{8}[T ]?\d{6}|"
    rb"1\d{9}(?:\d{3}){0,3}+(?:\.\d{1,9})?+[\] ])"  # seconds since the epoch, or fractions of them
)
# What Lambda writes between a program's lines.
PLATFORM_LINES = (
    rb"(?:START|END|REPORT) RequestId: |(?:INIT|RESTORE)_(?:START|REPORT) |(?:EXTENSION|TELEMETRY)\\tName: "
)
PLATFORM = re.compile(b'"(?:' + PLATFORM_LINES + b")")
# A line that does not begin with a timestamp, and is neither JSON nor Lambda's.
NO_TIMESTAMP = re.compile(b'"(?!' + _TIMESTAMP + rb"|\{|" + PLATFORM_LINES + b")")


def is_object(literal: bytes) -> bool:
    """Whether a message is a JSON object, by its ends; with more behind it, it would be none to Mezmo."""
    return literal.startswith(b'"{') and trim(literal).endswith(b'}"')


def matcher(pattern: re.Pattern[bytes]) -> Callable[[Raw], object]:
    """Return what matches a message where it is, without a copy."""
    return pattern.match


class Shape:
    """The stack traces of some languages.

    Args:
        languages: which.

    Attributes:
        may_continue: whether a message may continue the one before it; others need not be looked at.
        indented: whether a message is indented, and not empty.
        after_indented: for each state, that with an indented line.
    """

    def __init__(self, languages: Sequence[_Language]) -> None:
        # An empty line is none, so that many of them are passed once, with the line after them.
        alternatives = b"|".join([_INDENTED, *(language.candidate for language in languages)])
        # What most lines begin with, a timestamp or JSON, is told at once.
        self.may_continue = matcher(re.compile(rb'"(?![0-9{\[])(?:' + alternatives + b")"))
        self.indented = matcher(re.compile(b'"' + _INDENTED))
        self._first = [_compile(rule) for language in languages for rule in language.first]
        states = {state for language in languages for state in language.rules} | {"line"}
        states |= {state for language in languages for _, state in language.first if state}
        rules = {
            state: [
                rule
                for language in languages
                for name in (state, _ANY)
                for rule in language.rules.get(name, [])
            ]
            + [(_INDENT, "line" if state == "trouble" else state)]
            for state in states
            if state != _ANY
        }
        self._rules = {state: [_compile(rule) for rule in some] for state, some in rules.items()}
        self.after_indented = {
            state: next(following or state for text, following in some if text == _INDENT)
            for state, some in rules.items()
        }

    def first(self, literal: bytes) -> str | None:
        """Return in which state a line is that continues none; None if nothing can continue it."""
        if not literal.startswith(b'"') or _BLANK.match(literal) or is_object(literal):
            return None
        for pattern, state in self._first:
            if pattern.match(literal):
                return state
        head = literal[:_WINDOW].lower()
        return "trouble" if any(word in head for word in _TROUBLE) else "line"

    def next(self, state: str, literal: bytes) -> str | None:
        """Return in which state a line is with another one.

        Returns:
            None if that does not continue it; "" for an empty one, which does so if a later one does.
        """
        if _BLANK.match(literal):
            return "" if state not in ("line", "trouble") else None
        for pattern, following in self._rules[state]:
            if pattern.match(literal):
                return following or state
        return None


def _compile(rule: tuple[bytes, str | None]) -> tuple[re.Pattern[bytes], str | None]:
    pattern, state = rule
    return re.compile(b'"(?:' + pattern + b")"), state


@cache
def shape(kind: str) -> Shape:
    """Return the shape of a language's stack traces; of all of them for "stack-traces"."""
    return Shape([*_LANGUAGES.values()] if kind == "stack-traces" else [_LANGUAGES[kind]])
