"""Whether the commands in documents exist, with the options that they are given; nothing is run."""

import argparse
import contextlib
import importlib
import json
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NoReturn
from unittest.mock import patch

from tests.documents import aws_cli
from tests.documents.markdown import ROOT, tracked

# Programs that are neither ours nor AWS's: what they are told is not looked at.
OTHERS = {
    "apt-get", "cat", "cd", "cp", "curl", "docker", "dotnet", "echo", "export", "gh", "git", "go", "gpg",
    "gunzip", "head", "helm", "jq", "kubectl", "mkdir", "mv", "mvn", "node", "npm", "rm", "sam", "sha256sum",
    "sleep", "source", "ssh-keygen", "tail", "terraform", "tsc", "unzip", "zip",
}  # fmt: skip


class CommandError(Exception):
    """A command that does not exist, or not with these options."""


def check(words: Sequence[str], *, mention: bool = False) -> None:
    """See that a command exists.

    Args:
        words: its words, unquoted.
        mention: whether it is a sentence's, so that what it requires may be left out.

    Raises:
        CommandError: it does not exist, or not with these options.
    """
    program, *rest = words
    name = Path(program).name
    if name not in CHECKS:
        if name in OTHERS:
            return
        raise CommandError(
            f"{program}: no program that our documents know; if it should be one, OTHERS names it"
        )
    try:
        CHECKS[name](rest, mention)
    except aws_cli.AwsCliError as error:
        raise CommandError(str(error)) from error


def _aws(words: list[str], mention: bool) -> None:
    aws_cli.parse(words, complete=not mention)


def _mezmo_forwarder(words: list[str], mention: bool) -> None:
    _parse("mezmo_forwarder_commands.__main__", words, mention)


def _python(words: list[str], mention: bool) -> None:
    match words:
        case ["-m", "pip", *rest]:
            _pip(rest, mention)
        case ["-m", "venv", *_] | ["-c", *_] | ["--version"]:
            pass
        case ["-m", module, *rest]:
            _module(module, rest, mention)
        case ["tools/dev.py", *rest]:
            _dev(rest, mention)
        case [script, *rest] if script in tracked() and "/" in script:
            _module(script.removesuffix(".py").replace("/", "."), rest, mention)
        case ["app.py" | ".projenrc.py"] | []:
            pass
        case [script, *_]:
            raise CommandError(f"python {script}: there is no such file")


def _module(module: str, words: list[str], mention: bool) -> None:
    path = module.replace(".", "/")
    sources = [
        one
        for one in (f"{path}.py", f"{path}/__main__.py", f"src/commands/{path}/__main__.py")
        if one in tracked()
    ]
    if not sources:
        raise CommandError(f"python -m {module}: there is no such module")
    source = (ROOT / sources[0]).read_text(encoding="utf-8")
    if "ArgumentParser(" in source:
        _parse(f"{module}.__main__" if sources[0].endswith("__main__.py") else module, words, mention)
    elif words and "argv" not in source:
        raise CommandError(f"python -m {module} takes no arguments, and is given {words}")


def _dev(words: list[str], mention: bool) -> None:
    if not words:
        return
    command, *rest = words
    modules = {
        **{name: f"local.{name}.__main__" for name in ("demo", "backfill", "faults", "load")},
        "bench": "benchmarks.__main__",
        "volume": "benchmarks.volume",
    }
    if command not in _dev_commands():
        raise CommandError(f"tools/dev.py has no {command}, but {', '.join(_dev_commands())}")
    if command in modules:
        _parse(modules[command], rest, mention)
    elif command == "run" and rest:
        check(rest, mention=mention)
    elif command in {"test", "loop"}:
        _pytest(rest, mention)


