"""The ready-made rules of redaction: what an address, a card number or a key looks like in a text."""

import re
from collections.abc import Callable, Iterator

from msgspec import Struct

Span = tuple[int, int]

SHAPES = bytes.maketrans(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ ", b"X" * 36 + b"-")
"""What brings digits and capital letters to one, and spaces to hyphens."""


class Needle(Struct, frozen=True):
    """Bytes that are cheap to look for.

    Args:
        text: the bytes; one alone is found fastest, by far.
        shape: whether to look in the literals translated by `SHAPES`, or as they are.
        unless: what it is not there, in the literals as they are.
    """

    text: bytes
    shape: bool = False
    unless: re.Pattern[bytes] | None = None


class Rule(Struct, frozen=True, eq=False):
    r"""What finds something.

    Args:
        spans: where it is in a text. Its time is linear.
        needles: a literal that has it holds one of these, if it is ASCII and has no `\u0020` or the like.
        hints: the same as expressions. They begin with one literal character, after which `re` is fast.
    """

    spans: Callable[[str], Iterator[Span]]
    needles: tuple[Needle, ...] = ()
    hints: tuple[re.Pattern[bytes], ...] = ()


def _matches(expression: str) -> Callable[[str], Iterator[Span]]:
    """Find each match, or what is in its group."""
    compiled = re.compile(expression)
    group = compiled.groups

    def spans(text: str) -> Iterator[Span]:
        return (match.span(group) for match in compiled.finditer(text) if match.start(group) >= 0)

    return spans


# In an address of the web, the sign is written %40.
_HOST = re.compile(r"(?:@|%40)((?:[\w-]++\.)++[\w-]++)")
_NAME_OF_HOST = re.compile(r"\.[^\W\d_]{2}")  # and not a version, as in `package@1.2.3`


def _emails(text: str) -> Iterator[Span]:
    end = 0
    for match in _HOST.finditer(text):
        start = at = match.start()
        while start > end and (text[start - 1].isalnum() or text[start - 1] in "_.+%-"):
            start -= 1
        if start < at and _NAME_OF_HOST.search(match[1]):
            yield start, match.end()
        end = match.end()


# Together, or in groups as they are printed. What begins with another digit is no bank's card. That nothing
# is before the first digit is asked after it, since `re` is fastest where an expression begins with a set.
_CARD = re.compile(
    r"[2-68](?<![0-9A-Za-z].)(?<!\d\..)"
    r"(?:\d{12,18}|\d{3}([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{3})?|\d{3}([ -])\d{6}\2\d{4,5})"
    r"(?![0-9A-Za-z])(?!\.\d)"
)
# From the right, every second digit is doubled, and 9 taken from what is more than 9.
_DOUBLED = bytes.maketrans(b"0123456789", b"0246813579")


def _cards(text: str) -> Iterator[Span]:
    position = 0
    while match := _CARD.search(text, position):
        digits = match[0].replace(" ", "").replace("-", "").encode()
        total = sum(digits[::-2]) + sum(digits[-2::-2].translate(_DOUBLED)) - 48 * len(digits)
        if total % 10 == 0 and (digits[0] != 0x38 or digits[1] in b"12"):  # none begins with 8 alone
            yield match.span()
            position = match.end()
        else:
            position = match.start() + 1


# Countries, and how long their numbers are (SWIFT's registry).
_COUNTRIES = (
    "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18FR27"
    "GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22"
    "MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28"
    "TL23TN24TR26UA29VA22VG24XK20YE30"
)
_LENGTHS = {_COUNTRIES[i : i + 2]: int(_COUNTRIES[i + 2 : i + 4]) for i in range(0, len(_COUNTRIES), 4)}
_IBAN = re.compile(
    r"[A-Z](?<![0-9A-Za-z].)[A-Z]\d{2}"
    r"(?:[0-9A-Z]{11,30}|([ -])[0-9A-Z]{4}(?:\1[0-9A-Z]{4}){1,6}(?:\1[0-9A-Z]{1,4})?)"
)
_LETTERS = {ord("A") + place: str(10 + place) for place in range(26)}


def _ibans(text: str) -> Iterator[Span]:
    position = 0
    while match := _IBAN.search(text, position):
        position = match.start() + 1
        length = _LENGTHS.get(match[0][:2], 99)
        number = match[0].replace(" ", "").replace("-", "")[:length]
        if len(number) == length and int((number[4:] + number[:4]).translate(_LETTERS)) % 97 == 1:
            end = _after(match[0], length) + match.start()
            if not text[end : end + 1].isalnum():
                yield match.start(), end
                position = end


def _after(text: str, count: int) -> int:
    """Return where so many characters end, spaces and hyphens not counted."""
    end = 0
    while count:
        count -= text[end] not in " -"
        end += 1
    return end


_OCTET = r"(?:25[0-5]|2[0-4]\d|[01]?\d?\d)"
_WHOLE_IPV4 = re.compile(rf"{_OCTET}(?:([.-]){_OCTET}){{3}}")
# Also as EC2 names hosts.
_IPV4 = re.compile(
    r"\d(?<![0-9A-Za-z].)(?<!\d\..)\d{0,2}(?:\.\d{1,3}){3}(?![0-9A-Za-z])(?!\.\d)"
    r"|i(?<![0-9A-Za-z].)p(?:-\d{1,3}){4}(?![0-9A-Za-z])"
)


def _ipv4(text: str) -> Iterator[Span]:
    for match in _IPV4.finditer(text):
        if _WHOLE_IPV4.fullmatch(match[0].removeprefix("ip-")):
            yield match.span()


_IPV6_RUN = re.compile(r"(?<![0-9A-Fa-f:])[0-9A-Fa-f]*+:[0-9A-Fa-f:]++(?:\.\d{1,3}){0,3}+")
_LONGEST_IPV6 = 60


def _ipv6(text: str) -> Iterator[Span]:
    for match in _IPV6_RUN.finditer(text):
        run, start, end = match[0], *match.span()
        if len(run) > _LONGEST_IPV6 or run.count(":") < 2:
            continue
        # `Foo::add` is none; `host:2001:db8::1` has one; `2001:db8::1: refused` too.
        if start and (text[start - 1].isalnum() or text[start - 1] == "_"):
            if run.startswith("::"):
                continue
            cut = run.find(":") + 1
            run, start = run[cut:], start + cut
        if text[end : end + 1].isalnum():
            cut = len(run) - run.rfind(":")
            run, end = run[:-cut], end - cut
        for left, right in ((0, 0), (0, 1), (1, 0), (1, 1), (run.find(":") + 1, 0)):
            if _is_ipv6(run[left : len(run) - right]):
                yield start + left, end - right
                break


def _is_ipv6(address: str) -> bool:
    if "." in address:
        head, _, tail = address.rpartition(":")
        if not _WHOLE_IPV4.fullmatch(tail):
            return False
        address = f"{head}:0:0"
    left, gap, right = address.partition("::")
    groups = [*(left.split(":") if left else []), *(right.split(":") if right else [])]
    if not all(1 <= len(group) <= 4 for group in groups):
        return False
    if not gap:
        return len(groups) == 8
    # Words of the letters a to f, as in `Ada::Bee`, are none.
    return 1 <= len(groups) <= 7 and (len(groups) > 2 or any(map(str.isdigit, address)))


_WHITE = r"[\s\"':=,>\\]"
_SECRET_KEY = (
    r"(?:(?:[Ss]ecret[_ -]?(?:[Aa]ccess[_ -]?)?[Kk]ey|SECRET[_ -]?(?:ACCESS[_ -]?)?KEY"
    rf"|(?:AKIA|ASIA)[A-Z2-7]{{16}}){_WHITE}{{1,12}})([A-Za-z0-9/+]{{40}})(?![A-Za-z0-9/+=])"
)
# With a digit, or long: no word that happens to follow.
_BEARER = (
    r"(?:[Bb]earer|BEARER)(?:\s{1,8}|%20|\+)"
    r"((?=[A-Za-z_.~+/-]{0,64}\d|[A-Za-z_.~+/-]{20})[A-Za-z0-9_.~+/-]{8,}+=*+)"
)
_PRIVATE_KEY = (
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----(?:[A-Za-z0-9+/=\s:,.]++|-(?!----))*+"
    r"(?:-----END [A-Z0-9 ]{0,60}-----)?"
)
# What has too few parts matches as well, without the group, so that none of it is looked at again.
_JWT = re.compile(r"(eyJ[A-Za-z0-9_-]*+)(?:\.[A-Za-z0-9_-]++((?:\.[A-Za-z0-9_-]*+){1,3}+))?+")
_SHORTEST_HEADER = 10


def _jwts(text: str) -> Iterator[Span]:
    for match in _JWT.finditer(text):
        if match[2] and len(match[1]) >= _SHORTEST_HEADER:
            yield match.span()


# Many digits are most often a time, which begins with 1.
_TOGETHER = Needle(b"X" * 13, shape=True, unless=re.compile(rb"[0179][0-9]*+(?![0-9A-Z])"))


# In groups, four of digits alone are a card.
_FOURS = Needle(
    b"XXXX-XXXX-XXXX",
    shape=True,
    unless=re.compile(rb"[0-9]{4}[ -](?![0-9]{4}[ -][0-9]{4}[ -][0-9]{4}(?![0-9]))|[0179]"),
)
_SIXES = Needle(b"XXXX-XXXXXX-XXXX", shape=True)

RULES: dict[str, Rule] = {
    "email": Rule(_emails, (Needle(b"@"), Needle(b"%", unless=re.compile(rb"%(?!40)")))),
    "credit-card": Rule(_cards, (_TOGETHER, _FOURS, _SIXES)),
    "iban": Rule(_ibans, (_TOGETHER, _FOURS)),
    "aws-access-key-id": Rule(_matches(r"(?:AKIA|ASIA)[A-Z2-7]{16}"), (_TOGETHER,)),
    "aws-secret-key": Rule(
        _matches(_SECRET_KEY),
        (Needle(b"C", unless=re.compile(rb"C(?<!SEC)|C(?!RET)")), _TOGETHER),
        (re.compile(rb"c(?<=[sS]ec)(?=ret)"),),
    ),
    "jwt": Rule(_jwts, (Needle(b"J", unless=re.compile(rb"(?<!ey)J")),)),
    "bearer-token": Rule(
        _matches(_BEARER),
        (Needle(b"B", unless=re.compile(rb"B(?!earer|EARER)")),),
        (re.compile(rb"b(?=earer)"),),
    ),
    "ipv4": Rule(
        _ipv4, (), (re.compile(rb"\.\d{1,3}\.\d{1,3}\.\d"), re.compile(rb"-\d{1,3}-\d{1,3}-\d{1,3}-\d"))
    ),
    "ipv6": Rule(_ipv6, (), (re.compile(rb":(?::|[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}:)"),)),
    "private-key": Rule(
        _matches(_PRIVATE_KEY), (Needle(b"B", unless=re.compile(rb"B(?!EGIN)|B(?<!-----B)")),)
    ),
}
"""By name."""
