"""What a release has for those without CDK, the Serverless Application Repository among them."""

import json
import zipfile
from pathlib import Path

from standalone.__main__ import write
from tests.security.findings import lint
from tests.standalone.deployed import Deployed, Json

ROOT = Path(__file__).parents[2]
PACKAGE = json.loads((ROOT / "package.json").read_text())
STEM = f"mezmo-forwarder-{PACKAGE['version']}"

# Of the list in AWS's developer guide, as far as this project has what is on it.
TYPES_OF_THE_REPOSITORY = {
    "AWS::Events::Rule",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::Permission",
    "AWS::Logs::LogGroup",
    "AWS::Logs::SubscriptionFilter",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::Serverless::Function",
}


def test_the_files_and_what_is_in_the_zip(files: dict[str, Path]) -> None:
    assert sorted(path.name for path in files.values()) == [
        "LICENSE",
        "README.md",
        f"{STEM}.sar.template.json",
        f"{STEM}.template.json",
        f"{STEM}.zip",
    ]
    asset = ROOT / "lib/handler"
    with zipfile.ZipFile(files["zip"]) as archive:
        packed = {name: archive.read(name) for name in archive.namelist()}
    assert packed == {
        path.relative_to(asset).as_posix(): path.read_bytes() for path in asset.rglob("*") if path.is_file()
    }


def test_two_builds_are_the_same(files: dict[str, Path], tmp_path: Path) -> None:
    again = write(tmp_path / "again")

    assert [path.read_bytes() for path in again] == [files[key].read_bytes() for key in files]


def test_the_template_names_the_zip(files: dict[str, Path], template: Json, application: Json) -> None:
    for prefix in ("", "lambda/"):
        for function in Deployed(template, CodePrefix=prefix).resources("AWS::Lambda::Function").values():
            assert function["Code"] == {"S3Bucket": "code", "S3Key": prefix + files["zip"].name}
    functions = Deployed(application).resources("AWS::Serverless::Function").values()
    assert [one["CodeUri"] for one in functions] == [files["zip"].name] * 2


def test_the_application_is_the_template_without_the_code_and_the_account(
    template: Json, application: Json
) -> None:
    left_out = {"AccountWide", "ExcludedLogGroupNames", "CodeBucket", "CodePrefix"}
    assert {name: one for name, one in template["Parameters"].items() if name not in left_out} == application[
        "Parameters"
    ]
    parameters = {"Hostname": 'a"b', "Tags": "x,y", "SecretField": "KEY", "LogGroupNames": "/a,/b"}
    one, other = Deployed(template, **parameters), Deployed(application, **parameters)
    changed = {"AWS::Lambda::Function", "AWS::Serverless::Function", "AWS::Logs::AccountPolicy"}
    for kind in {found["Type"] for found in template["Resources"].values()} - changed:
        assert one.resources(kind) == other.resources(kind)
    theirs = other.resources("AWS::Serverless::Function")
    assert one.resources("AWS::Lambda::Function") == {
        name: {key: value for key, value in function.items() if key != "CodeUri"}
        | {"Code": {"S3Bucket": "code", "S3Key": f"{STEM}.zip"}}
        for name, function in theirs.items()
    }


def test_the_repository_takes_it(application: Json) -> None:
    assert application["Transform"] == "AWS::Serverless-2016-10-31", "it refuses any other"
    assert {one["Type"] for one in application["Resources"].values()} <= TYPES_OF_THE_REPOSITORY
    shown = application["Metadata"]["AWS::ServerlessRepo::Application"]
    assert shown["SemanticVersion"] == PACKAGE["version"]
    assert shown["SpdxLicenseId"] == "Apache-2.0"
    assert len(shown["Labels"]) <= 10


def test_cfn_lint_finds_nothing(files: dict[str, Path]) -> None:
    assert lint(files["template.json"]) == []
    assert lint(files["sar.template.json"]) == []
