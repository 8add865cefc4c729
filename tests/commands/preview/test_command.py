"""The program, as a user runs it."""

import ast
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mezmo_forwarder_commands import __main__
from mezmo_forwarder_commands.__main__ import main

ROOT = Path(__file__).resolve().parents[3]
ENVIRONMENT = os.environ | {
    "PYTHONPATH": os.pathsep.join(str(ROOT / path) for path in ("src/commands", "src/mezmo_forwarder"))
}
Output = pytest.CaptureFixture[str]


def run(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[str]:
    """Run the program as a process of its own."""
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-m", "mezmo_forwarder_commands", *arguments],
        input=given, capture_output=True, env=ENVIRONMENT, timeout=60, check=False,
    )  # fmt: skip
    return subprocess.CompletedProcess(
        finished.args, finished.returncode, finished.stdout.decode(), finished.stderr.decode()
    )


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "app.log"
    path.write_text("ERROR one\n\n", encoding="utf-8")
    return path


def test_text_from_standard_input() -> None:
    finished = run("preview", "--app", "web", given="größer\n".encode())

    assert finished.stderr == ""
    assert "host preview  app web" in finished.stdout
    assert finished.stdout.splitlines()[-1].startswith("1 event → 1 line · 1 request, ")
    assert "\x1b" not in finished.stdout


def test_several_files_as_json(log: Path, capsys: Output) -> None:
    assert main(["preview", str(log), str(log), "--json", "--set", 'tags=["eu"]']) == 0
    document = json.loads(capsys.readouterr().out)

    assert (document["events"], document["lines"], document["filtered"]) == (4, 2, {"empty": 2})
    assert {line["tags"] for entry in document["entries"] for line in entry["lines"]} == {"eu"}


def test_what_a_subscription_has_for_itself(log: Path, capsys: Output) -> None:
    told = '{"app-1a2b": {"app": "own", "tags": ["x", "y"]}}'

    assert main(["preview", str(log), "--set", f"subscriptions={told}", "--filter-name", "app-1a2b"]) == 0
    assert "app own  tags x,y" in capsys.readouterr().out
    assert main(["preview", str(log), "--set", f"subscriptions={told}", "--filter-name", "other"]) == 0
    assert "app preview\n" in capsys.readouterr().out


def test_a_page(log: Path, tmp_path: Path, capsys: Output) -> None:
    page = tmp_path / "new/page.html"

    assert main(["preview", str(log), "--html", str(page)]) == 0
    assert "ERROR one" in page.read_text()
    assert capsys.readouterr().out.endswith(f": {page}\n")


def test_a_page_beside_json(log: Path, tmp_path: Path, capsys: Output) -> None:
    assert main(["preview", str(log), "--json", "--html", str(tmp_path / "page.html")]) == 0
    json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["{tmp}/none"], "none: No such file or directory; name a file that can be read"),
        (["{log}", "--set", "tags=1"], "`$.tags`"),
        (["{log}", "--settings", "{log}"], "app.log is not JSON"),
        (["{log}", "--html", "{tmp}"], "name a file that can be written"),
        (["{log}", "--format", "export"], "add --log-group NAME"),
    ],
)
def test_what_is_wrong_is_one_line(
    arguments: list[str], named: str, log: Path, tmp_path: Path, capsys: Output
) -> None:
    given = [argument.format(tmp=tmp_path, log=log) for argument in arguments]

    assert main(["preview", *given]) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)
    assert printed.err.startswith("mezmo-forwarder: ")
    assert named in printed.err


def test_without_the_extra_the_error_is_the_command_that_installs_it() -> None:
    script = (
        "import sys; sys.modules['isal'] = None; from mezmo_forwarder_commands.__main__ import main; "
        "sys.exit(main(['preview', '-']))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=60,
        check=False,
    )

    assert finished.returncode == 2
    assert f'needs isal; run: {sys.executable} -m pip install "mezmo-forwarder[preview]"' in finished.stderr


def test_help_needs_nothing_but_python() -> None:
    script = (
        "import sys; from mezmo_forwarder_commands.__main__ import main\n"
        "try: main(['preview', '--help'])\nexcept SystemExit: pass\n"
        "sys.exit(bool({'msgspec', 'isal', 'handler', 'mezmo_forwarder', 'jsii'} & set(sys.modules)))"
    )

    subprocess.run(
        [sys.executable, "-c", script], env=ENVIRONMENT, timeout=60, check=True, capture_output=True
    )


def test_an_old_python_is_told(monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    monkeypatch.setattr(__main__, "_OLDEST_PYTHON", (9, 0))

    assert main(["preview", "-"]) == 2
    assert "use Python 3.11 or newer" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name", ["__init__", "__main__", "aws_options", "errors", "preview_command", "terminal"]
)
def test_what_tells_an_old_python_so_is_understood_by_it(name: str) -> None:
    source = ROOT / f"src/commands/mezmo_forwarder_commands/{name}.py"

    ast.parse(source.read_text(encoding="utf-8"), feature_version=(3, 10))


def test_a_reader_that_has_seen_enough(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"line\n" * 20_000)
    command = f"{sys.executable} -m mezmo_forwarder_commands preview {tmp_path / 'log'} | head -n 1"
    finished = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=60,
        check=False,
    )

    assert (finished.returncode, finished.stderr) == (0, "")


def test_megabytes_of_gzip(tmp_path: Path, capsys: Output) -> None:
    path = tmp_path / "large.gz"
    path.write_bytes(gzip.compress(b"x" * 1_000_000))

    assert main(["preview", str(path)]) == 0
    assert "1 event → 62 lines" in capsys.readouterr().out


def test_tags_of_the_log_group_are_given_since_none_are_read(log: Path, capsys: Output) -> None:
    wanted = 'log_group_tags=[{"to": "tags", "keys": ["team"]}, {"to": "meta"}]'
    tags = ["--log-group-tag", "team=shop", "--log-group-tag", "of=a=b"]
    assert main(["preview", str(log), "--json", "--set", wanted, *tags]) == 0
    (line,) = json.loads(capsys.readouterr().out)["entries"][0]["lines"]
    assert line["tags"] == "team:shop"
    assert line["line"]["meta"].items() >= {"tag_team": "shop", "tag_of": "a=b"}.items()

    assert main(["preview", str(log), *tags]) == 2
    assert "the settings want no tags of log groups; add for example" in capsys.readouterr().err
    assert main(["preview", str(log), "--set", wanted, "--log-group-tag", "team"]) == 2
    assert "--log-group-tag 'team' is no KEY=VALUE" in capsys.readouterr().err
