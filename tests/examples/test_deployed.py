"""Each example deployed as it stands, and its lines at Mezmo's own names, which are the stand-in here."""

import json
import re
import socket
from pathlib import Path

import pytest

from local.aws import LocalAws
from local.aws.local_aws import ACCOUNT
from local.mezmo import CommittedLine, MezmoStandIn
from tests.documents.markdown import Fence, fences
from tests.examples.conftest import SENDING, Deploy, Synthesized
from tests.examples.synthesized import EXAMPLES
from tests.examples.terminal import NOT_RUN
from tests.handler.servers import Proxy, server
from tests.local.aws.resources import data_records, eventually, make_recorder
from tests.pipeline.whole_way import KEY

pytestmark = pytest.mark.slow

ORGANIZATION = "o-localstack00"  # the local AWS's
TASK = "0f9a7f2ad7d84f6d9ff6b9e8a0c1d2e3"


def named(line: CommittedLine) -> tuple[str, str, str | None, tuple[str, ...]]:
    """Return what a user looks for: hostname, app, level and tags."""
    return line.hostname, line.app, line.level, line.tags


def test_every_example_is_deployed() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))

    assert sorted(set(re.findall(r'deploy\("(\w+)"', tests))) == EXAMPLES


@pytest.mark.parametrize(
    "fence",
    [
        fence
        for name in EXAMPLES
        for fence in fences(f"examples/{name}/README.md")
        if fence.note.startswith(NOT_RUN)
    ],
    ids=str,
)
def test_commands_of_a_readme(fence: Fence) -> None:
    pytest.skip(fence.note)


def test_quickstart(deploy: Deploy) -> None:
    way = deploy("quickstart")
    way.write("/aws/ecs/MyApplicationLogGroup", "ERROR no stock", stream=f"checkout/app/{TASK}")

    test, line = way.lines(2)
    assert test.line.startswith("Test line of MezmoLogs-")
    assert line.line == "ERROR no stock"
    assert named(line) == ("MyApplicationLogGroup", "app", None, ())
    way.destroy()
    assert way.functions() == []


def test_account_wide(deploy: Deploy) -> None:
    way = deploy("account_wide")
    way.aws.client("logs").create_log_group(logGroupName="/apps/later")
    way.write("/apps/later", "of the account")
    way.write("/aws/lambda/orders", "subscribed singly")

    lines = {line.line: line for line in way.lines(2)}
    assert named(lines["of the account"]) == ("apps/later", "later", None, ("account",))
    assert named(lines["subscribed singly"]) == ("orders", "orders", None, ("shop",))


def test_new_log_groups(deploy: Deploy) -> None:
    deploy("new_log_groups")  # what its function does: test_new_log_groups.py


def test_cross_account(deploy: Deploy, aws: LocalAws) -> None:
    # Functions run in one account only, so that one is the receiver.
    logs = aws.client("logs", account=SENDING)
    for group in ("/aws/ecs/MyApplicationLogGroup", "/aws/lambda/orders"):
        logs.create_log_group(logGroupName=group)
    way = deploy("cross_account", **{"111111111111": ACCOUNT})
    way.write("/aws/lambda/orders", "of the other account", account=SENDING)

    (line,) = way.lines(1)
    assert line.meta
    assert (line.hostname, line.meta["owner"]) == ("orders", SENDING)


def test_organization(deploy: Deploy, synthesized: Synthesized, aws: LocalAws) -> None:
    """An account of it: the StackSet's template is deployed there, as StackSets would."""
    values = {
        "111111111111": ACCOUNT,
        "o-a1b2c3d4e5": ORGANIZATION,
        '["eu-west-1", "us-east-1"]': "[]",  # one region is enough
        f" aws://{ACCOUNT}/eu-west-1 aws://{ACCOUNT}/us-east-1": "",
    }
    way = deploy("organization", **values)
    (stack_set,) = synthesized("organization").resources("AWS::CloudFormation::StackSet")
    template = stack_set["TemplateBody"].replace("111111111111", ACCOUNT)
    formation = aws.client("cloudformation", account=SENDING)
    formation.create_stack(StackName="senders", TemplateBody=template, Capabilities=["CAPABILITY_IAM"])
    formation.get_waiter("stack_create_complete").wait(StackName="senders", WaiterConfig={"Delay": 0.2})
    aws.client("logs", account=SENDING).create_log_group(logGroupName="/apps/of-the-organization")
    way.write("/apps/of-the-organization", "of an account", account=SENDING)

    (line,) = way.lines(1)
    assert (line.hostname, line.tags) == ("apps/of-the-organization", (SENDING,))
    formation.delete_stack(StackName="senders")


