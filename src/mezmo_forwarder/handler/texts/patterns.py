r"""Patterns of the user's: a subset of Python's regular expressions whose time is bounded.

Python's `re` goes back and tries again, and a careless pattern takes it time that grows with the square of a
text, or with a power of two. So a pattern is parsed (`pattern_syntax.py`), the steps it can take
are counted, and it is refused when they are too many. `patterns.ts` counts the same way, at synthesis.

**The bound**: let the *steps* of an expression be how long it can take at one place in a text, whatever the
text, and its *ways* how often it can succeed there, each time otherwise. Of one after the other, steps are s1
+ w1 s2 and ways w1 w2, since each way of the first may try the second. Of `|`, both are added, or, where the
next character decides which it is, the ways are those of the largest. What has one way and is repeated up to
n times takes n times its steps. Where the next character decides whether to go on, because what is repeated
cannot begin with what follows, that has one way, and is compiled so that `re` does not go back into it
(`*+`). Otherwise each length is a way. What begins with literal text can only begin so often: steps are
divided by that text's period. The result is for each character of a text, and at most `MOST_STEPS`; a step is
a nanosecond or two.

**Repeats without a limit** get one, the largest of `_REACHES` with which the pattern stays below that. At a
pattern's end they go on as far as they can: what they pass is matched, and never looked at again.
"""

import re

from msgspec import Struct

from .pattern_syntax import END, Character, Choice, Node, Parser, Place, Repeat, Secret, Sequence

MOST_STEPS = 2048
"""How many steps a pattern may take for each character of a text."""

_REACHES = (4096, 2048, 1024, 512, 256, 128, 64)
# Steps, in the time that it takes `re` to pass one character in a run of them.
_ONE = 2
_AGAIN = 6
_HUGE = 10**9


class Pattern(Struct, frozen=True, eq=False):
    """A pattern whose time is bounded.

    Args:
        expression: to search with; its group `secret`, if it has one, is what matters of a match.
        steps: how many characters it looks at, at most, for each of a text.
        reach: how often a repeat without a limit repeats, but at the end of the pattern.
        needle: a text that every match contains, or nothing.
        secret: whether it has that group.
    """

    expression: re.Pattern[str]
    steps: int
    reach: int
    needle: str
    secret: bool


def compile_pattern(pattern: str) -> Pattern:
    """Check and compile a pattern.

    Raises:
        PatternError: it is none of the subset, or would take too long.
    """
    parser = Parser(pattern)
    node = parser.parse()
    needle, start, period = _literals(node)
    for reach in _REACHES:
        cost = _cost(node, END, reach)
        steps = len(start) * _ONE + -(-cost.steps // period)
        if steps <= MOST_STEPS:
            flags = re.ASCII | (re.IGNORECASE if parser.ignore_case else re.NOFLAG)
            return Pattern(re.compile(cost.text, flags), steps, reach, needle, parser.secret)
    shown = f"{steps:,}" if steps < _HUGE else "more than a billion"
    parser.refuse(
        f"takes up to {shown} steps for each character of a text, of which {MOST_STEPS:,} are allowed",
        'limit repeats ({1,9}); let what follows a repeat be what it cannot match, as in [^"]*" for .*"; or '
        "leave out .* at the beginning",
    )
    raise AssertionError


class _Cost(Struct, frozen=True):
    text: str
    steps: int
    ways: int


def _cost(node: Node, follow: int, reach: int) -> _Cost:
    """Write a part of a pattern for `re`, and count; `follow` is what can come after it."""
    match node:
        case Character() | Place():
            return _Cost(node.text, _ONE, 1)
        case Secret():
            inner = _cost(node.body, follow, reach)
            return _Cost(f"(?P<secret>{inner.text})", inner.steps, inner.ways)
        case Choice():
            costs = [_cost(branch, follow, reach) for branch in node.branches]
            steps, ways = sum(cost.steps for cost in costs) + len(costs), sum(cost.ways for cost in costs)
            if _next_decides(node.branches):
                ways = max(cost.ways for cost in costs)
            return _Cost(f"(?:{'|'.join(cost.text for cost in costs)})", min(steps, _HUGE), min(ways, _HUGE))
        case Repeat():
            return _cost_of_repeat(node, follow, reach)
        case Sequence():
            text, steps, ways = "", 0, 1
            for item in reversed(node.items):
                cost = _cost(item, follow, reach)
                text = cost.text + text
                steps += _AGAIN if cost.ways > 1 else 0
                steps, ways = min(cost.steps + cost.ways * steps, _HUGE), min(cost.ways * ways, _HUGE)
                follow = item.first | (follow if item.nullable else 0)
            return _Cost(text, steps, ways)
    raise AssertionError(node)


def _next_decides(branches: list[Node]) -> bool:
    seen = 0
    for branch in branches:
        if branch.nullable or seen & branch.first:
            return False
        seen |= branch.first
    return True


def _cost_of_repeat(node: Repeat, follow: int, reach: int) -> _Cost:
    least, most = node.least, node.most if node.most is not None else max(reach, node.least)
    again = node.body.first if most > 1 else 0
    body = _cost(node.body, follow | again, reach)
    text = body.text if isinstance(node.body, Character) else f"(?:{body.text})"
    decided = not node.body.first & follow
    if node.most is None and follow == END and not node.lazy and isinstance(node.body, Character):
        return _Cost(f"{text}{{{least},}}+", least + _ONE, 1)
    if body.ways > 1:
        steps, ways, power = _ONE, 1 if least == 0 else 0, 1
        for count in range(1, most + 1):
            steps, power = steps + power * body.steps, power * body.ways
            ways += power if count >= least else 0
            if steps > _HUGE:
                break
        steps, ways = min(steps, _HUGE), min(ways, _HUGE)
    else:
        each = 1 if isinstance(node.body, Character) else body.steps
        steps = min(most * each + _ONE, _HUGE)
        ways = 1 if decided or least == most else most - least + 1
    once = decided and body.ways == 1
    lazy = node.lazy and not (once and not follow & END)
    how = "?" if lazy else "+" if once else ""
    return _Cost(f"{text}{{{least},{most}}}{how}", steps, ways)


def _literals(node: Node) -> tuple[str, str, int]:
    """Return a text that each match contains, the text it begins with, and how close two of these can be."""
    runs = [""]
    for item in node.items if isinstance(node, Sequence) else [node]:
        if isinstance(item, Character) and item.literal:
            runs[-1] += item.literal
        elif not isinstance(item, Place):
            runs.append("")
    start = runs[0]
    # JSON has two ways to write what is no part of a needle.
    plain = (part for run in runs for part in re.split(r'[^ -~]|["\\/]', run))
    period = next((shift for shift in range(1, len(start)) if start.startswith(start[shift:])), len(start))
    return max(plain, key=len), start, max(period, 1)