@cache
def _dev_commands() -> tuple[str, ...]:
    """Return the commands that `tools/dev.py` says it has."""
    told = subprocess.run(
        [sys.executable, "tools/dev.py"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    return tuple(told.stderr.split()[3].split("|"))


def _pytest(words: list[str], _: bool) -> None:
    lacking = [
        word
        for word in words
        if "/" in word and not word.startswith("-") and word.partition("::")[0] not in tracked()
    ]
    if lacking:
        raise CommandError(f"pytest {lacking[0]}: there is no such file")


def _projen(words: list[str], _: bool) -> None:
    tasks = json.loads((ROOT / ".projen/tasks.json").read_text(encoding="utf-8"))["tasks"]
    if words and words[0] not in tasks:
        raise CommandError(f"projen has no task {words[0]}")


def _pip(words: list[str], _: bool) -> None:
    setup = (ROOT / "build/bindings/python/setup.py").read_text(encoding="utf-8")
    (declared,) = re.findall(r'"extras_require": (\{.*?\n    \})', setup, re.DOTALL)
    extras = set(json.loads(declared))
    for named in re.findall(r"^mezmo-forwarder\[([\w,-]+)\]", "\n".join(words), re.MULTILINE):
        unknown = set(named.split(",")) - extras
        if unknown:
            raise CommandError(
                f"pip: mezmo-forwarder has no extra {unknown.pop()}, but {', '.join(sorted(extras))}"
            )


def _npx(words: list[str], mention: bool) -> None:
    package, _, version = words[0].partition("@")
    development = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    if package == "aws-cdk":
        if version != development["aws-cdk"]:
            raise CommandError(f"npx {words[0]}: what is tried is aws-cdk@{development['aws-cdk']}")
        _cdk(words[1:], mention)
    elif package not in {*development, "projen", "tsc"}:
        raise CommandError(f"npx {words[0]}: nothing that this repository installs")


def _cdk(words: list[str], _: bool) -> None:
    if not words:
        return
    told = _cdk_help(words[0])
    known = set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", told))
    for word in words[1:]:
        option = word.partition("=")[0]
        if option.startswith("-") and option not in known and option.replace("--no-", "--") not in known:
            raise CommandError(f"cdk {words[0]} has no option {option}")


@cache
def _cdk_help(command: str) -> str:
    told = subprocess.run(["cdk", command, "--help"], capture_output=True, text=True, check=False, timeout=60)
    if not told.stdout.startswith(f"cdk {command}"):
        raise CommandError(f"cdk has no {command}")
    return told.stdout


class _ParserFound(Exception):  # noqa: N818  it is no error
    """Carries a program's parser out of its `main`."""


def _parse(module: str, words: list[str], mention: bool) -> None:
    """Have a program's own argparse parser read the words."""
    parser = _parser_of(module)

    def refuse(self: argparse.ArgumentParser, message: str) -> NoReturn:
        if not mention or not any(lacks in message for lacks in ("required", "expected one", "invalid int")):
            raise CommandError(f"{self.prog}: {message}, in: {' '.join(words)}")
        raise _ParserFound

    refusing = patch.object(argparse.ArgumentParser, "error", refuse)
    with refusing, contextlib.suppress(_ParserFound, SystemExit):  # a mention; or --help, --version
        parser.parse_args(words)


@cache
def _parser_of(module: str) -> argparse.ArgumentParser:
    main: Callable[..., Any] = importlib.import_module(module).main

    def stop(self: argparse.ArgumentParser, *_: Any) -> NoReturn:
        raise _ParserFound(self)

    with patch.object(argparse.ArgumentParser, "parse_args", stop):
        try:
            main(*[[]] * main.__code__.co_argcount)
        except _ParserFound as found:
            parser: argparse.ArgumentParser = found.args[0]
            return parser
    raise AssertionError(f"{module}.main() asks no parser")


CHECKS: dict[str, Callable[[list[str], bool], None]] = {
    "aws": _aws, "cdk": _cdk, "mezmo-forwarder": _mezmo_forwarder, "npx": _npx, "pip": _pip,
    "projen": _projen, "pytest": _pytest, "python": _python, "python3": _python,
}  # fmt: skip
