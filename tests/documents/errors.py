"""The texts of the errors and warnings that the code has, and docs/reference/errors.md made of them.

python -m tests.documents.errors    writes the document
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "src/mezmo_forwarder"
HANDLER = LIBRARY / "handler"
DOCUMENT = ROOT / "docs/reference/errors.md"
GAP = "..."
"""What stands for a value in a text."""
_OPENING = re.compile(r"\brefuse\(\s*(?:[\w.]+,\s*)?(?=['`])")
_LOUD = {"ERROR", "WARN"}
_SHORTEST = 10


def at_synthesis() -> dict[str, list[str]]:
    """Return the texts with which the construct refuses something, by the file that does."""
    found: dict[str, list[str]] = {}
    for path in sorted(LIBRARY.rglob("*.ts"), key=lambda path: path.stem):
        source = path.read_text(encoding="utf-8")
        texts = []
        for opening in _OPENING.finditer(source):
            text, end = _text(source, opening.end())
            remedy = re.compile(r"\s*,\s*(?=['`])").match(source, end)  # the second of a pattern's refusal
            if remedy and "this.refuse" in source[opening.start() - 5 : opening.end()]:
                text = f"the pattern {GAP} {text}; {_text(source, remedy.end())[0]}"
            texts.append(text)
        if texts:
            found[path.stem] = list(dict.fromkeys(texts))
    return found


def _text(source: str, start: int) -> tuple[str, int]:
    """Return the text of a TypeScript literal, with a gap for each value, and where the literal ends."""
    quote, text, at = source[start], "", start + 1
    while source[at] != quote:
        if source[at] == "\\":
            text, at = text + source[at + 1], at + 2
        elif quote == "`" and source.startswith("${", at):
            text, at = text + GAP, _end_of_value(source, at + 2)
        else:
            text, at = text + source[at], at + 1
    return text, at + 1


def _end_of_value(source: str, at: int) -> int:
    """Return where `${...}` ends, in which other literals may stand."""
    depth = 1
    while depth:
        if source[at] in "'`":
            at = _text(source, at)[1]
            continue
        depth += {"{": 1, "}": -1}.get(source[at], 0)
        at += 1
    return at


def at_run_time() -> Iterator[tuple[str, list[str]]]:
    """Yield where the handler raises an error or logs a warning, and the fixed pieces of its text."""
    modules = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(HANDLER.rglob("*.py"))}
    (root,) = (module for path, module in modules.items() if path.name == "errors.py")
    own = {node.name for node in root.body if isinstance(node, ast.ClassDef)}
    for path, module in modules.items():
        constants = _constants(module)
        for node in ast.walk(module):
            match node:
                case ast.Call(func=ast.Name(id=name), args=[text, *_]) if name in own:
                    pass
                case ast.Call(func=ast.Name(id="log"), args=[ast.Constant(value=level), text, *_]) if (
                    level in _LOUD
                ):
                    pass
                case ast.Call(func=ast.Attribute(attr="_warn" | "_tell"), args=[*_, text]):
                    pass
                case _:
                    continue
            pieces = _pieces(text, constants)
            if sum(map(len, pieces)) >= _SHORTEST:  # what is shorter only frames another's text
                yield f"{path.name}:{node.lineno}", pieces


def _constants(module: ast.Module) -> dict[str, str]:
    return {
        target.id: node.value.value
        for node in module.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value.value, str)
    }


def _pieces(text: ast.expr, constants: dict[str, str]) -> list[str]:
    """Return what of a text is the same each time."""
    whole = ""
    for part in text.values if isinstance(text, ast.JoinedStr) else [text]:
        match part:
            case ast.Constant(value=str(fixed)):
                whole += fixed
            case ast.FormattedValue(value=ast.Name(id=name)) if name in constants:
                whole += constants[name]
            case _:
                whole += "\0"
    return [piece for piece in whole.split("\0") if piece]


def document() -> str:
    """Return what `docs/reference/errors.md` says."""
    rows = [f"| `{name}` | {_cell(text)} |" for name, texts in at_synthesis().items() for text in texts]
    table = "\n".join(["| file | text |", "|---|---|", *rows])
    return f"""# Errors at synthesis

Written by `python -m tests.documents.errors`, from the source. Each names the property, its value and the
remedy, so that there is nothing to add; `{GAP}` stands for a value. At its end stands the construct's path:
`(at MezmoLogs/MezmoLogForwarder)`. Properties are called as TypeScript calls them: `mezmoEnv` is Python's
`mezmo_env`.

Not these: [warnings](warnings.md), and [what the log says](../troubleshooting.md#what-the-log-says).

{table}
"""


def _cell(text: str) -> str:
    return re.sub(r"[\\|<*_]", r"\\\g<0>", text)


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
