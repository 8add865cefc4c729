"""What cdk-nag and cfn-lint find in an app that has been synthesized."""

import re
from pathlib import Path
from typing import Any

from aws_cdk import App
from cdk_nag import AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks
from cfnlint.api import lint_all  # type: ignore[import-untyped]  # it ships no types

Found = dict[str, list[str]]  # rules, by the path of a construct

PACKS: dict[str, Any] = {
    "AwsSolutions": AwsSolutionsChecks,
    "NIST.800.53.R5": NIST80053R5Checks,
    "HIPAA.Security": HIPAASecurityChecks,
}


def nag(app: App, pack: str) -> Found:
    """Return what a pack of cdk-nag finds."""
    report = PACKS[pack](app).validate_scope(app)
    found: Found = {}
    for violation in report.violations:
        for resource in violation.violating_resources:
            path = re.sub("/Resource$", "", resource.construct_path)
            found.setdefault(path, []).append(violation.rule_name)
    return found


# "Dependency already enforced": CDK's Function writes its role into DependsOn, and its GetAtt says the same.
OF_CDK = {"W3005"}


def lint(template: Path) -> list[str]:
    """Return the errors and warnings that cfn-lint finds in a template."""
    matches = lint_all(template.read_text(encoding="utf-8"))
    return [
        f"{match.rule.id} {match.message}"
        for match in matches
        if match.rule.id[0] in "EW" and match.rule.id not in OF_CDK
    ]
