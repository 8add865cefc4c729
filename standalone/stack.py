"""The stack that is deployed without CDK: one forwarder, and what is chosen by the template's parameters."""

from aws_cdk import (
    Acknowledgment,
    Aws,
    CfnCondition,
    CfnOutput,
    CfnParameter,
    DefaultStackSynthesizer,
    Fn,
    ICfnConditionExpression,
    Stack,
    Validations,
)
from aws_cdk.aws_kms import Key
from aws_cdk.aws_lambda import CfnFunction, CfnPermission
from aws_cdk.aws_logs import CfnAccountPolicy, CfnSubscriptionFilter, LogGroup
from aws_cdk.aws_secretsmanager import Secret
from constructs import Construct

from mezmo_forwarder import IngestionKey, MezmoDestination, MezmoLogForwarder

# What CDK says of the template as it is before `parameters.py`, and with every parameter empty.
ACKNOWLEDGED = {
    "E1155": "an empty place makes no filter",
    "E2529": "no two filters are on the same place",
    "W2509": "the parameters name the secret, and do not hold it",
    "W8001": "parameters.py uses the conditions",
}

# Each is half a kilobyte of the 51,200 bytes that CloudFormation takes without a bucket for the template.
MOST_LOG_GROUPS = 20


class StandaloneStack(Stack):
    """A forwarder whose settings are the template's parameters.

    Log groups have places, and a place without a name makes no subscription filter: `Fn::ForEach` needs a
    transform, and the Serverless Application Repository takes none but its own.

    Args:
        scope: the app.
        construct_id: the stack's name, which does not stand in the template.
        code: the name of the zip with the functions' code; without it the template is for the repository,
            which places the code itself and knows no policies of an account.
    """

    def __init__(self, scope: Construct, construct_id: str, *, code: str | None) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Forwards CloudWatch logs to Mezmo (mezmo-forwarder)",
            synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
            analytics_reporting=False,
        )
        self._sections: dict[str, list[str]] = {}
        self._forwarder = self._make_forwarder()
        names = self._log_group_names()
        account_wide = None
        if code is not None:
            account_wide = self._account_wide()
            self._place_code(code)
        self._subscribe_log_groups(names, account_wide)
        self.template_options.template_format_version = "2010-09-09"
        self.template_options.metadata = {
            "AWS::CloudFormation::Interface": {
                "ParameterGroups": [
                    {"Label": {"default": section}, "Parameters": names}
                    for section, names in self._sections.items()
                ]
            }
        }
        Validations.of(self).acknowledge(
            *(
                Acknowledgment(id=f"CloudFormation-Validate::{rule}", reason=reason)
                for rule, reason in ACKNOWLEDGED.items()
            )
        )
        CfnOutput(self, "FunctionName", value=self._forwarder.function.function_name)
        CfnOutput(self, "FunctionArn", value=self._forwarder.function.function_arn)
        CfnOutput(self, "LogGroupName", value=self._forwarder.log_group.log_group_name)

    def _make_forwarder(self) -> MezmoLogForwarder:
        section = "Ingestion key"
        secret_arn = self._text(
            section,
            "SecretArn",
            "Complete ARN of the secret that holds Mezmo's ingestion key",
            r"arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}",
            "is a secret's complete ARN, which ends with a hyphen and six characters",
            required=True,
        )
        field = self._optional(
            section,
            "SecretField",
            "Field of the secret's JSON that holds the key; empty if the whole secret is the key",
            r"[^:\"\\\x00-\x1f]*",
            "is the name of a field, without colons, quotation marks and backslashes",
        )
        key_arn = self._optional(
            section,
            "SecretKmsKeyArn",
            "ARN of the KMS key that the secret is encrypted with, if it is a customer-managed one",
            r"(arn:[\w-]+:kms:[\w-]+:\d{12}:key/[\w-]+)?",
            "is the ARN of a key, not of an alias",
        )
        section = "Mezmo"
        route_id = self._optional(
            section,
            "PipelineRouteId",
            "Last part of the address that a Pipeline's HTTP source shows; empty for Log Analysis",
            r"[\w.~-]*",
            "is a route id alone, without the address",
        )
        url = self._optional(
            section,
            "MezmoUrl",
            "Whole address that lines are sent to, where it is not Mezmo's usual one",
            r"(https://[^\s@#]+)?",
            "begins with https:// and holds neither user nor fragment",
        )
        hostname = self._optional(
            section,
            "Hostname",
            "Hostname of all lines, or a template; empty for one that is recognized. Not sent to a Pipeline",
            r"[^\x00-\x1f]{0,256}",
            "has at most 256 characters",
        )
        tags = self._optional(
            section,
            "Tags",
            "Mezmo's tags of all lines, separated by commas. Not sent to a Pipeline",
            r"([^,\x00-\x1f]+(,[^,\x00-\x1f]+)*)?",
            "are separated by commas, and none is empty",
        )
        usual = Fn.condition_if(
            "HasPipelineRouteId",
            Fn.join("", ["https://pipeline.mezmo.com/v1/", route_id]),
            "https://logs.mezmo.com/logs/ingest",
        )
        secret = Secret.from_secret_attributes(
            self,
            "Secret",
            secret_complete_arn=secret_arn,
            encryption_key=Key.from_key_arn(self, "SecretKey", key_arn),
        )
        return MezmoLogForwarder(
            self,
            "Forwarder",
            ingestion_key=IngestionKey.from_secrets_manager(secret, field=field),
            # Its kind, which cannot be a token, is chosen in `parameters.py`.
            destination=MezmoDestination.log_analysis(
                url=Fn.condition_if("HasMezmoUrl", url, usual).to_string()
            ),
            hostname=hostname,
            mezmo_tags=[tags],
        )

    def _log_group_names(self) -> str:
        return self._text(
            "Log groups",
            "LogGroupNames",
            f"Names of log groups, at most {MOST_LOG_GROUPS}, separated by commas; to take one out, leave its"
            " place empty",
            rf"[\w.\-/#]*(,[\w.\-/#]*){{0,{MOST_LOG_GROUPS - 1}}}",
            f"are at most {MOST_LOG_GROUPS} names, separated by commas, without spaces",
        )

    def _subscribe_log_groups(self, names: str, account_wide: str | None) -> None:
        places = Fn.split(",", Fn.join("", [names, "," * (MOST_LOG_GROUPS - 1)]))
        for number in range(1, MOST_LOG_GROUPS + 1):
            name = Fn.select(number - 1, places)
            unwanted: list[ICfnConditionExpression] = [Fn.condition_equals(name, "")]
            if account_wide:
                unwanted.append(Fn.condition_equals(account_wide, "true"))
            subscription = self._forwarder.subscribe(
                LogGroup.from_log_group_name(self, f"LogGroup{number}", name),
                filter_name=f"mezmo-{Aws.STACK_NAME}-{number}",
            )
            resource = subscription.node.default_child
            assert isinstance(resource, CfnSubscriptionFilter)
            resource.cfn_options.condition = CfnCondition(
                self,
                f"HasLogGroup{number}",
                expression=Fn.condition_not(Fn.condition_or(*unwanted)),
            )

    def _account_wide(self) -> str:
        """Make the subscription policy of the account, if it is asked for; return the parameter's value."""
        parameter = CfnParameter(
            self,
            "AccountWide",
            default="false",
            allowed_values=["false", "true"],
            description="Whether all log groups of the account and region are forwarded, those to come"
            " included. LogGroupNames does not count then",
        )
        self._sections["Log groups"].append(parameter.logical_id)
        condition = CfnCondition(
            self, "IsAccountWide", expression=Fn.condition_equals(parameter.value_as_string, "true")
        )
        excluded = self._optional(
            "Log groups",
            "ExcludedLogGroupNames",
            "Names of log groups that are left out of the whole account, separated by commas",
            r"([\w.\-/#]+(,[\w.\-/#]+)*)?",
            "are separated by commas, without spaces",
        )
        own = self._forwarder.log_group.log_group_name
        others = Fn.join('", "', Fn.split(",", Fn.join(",", [own, excluded])))
        left_out = Fn.condition_if("HasExcludedLogGroupNames", others, own).to_string()
        policy = CfnAccountPolicy(
            self,
            "AccountPolicy",
            policy_name=f"mezmo-{Aws.STACK_NAME}",
            policy_type="SUBSCRIPTION_FILTER_POLICY",
            policy_document=self.to_json_string(
                {"DestinationArn": self._forwarder.function.function_arn, "FilterPattern": ""}
            ),
            scope="ALL",
            selection_criteria=f'LogGroupName NOT IN ["{left_out}"]',
        )
        policy.cfn_options.condition = condition
        # CloudWatch tries the function when the policy is made.
        for child in self._forwarder.node.children:
            if isinstance(child, CfnPermission):
                policy.node.add_dependency(child)
        return parameter.value_as_string

    def _place_code(self, code: str) -> None:
        section = "Code"
        bucket = self._text(
            section,
            "CodeBucket",
            "Bucket of the stack's region that holds the zip",
            r".+",
            "is a bucket's name",
            required=True,
        )
        # The zip's name stands in the template: an update keeps parameters, and shall not keep the old code.
        prefix = self._text(
            section,
            "CodePrefix",
            f"What comes before {code} in the object's key, such as lambda/",
            r"(.+/)?",
            "ends with a slash",
        )
        for function in (self._forwarder.function, self._forwarder.redrive_function):
            assert function
            resource = function.node.default_child
            assert isinstance(resource, CfnFunction)
            resource.code = CfnFunction.CodeProperty(s3_bucket=bucket, s3_key=prefix + code)

    def _optional(self, section: str, name: str, description: str, pattern: str, constraint: str) -> str:
        """Make a parameter that may be empty, and the condition that it is not."""
        text = self._text(section, name, description, pattern, constraint)
        CfnCondition(self, f"Has{name}", expression=Fn.condition_not(Fn.condition_equals(text, "")))
        return text

    def _text(
        self,
        section: str,
        name: str,
        description: str,
        pattern: str,
        constraint: str,
        *,
        required: bool = False,
    ) -> str:
        self._sections.setdefault(section, []).append(name)
        parameter = CfnParameter(
            self,
            name,
            description=description,
            allowed_pattern=f"^{pattern}$",
            constraint_description=f"{name} {constraint}",
            default=None if required else "",
        )
        return parameter.value_as_string
