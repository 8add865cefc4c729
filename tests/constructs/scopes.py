"""Applications with log groups to subscribe, and what became of them."""

from collections.abc import Callable
from typing import Any

import jsii
from aws_cdk import (
    App,
    Environment,
    IAspect,
    Stack,
)
from aws_cdk import aws_lambda as lambda_
from aws_cdk.aws_secretsmanager import Secret
from constructs import Construct, IConstruct

from mezmo_forwarder import IngestionKey, MezmoLogForwarder
from tests.constructs.synthesized import SECRET_ARN, resources

FILTER = "AWS::Logs::SubscriptionFilter"
HERE = Environment(account="123456789012", region="eu-west-3")
FAR = Environment(account="123456789012", region="us-east-1")
ASPECT_STABILIZATION = "@aws-cdk/core:aspectStabilization"


def new_app(context: dict[str, Any] | None = None, *, stabilized: bool = False) -> App:
    flags = {"aws:cdk:disable-asset-staging": True, ASPECT_STABILIZATION: stabilized, **(context or {})}
    return App(context=flags, analytics_reporting=False, tree_metadata=False)


def forwarder_in(scope: Construct, construct_id: str = "Forwarder", **properties: Any) -> MezmoLogForwarder:
    secret = Secret.from_secret_complete_arn(scope, f"{construct_id}Secret", SECRET_ARN)
    key = IngestionKey.from_secrets_manager(secret)
    return MezmoLogForwarder(scope, construct_id, ingestion_key=key, **properties)


def subscribed(stack: Stack) -> list[Any]:
    """Return the names of the log groups that the stack's filters are on, references as `${LogicalId}`."""
    found = [filter_["Properties"]["LogGroupName"] for filter_ in resources(stack, FILTER).values()]
    return sorted(
        f"${{{name['Ref']}}}" if isinstance(name, dict) and "Ref" in name else str(name) for name in found
    )


def inline_function(scope: Construct, construct_id: str, **properties: Any) -> lambda_.Function:
    return lambda_.Function(
        scope,
        construct_id,
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handle",
        code=lambda_.Code.from_inline("def handle(*_): pass"),
        **properties,
    )


@jsii.implements(IAspect)
class Visiting:
    """An aspect that does something with each construct of a type, once."""

    def __init__(self, do: Callable[[Any], None], of: type = object) -> None:
        self._do = do
        self._of = of

    def visit(self, node: IConstruct) -> None:
        if isinstance(node, self._of):
            self._do(node)
