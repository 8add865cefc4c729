"""The checks of documents find what is wrong, and say it."""

from pathlib import Path

import pytest

from tests.documents import python_snippets, typescript_snippets
from tests.documents.aws_cli import parse
from tests.documents.commands import CommandError, check
from tests.documents.shell import commands


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("forwarder.subscribe_everything(log_group)", "no attribute 'subscribe_everything'"),
        ("forwarder.subscribe(log_group, application='web')", "unexpected keyword argument 'application'"),
        ("MezmoLogForwarder(stack, 'A', ingestion_key='key')", "ingestion_key must be"),
        ("MezmoLogForwarder(stack, 'A', ingestion_key=key, memory_size=64)", "memorySize"),
        (
            "MezmoLogForwarder(stack, 'A', ingestion_key=key, log_group_tags=[LogGroupTags.as_tags('a')])",
            "no log group",
        ),
        ("from mezmo_forwarder import Forwarder", "cannot import name 'Forwarder'"),
        ("forwarder.subscribe(orders)", "orders: the snippet does not say what it is"),
        ("forwarder.subscribe(...)", "ellipsis"),
    ],
)
def test_python_that_is_wrong(code: str, error: str, tmp_path: Path) -> None:
    with pytest.raises(Exception, match=error):
        python_snippets.run(code, tmp_path)


@pytest.mark.slow
def test_typescript_that_is_wrong() -> None:
    quickstart = "new MezmoLogForwarder(stack, 'A', { ingestionKey: key }).subscribe(logGroup);"
    imported = "import { MezmoLogForwarder } from 'mezmo-forwarder';\n"

    found = typescript_snippets.errors(
        {
            "right": imported + quickstart,
            "property": imported + quickstart.replace("ingestionKey", "key"),
            "method": imported + quickstart.replace("subscribe(", "subscribeEvery("),
            "import": quickstart,
        }
    )
    assert found["right"] == []
    for name, error in {
        "property": "line 2: error TS2353: Object literal may only specify known properties, and 'key'",
        "method": "line 2: error TS2339: Property 'subscribeEvery' does not exist",
        "import": "line 1: error TS2304: Cannot find name 'MezmoLogForwarder'",
    }.items():
        assert found[name][0].startswith(error)


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("aws log describe-log-groups", "there is no `aws log`"),
        ("aws logs describe-groups", "there is no `aws logs describe-groups`"),
        ("aws logs describe-log-groups --prefix /aws", "has no option --prefix"),
        ("aws logs put-account-policy --policy-name x", "policyDocument"),
        ("aws logs describe-account-policies --policy-type SUBSCRIPTION", "SUBSCRIPTION_FILTER_POLICY"),
        (
            "aws cloudformation wait stack-made --stack-name x",
            "there is no `aws cloudformation wait stack-made`",
        ),
        ("aws cloudformation deploy --template x", "has no option --template"),
        ("aws lambda invoke --function-name F --payload '{}'", "takes 1 file"),
        (
            "aws secretsmanager create-secret --name K --tags Name=a,Value=b",
            "--tags has no Name, but Key, Value",
        ),
        ("aws logs put-account-policy --selection-criteria --policy-name x", "needs a value"),
        ("mezmo-forwarder previews app.log", "invalid choice"),
        ("mezmo-forwarder preview app.log --setting x --taag y", "unrecognized arguments: --taag"),
        ("mezmo-forwarder backfill /app --function F", "required: --from"),
        ("python3 tools/dev.py deploy", "has no deploy, but demo"),
        ("python3 tools/dev.py demo --event 5 --fast", "unrecognized arguments: --fast"),
        ("python3 tools/dev.py run projen docks", "projen has no task docks"),
        ("python3 tools/dev.py test tests/handlers/test_x.py", "there is no such file"),
        ("python3 tools/dev.py run python -m tests.security.judge", "there is no such module"),
        ("python tools/sboms.py", "there is no such file"),
        ("pip install 'mezmo-forwarder[previews]'", "has no extra previews, but aws, doctor, preview"),
        ("pip install mezmo-forwarders", "nothing that our documents install"),
        ("npx aws-cdk@2.1.0 deploy", "what is tried is aws-cdk@"),
        ("cdk deploys", "cdk has no deploys"),
        ("cdk deploy --every", "has no option --every"),
        ("mezmo deploy", "no program that our documents know"),
    ],
)
def test_commands_that_are_wrong(command: str, error: str) -> None:
    (words,) = commands(command)
    with pytest.raises(CommandError) as raised:
        check(words)
    assert error in str(raised.value)


def test_commands_of_a_block() -> None:
    block = """
# a comment, it's nothing
ARN=$(aws secretsmanager describe-secret --secret-id 'My Key' \\
  --query ARN --output text) # another
for name in a b; do echo "$name is \\"it\\"" > out.txt; done
cat > file <<'EOF'
aws nothing
EOF
aws s3 ls 2>&1 | jq '.[] | .x' && cd x
"""
    assert list(commands(block)) == [
        [
            "aws",
            "secretsmanager",
            "describe-secret",
            "--secret-id",
            "My Key",
            "--query",
            "ARN",
            "--output",
            "text",
        ],
        ["echo", '$name is "it"'],
        ["cat"],
        ["aws", "s3", "ls"],
        ["jq", ".[] | .x"],
        ["cd", "x"],
    ]


def test_what_an_aws_command_asks_for() -> None:
    (words,) = commands(
        """aws logs put-subscription-filter --log-group-name /app --filter-name f --filter-pattern "" \\
        --destination-arn arn:aws:lambda:eu-west-3:1:function:f --no-apply-on-transformed-logs \\
        --region eu-west-3"""
    )
    call = parse(words[1:])
    assert (call.service, call.operation, call.options) == (
        "logs",
        "put-subscription-filter",
        {"region": "eu-west-3"},
    )
    assert call.parameters == {
        "logGroupName": "/app",
        "filterName": "f",
        "filterPattern": "",
        "destinationArn": "arn:aws:lambda:eu-west-3:1:function:f",
        "applyOnTransformedLogs": False,
    }
    tags = parse(
        ["secretsmanager", "create-secret", "--name", "K", "--tags", "Key=a,Value=b", '{"Key": "c"}']
    )
    assert tags.parameters["Tags"] == [{"Key": "a", "Value": "b"}, {"Key": "c"}]
