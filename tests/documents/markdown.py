"""The documents of this repository as GitHub reads them: their fences, links and anchors."""

import re
import subprocess
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Fence:
    """A block of code in a document.

    document, line: where it begins.
    language: the word after the backticks, or "".
    text: without the document's indentation.
    note: what an HTML comment right above it says, or "".
    """

    document: str
    line: int
    language: str
    text: str
    note: str

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


@cache
def tracked() -> frozenset[str]:
    """Return the paths of all files that the repository has, and of the folders they lie in."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = {name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()}
    return frozenset(files | {str(parent) for name in files for parent in Path(name).parents})


def documents() -> list[str]:
    """Return the paths of all documents."""
    return sorted(name for name in tracked() if name.endswith(".md"))


@cache
def read(document: str) -> str:
    """Return a document's text."""
    return (ROOT / document).read_text(encoding="utf-8")


_OPENING = re.compile(r"( *)(`{3,}|~{3,}) *([^\s`]*)[^`]*$")
_NOTE = re.compile(r" *<!--\s*(.*?)\s*-->\s*$")


@cache
def fences(document: str) -> tuple[Fence, ...]:
    """Return a document's blocks of code."""
    return tuple(found for found in _blocks(document) if isinstance(found, Fence))


@cache
def prose(document: str) -> str:
    """Return a document's text with nothing in the lines of its blocks of code."""
    return "\n".join(found if isinstance(found, str) else "" for found in _blocks(document))


def _blocks(document: str) -> Iterator[Fence | str]:
    """Give a document's lines outside of fences, and the fences."""
    lines = iter(enumerate(read(document).split("\n"), 1))
    note = ""
    for number, line in lines:
        opening = _OPENING.match(line)
        if not opening:
            yield line
            if line.strip():
                comment = _NOTE.match(line)
                note = comment[1] if comment else ""
            continue
        indentation, marks, language = opening.groups()
        inside = []
        for _, one in lines:
            if one.strip().startswith(marks) and not one.strip().strip(marks[0]):
                break
            inside.append(one.removeprefix(indentation))
        yield Fence(document, number, language, "".join(f"{one}\n" for one in inside), note)
        note = ""


_CODE = re.compile(r"(`+)(.+?)(?<!`)\1(?!`)", re.DOTALL)


def inline_code(document: str) -> list[str]:
    """Return what stands between backticks in a document's sentences and tables."""
    return [found[2].strip().replace("\\|", "|") for found in _CODE.finditer(prose(document))]


_TARGETS = (
    re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+[\"'(][^)]*)?\)"),  # [text](target "title"), an image also
    re.compile(r"^ {0,3}\[[^\]^][^\]]*\]:\s*<?([^\s>]+)>?", re.MULTILINE),  # [name]: target
    re.compile(r"(?<![(\"'=:])\b(https?://[^\s<>()|\"']*[^\s<>()|\"'.,;:])"),  # GitHub makes a link of it
    re.compile(r"<(?:a|img|source)\b[^>]*?\b(?:href|src|srcset)\s*=\s*[\"']([^\"'\s]*)", re.IGNORECASE),
)
_DEFINED = re.compile(r"^ {0,3}\[([^\]^][^\]]*)\]:", re.MULTILINE)
_REFERRED = re.compile(r"(?<!\\)\[([^\[\]]+)\]\[([^\[\]]*)\]")


def links(document: str) -> list[str]:
    """Return where a document's links and images lead, as written."""
    text = _without_code(document)
    return [found[1] for pattern in _TARGETS for found in pattern.finditer(text)]


def undefined_references(document: str) -> list[str]:
    """Return the names in `[text][name]` that the document gives no target for."""
    text = _without_code(document)
    defined = {found[1].lower() for found in _DEFINED.finditer(text)}
    referred = {(found[2] or found[1]).lower() for found in _REFERRED.finditer(text)}
    return sorted(referred - defined)


def _without_code(document: str) -> str:
    text = re.sub(r"<!--.*?-->", "", prose(document), flags=re.DOTALL)
    return _CODE.sub("``", text)


_HEADING = re.compile(
    r"^ {0,3}#{1,6}[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$|^(\S.*)\n(?:=+|-{2,})[ \t]*$", re.MULTILINE
)
_NAMED = re.compile(r"<[^>]*\b(?:id|name)\s*=\s*[\"']([^\"']+)")


@cache
def anchors(document: str) -> frozenset[str]:
    """Return what can stand behind a `#` in a link to a document."""
    text = prose(document)
    seen: Counter[str] = Counter()
    found = set(_NAMED.findall(text))
    for heading in _HEADING.finditer(text):
        name = slug(heading[1] or heading[2] or "")
        found.add(f"{name}-{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return frozenset(found)


def slug(heading: str) -> str:
    """Return the anchor that GitHub makes of a heading: no markup, lower case, `-` for each space."""
    shown = re.sub(r"!\[[^\]]*\]\([^)]*\)|<[^>]+>", "", heading)  # a picture has no text
    shown = re.sub(r"\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])", r"\1", shown)
    shown = re.sub(r"(?<!\w)_+(\S.*?\S|\S)_+(?!\w)", r"\1", shown)
    kept = (one for one in shown.strip().lower() if one in "- " or _is_of_a_word(one))
    return "".join(kept).replace(" ", "-")


def _is_of_a_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LM" or unicodedata.category(character) in {"Nd", "Pc"}
