"""The real CDK CLI works with the local AWS."""

import sys
from pathlib import Path

import pytest

from local.aws import LocalAws, LocalAwsError
from tests.local.aws.resources import eventually, write

APP = """
import os
import aws_cdk as cdk
from aws_cdk import aws_lambda, aws_logs

app = cdk.App()
source = cdk.Stack(app, "Source")
group = aws_logs.LogGroup(source, "Group", removal_policy=cdk.RemovalPolicy.DESTROY)
cdk.CrossStackReferences.of(group).produce(cdk.ReferenceStrength.WEAK)
sink = cdk.Stack(app, "Sink")
own = aws_logs.LogGroup(sink, "Own", removal_policy=cdk.RemovalPolicy.DESTROY)
function = aws_lambda.Function(
    sink, "Function", runtime=aws_lambda.Runtime.PYTHON_3_13, handler="app.handle", log_group=own,
    code=aws_lambda.Code.from_asset("asset"), retry_attempts=0,
)
permission = aws_lambda.CfnPermission(
    sink, "Permission", action="lambda:InvokeFunction", principal=os.environ["PRINCIPAL"],
    function_name=function.function_arn, source_account=sink.account,
)
aws_logs.CfnSubscriptionFilter(
    sink, "Filter", destination_arn=function.function_arn, filter_pattern="",
    log_group_name=group.log_group_name,
).add_dependency(permission)
cdk.CfnOutput(source, "Name", value=group.log_group_name)
cdk.CfnOutput(sink, "OwnName", value=own.log_group_name)
app.synth()
"""


@pytest.mark.slow
def test_the_cdk_cli_bootstraps_deploys_diffs_and_destroys(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "asset").mkdir(parents=True)
    (project / "app.py").write_text(APP)
    (project / "asset/app.py").write_text("def handle(event, context): print('RECORD', event)")
    with LocalAws.from_environment(tmp_path / "aws") as aws:

        def cdk(*arguments: str, principal: str = "logs.amazonaws.com") -> str:
            environment = {"PRINCIPAL": principal, "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20"}
            return aws.cdk(*arguments, app=f"{sys.executable} app.py", cwd=project, environment=environment)

        cdk("bootstrap")
        with pytest.raises(LocalAwsError, match="given CloudWatch Logs permission"):
            cdk("deploy", "--all", principal="events.amazonaws.com")
        cdk("deploy", "--all")
        assert "Number of stacks with differences: 0" in cdk("diff", "--fail")
        outputs = {
            output["OutputKey"]: output["OutputValue"]
            for stack in aws.client("cloudformation").describe_stacks()["Stacks"]
            for output in stack.get("Outputs", [])
        }
        logs = aws.client("logs")
        logs.create_log_stream(logGroupName=outputs["Name"], logStreamName="stream")
        write(aws, outputs["Name"], "hello")

        def recorded() -> list[str]:
            events = logs.filter_log_events(logGroupName=outputs["OwnName"])["events"]
            return [event["message"] for event in events if event["message"].startswith("RECORD")]

        assert eventually(recorded, enough=lambda seen: len(seen) == 2)
        cdk("destroy", "--all")
        assert logs.describe_log_groups()["logGroups"] == []
        assert aws.client("lambda").list_functions()["Functions"] == []
        roles = aws.client("iam").list_roles()["Roles"]
        assert [role["RoleName"] for role in roles if not role["RoleName"].startswith("cdk-")] == []
