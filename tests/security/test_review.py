"""A security review by machine: cdk-nag and cfn-lint on every option and every example."""

import os
import runpy
from pathlib import Path

import pytest
from aws_cdk import App, Stack
from aws_cdk.aws_s3 import Bucket

from tests.security import judgement
from tests.security.conftest import Matrix
from tests.security.findings import lint, nag

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(ROOT.glob("examples/*/app.py"))

# What an example's own function, which is not the library's, is by design.
BY_DESIGN = {
    "new-log-groups": {
        # AWS's own policy for a function's logs, as CDK attaches it
        "NewLogGroups/Subscriber/ServiceRole": ["AwsSolutions-IAM4"],
        # log groups that are not there yet
        "NewLogGroups/Subscriber/ServiceRole/DefaultPolicy": ["AwsSolutions-IAM5"],
    }
}


def test_aws_solutions_finds_nothing_in_any_combination(matrix: Matrix) -> None:
    assert nag(matrix.app, "AwsSolutions") == {}


def test_cfn_lint_finds_nothing_in_any_combination(matrix: Matrix) -> None:
    found = {number: lint(matrix.template(number)) for number in range(len(matrix.rows))}

    assert {number: findings for number, findings in found.items() if findings} == {}


def test_nothing_of_a_review_stands_in_a_template(matrix: Matrix) -> None:
    for number in range(len(matrix.rows)):
        text = matrix.template(number).read_text(encoding="utf-8")
        assert "AwsSolutions" not in text
        assert "cdk_nag" not in text


def test_what_is_not_the_forwarders_is_found(tmp_path: Path) -> None:
    """So that the tests above do not pass because nothing is ever found."""
    app = App(outdir=str(tmp_path), analytics_reporting=False)
    Bucket(Stack(app, "Stack"), "Bucket")
    app.synth()

    assert nag(app, "AwsSolutions") == {"Stack/Bucket": ["AwsSolutions-S1", "AwsSolutions-S10"]}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.parent.name)
def test_nothing_is_found_in_an_example(
    example: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(example.parent)
    monkeypatch.setitem(os.environ, "CDK_OUTDIR", str(tmp_path))
    (app,) = [made for made in runpy.run_path(str(example)).values() if isinstance(made, App)]

    rules = {
        path: [rule.partition("[")[0] for rule in found] for path, found in nag(app, "AwsSolutions").items()
    }
    assert rules == BY_DESIGN.get(example.parent.name, {})
    assert {path.name: found for path in tmp_path.glob("*.template.json") if (found := lint(path))} == {}


def test_the_other_packs_findings_are_in_security_md() -> None:
    assert judgement.section() == judgement.document(), "run `python -m tests.security.judgement`"
