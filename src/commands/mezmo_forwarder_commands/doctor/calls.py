"""The calls that the doctor makes, each with the IAM action that it needs: no other can be made."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]  # it ships no types

from mezmo_forwarder_commands.aws_session import AwsSession, code_of, saying

Json = dict[str, Any]

# By service and method of botocore's. All of them read.
ACTIONS = {
    ("cloudformation", "describe_stack_resources"): "cloudformation:DescribeStackResources",
    ("cloudformation", "describe_stacks"): "cloudformation:DescribeStacks",
    ("cloudformation", "get_template"): "cloudformation:GetTemplate",
    ("cloudformation", "list_stack_resources"): "cloudformation:ListStackResources",
    ("cloudwatch", "get_metric_data"): "cloudwatch:GetMetricData",
    ("ec2", "describe_route_tables"): "ec2:DescribeRouteTables",
    ("events", "describe_rule"): "events:DescribeRule",
    ("events", "list_rule_names_by_target"): "events:ListRuleNamesByTarget",
    ("iam", "simulate_principal_policy"): "iam:SimulatePrincipalPolicy",
    ("kms", "describe_key"): "kms:DescribeKey",
    ("lambda", "get_function_concurrency"): "lambda:GetFunctionConcurrency",
    ("lambda", "get_function_configuration"): "lambda:GetFunctionConfiguration",
    ("lambda", "get_function_event_invoke_config"): "lambda:GetFunctionEventInvokeConfig",
    ("lambda", "get_policy"): "lambda:GetPolicy",
    ("lambda", "list_event_source_mappings"): "lambda:ListEventSourceMappings",
    ("lambda", "list_functions"): "lambda:ListFunctions",
    ("logs", "describe_account_policies"): "logs:DescribeAccountPolicies",
    ("logs", "describe_log_groups"): "logs:DescribeLogGroups",
    ("logs", "describe_subscription_filters"): "logs:DescribeSubscriptionFilters",
    ("logs", "filter_log_events"): "logs:FilterLogEvents",
    ("s3", "get_bucket_encryption"): "s3:GetEncryptionConfiguration",
    ("s3", "get_object"): "s3:GetObject",
    ("s3", "list_objects_v2"): "s3:ListBucket",
    ("secretsmanager", "describe_secret"): "secretsmanager:DescribeSecret",
    ("secretsmanager", "get_secret_value"): "secretsmanager:GetSecretValue",
    ("ssm", "get_parameter"): "ssm:GetParameter",
}
# The one that is more than reading, made only if it was asked for by --send-test-line.
TEST_ACTIONS = {("lambda", "invoke"): "lambda:InvokeFunction"}

_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "403"}


class CallError(Exception):
    """A call failed.

    Args:
        action: what was called, as IAM has it.
        code: AWS's code; empty if AWS did not answer.
        message: AWS's text, or why there is none.
    """

    def __init__(self, action: str, code: str, message: str) -> None:
        super().__init__(": ".join(part for part in (action, code, message) if part))
        self.action = action
        self.code = code
        self.message = message

    @property
    def denied(self) -> bool:
        """Whether the caller may not do this."""
        return self.code in _DENIED

    @property
    def absent(self) -> bool:
        """Whether what was asked for is not there."""
        return "NotFound" in self.code or self.code.startswith("NoSuch")


class Calls:
    """Calls with one user's credentials in one region; those of `ACTIONS`, and no other.

    Args:
        session: whose, and where.

    Raises:
        CommandError: AWS does not take the credentials, or is not to be reached.
    """

    def __init__(self, session: AwsSession) -> None:
        self._session = session
        self._clients: dict[str, Any] = {}
        self.region = session.region
        with saying("asking AWS who you are"):  # which needs no permission
            session.client("sts").get_caller_identity()

    def call(self, service: str, method: str, **parameters: object) -> Json:
        """Make a call and return its answer.

        Raises:
            CallError: it failed.
        """
        with _failing(ACTIONS[service, method]):
            answer: Json = getattr(self._client(service), method)(**parameters)
        return answer

    def pages(self, service: str, method: str, key: str, **parameters: object) -> Iterator[Any]:
        """Make a call, page by page, and yield what its answers hold under a key.

        Raises:
            CallError: it failed.
        """
        with _failing(ACTIONS[service, method]):
            for page in self._client(service).get_paginator(method).paginate(**parameters):
                yield from page.get(key, [])

    def invoke(self, function: str, payload: bytes) -> Json:
        """Invoke a function, and wait for its answer.

        Raises:
            CallError: it failed.
        """
        with _failing(TEST_ACTIONS["lambda", "invoke"]):
            answer: Json = self._client("lambda").invoke(FunctionName=function, Payload=payload)
        return answer

    def _client(self, service: str) -> Any:  # noqa: ANN401  botocore makes its clients at run time
        if service not in self._clients:
            self._clients[service] = self._session.client(service)
        return self._clients[service]


@contextmanager
def _failing(action: str) -> Iterator[None]:
    """Turn what botocore raises into an error that names the action."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        code = code_of(error)
        message = str(error)
        if code:
            message = str(error.response["Error"].get("Message", ""))
        # Of a secret or parameter that may be read, but whose key may not be used.
        if code in _DENIED and ("kms:Decrypt" in message or "KMS" in message):
            action = "kms:Decrypt"
        raise CallError(action, code, message) from error
