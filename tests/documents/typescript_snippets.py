"""Compiles the documents' TypeScript against the compiled library, all of it in one run."""

import json
import re
import subprocess
from collections.abc import Mapping

from tests.documents.markdown import ROOT

# What a snippet may take for granted where it does not say it itself.
GRANTED = """
import type { App, Stack, aws_logs, aws_secretsmanager } from 'aws-cdk-lib';
import type { IngestionKey, MezmoLogForwarder } from 'mezmo-forwarder';
declare global {
  const app: App;
  const stack: Stack;
  const secret: aws_secretsmanager.ISecret;
  const key: IngestionKey;
  const forwarder: MezmoLogForwarder;
  const logGroup: aws_logs.LogGroup;
}
"""
CONFIGURATION = {
    "compilerOptions": {
        "target": "es2022", "module": "node20", "strict": True, "skipLibCheck": True, "noEmit": True,
        "types": ["node"], "paths": {"mezmo-forwarder": [str(ROOT / "lib/index.d.ts")]},
    },
    "include": ["*.ts"],
}  # fmt: skip


def errors(snippets: Mapping[str, str]) -> dict[str, list[str]]:
    """Compile snippets, and return what the compiler says of each, by its name."""
    if not snippets:
        return {}
    # In the tree, where the compiler finds the packages.
    directory = ROOT / "build/snippets"
    directory.mkdir(parents=True, exist_ok=True)
    for old in directory.glob("*.ts"):
        old.unlink()
    (directory / "tsconfig.json").write_text(json.dumps(CONFIGURATION))
    (directory / "granted.d.ts").write_text(GRANTED)
    names = list(snippets)
    for number, name in enumerate(names):
        # With an export it is a module, whose names are its own.
        (directory / f"{number}.ts").write_text(f"{snippets[name]}\nexport {{}};\n")
    compiled = subprocess.run(
        ["tsc", "--project", directory, "--pretty", "false"],
        cwd=directory, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    found: dict[str, list[str]] = {name: [] for name in names}
    for line in compiled.stdout.splitlines():
        of = re.match(r"(\d+)\.ts\((\d+),\d+\): (.*)", line)
        if of:
            found[names[int(of[1])]].append(f"line {of[2]}: {of[3]}")
        elif not line.startswith(" "):
            raise AssertionError(line)
    assert compiled.returncode == (2 if any(found.values()) else 0), compiled.stdout + compiled.stderr
    return found
