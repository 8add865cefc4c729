"""What every test of the constructs needs: a stack, a key and a forwarder."""

import os
from collections.abc import Callable
from typing import Any

import pytest

# A validation engine of newer aws-cdk-lib that takes two seconds; tests/pipeline synthesizes with it.
os.environ.setdefault("CDK_VALIDATION", "false")

from aws_cdk import App, Environment, Stack
from aws_cdk.aws_lambda import Code
from aws_cdk.aws_secretsmanager import ISecret, Secret

from mezmo_forwarder import IngestionKey, MezmoLogForwarder, VendorCode
from tests.constructs.synthesized import SECRET_ARN


@pytest.fixture
def app() -> App:
    # Nothing is deployed, so the assets need not be copied for every test.
    return App(
        context={"aws:cdk:disable-asset-staging": True}, analytics_reporting=False, tree_metadata=False
    )


@pytest.fixture
def stack(app: App) -> Stack:
    return Stack(app, "Logs", env=Environment(account="123456789012", region="eu-west-3"))


@pytest.fixture
def secret(stack: Stack) -> ISecret:
    """A secret made by CLI, looked up by its complete ARN."""
    return Secret.from_secret_complete_arn(stack, "MezmoIngestionKey", SECRET_ARN)


@pytest.fixture
def make_forwarder(stack: Stack, secret: ISecret) -> Callable[..., MezmoLogForwarder]:
    """Make a forwarder in the stack, with the key from the secret unless another is given."""

    def make(construct_id: str = "MezmoLogForwarder", **properties: Any) -> MezmoLogForwarder:
        properties.setdefault("ingestion_key", IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY"))
        return MezmoLogForwarder(stack, construct_id, **properties)

    return make


@pytest.fixture
def vendor() -> VendorCode:
    """A vendor's code that does nothing."""
    return VendorCode.mezmo_cloudwatch(Code.from_inline("exports.handler = async () => {}"))
