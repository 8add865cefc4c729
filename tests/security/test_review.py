"""A security review by machine: cdk-nag and cfn-lint on every option; tests/examples: on each example."""

from pathlib import Path

from aws_cdk import App, Stack
from aws_cdk.aws_s3 import Bucket

from mezmo_forwarder import MezmoLogSender
from tests.security import judgement
from tests.security.conftest import Matrix
from tests.security.findings import lint, nag
from tests.security.options import ACCOUNT, REGION


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


def test_nothing_is_found_in_a_sender_of_an_organization() -> None:
    app = App(analytics_reporting=False)
    stack = Stack(app, "Sender")
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:destination:mezmo"
    MezmoLogSender(stack, "Sender", destination_arn=arn, organization=True).subscribe_account()
    app.synth()

    assert nag(app, "AwsSolutions") == {}


def test_the_other_packs_findings_are_in_security_md() -> None:
    assert judgement.section() == judgement.document(), "run `python -m tests.security.judgement`"