def test_pipeline(deploy: Deploy, mezmo: MezmoStandIn) -> None:
    way = deploy("pipeline", **{"<the source key>": KEY})
    way.write("/aws/lambda/orders", '{"level":"error","message":"no stock"}')

    (line,) = way.lines(1)
    (request,) = [made for made in mezmo.requests if made.number == line.request]
    assert request.path == "/v1/a1b2c3d4-0000-0000-0000-000000000000"
    assert line.line == '{"level":"error","message":"no stock"}'
    assert named(line) == ("", "orders", None, ())
    assert (line.meta or {})["group"] == "/aws/lambda/orders"


def test_side_by_side(deploy: Deploy, aws: LocalAws) -> None:
    make_recorder(aws, "datadog-forwarder")
    way = deploy("side_by_side")
    way.write("/aws/lambda/orders", "START RequestId: 1", "order ORD-12345678 of a@b.com from 10.0.0.1")

    (line,) = way.lines(1)
    assert line.line == "order xxxxx of xxxxx@xxxxx.com from xxx.xxx.xxx.xxx"
    assert line.tags == ("env:prod", "team:shop")
    (record,) = eventually(lambda: data_records(aws, "datadog-forwarder"))
    assert len(record["logEvents"]) == 2
    aws.client("lambda").delete_function(FunctionName="datadog-forwarder")


def test_locked_down(deploy: Deploy) -> None:
    way = deploy("locked_down")
    way.write("/aws/lambda/orders", "INFO card 4111 1111 1111 1111")

    (line,) = way.lines(1)
    assert line.line == "INFO card [redacted:credit-card]"
    assert named(line)[:2] == ("orders", "orders")


def test_private_vpc(deploy: Deploy, mezmo: MezmoStandIn) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    way = deploy("private_vpc", **{"http://proxy.example.internal:3128": f"http://127.0.0.1:{port}"})
    proxy = Proxy(port=int(mezmo.url.rpartition(":")[2]))
    with server(proxy, port=port):
        way.write("/aws/lambda/orders", "by the proxy")
        (line,) = way.lines(1)

    assert named(line) == ("orders", "orders", None, ())
    assert proxy.asked[0].startswith(b"CONNECT logs.mezmo.com:443 ")


def test_alarms(deploy: Deploy) -> None:
    way = deploy("alarms")
    way.write("/aws/lambda/orders", "watched")

    (line,) = way.lines(1)
    assert named(line) == ("orders", "orders", None, ())
    (tried,) = way.aws.client("cloudwatch").describe_alarms(StateValue="ALARM")["MetricAlarms"]
    assert tried["MetricName"] == "KeyRefused"


def test_ecs_fargate(deploy: Deploy) -> None:
    way = deploy("ecs_fargate")
    way.write(
        "/ecs/shop", '{"severity":"INFO","message":"order paid"}', "WARN low", stream=f"checkout/web/{TASK}"
    )

    paid, low = sorted(way.lines(2), key=lambda line: line.timestamp)
    assert named(paid) == ("shop", "web", "INFO", ("ecs", "checkout"))
    assert named(low) == ("shop", "web", None, ("ecs", "checkout"))
    assert low.meta
    assert (low.meta["service"], low.meta["container"], low.meta["task_id"]) == ("checkout", "web", TASK)


def test_eks(deploy: Deploy) -> None:
    way = deploy("eks", CLUSTER="prod")
    pod = f"node-application.var.log.containers.checkout-5468c5d4d7-n2swr_shop_api-{'a1' * 32}.log"
    record = {"log": "paid", "kubernetes": {"namespace_name": "shop", "container_name": "api"}}
    way.write("/aws/containerinsights/prod/application", json.dumps(record), stream=pod)
    way.write("/aws/containerinsights/prod/performance", "{}", stream="node")
    way.write("/aws/eks/prod/cluster", "E1123 10:00:00.1 10 a.go:1] failed", stream=f"kube-apiserver-{TASK}")

    application, api_server = sorted(way.lines(2), key=lambda line: line.app, reverse=True)
    assert named(application) == ("prod", "shop/api", None, ("eks",))
    assert named(api_server) == ("prod", "kube-apiserver", "ERROR", ("eks", "control-plane"))


def test_lambda_functions(deploy: Deploy) -> None:
    way = deploy("lambda_functions")

    lines = way.lines(5)
    (basket,) = [line for line in lines if line.app == "shop-basket"]
    checkout = [line for line in lines if line.app == "checkout"]
    assert "shop-basket: stock is low" in basket.line
    assert named(basket) == ("shop-basket", "shop-basket", None, ())
    assert {(line.hostname, line.tags) for line in checkout} == {("shop-checkout", ("money",))}
    assert [line for line in checkout if (line.meta or {}).get("lambda_event") == "report"]
    assert len(lines) == len(checkout) + 1
