"""Datadog's forwarder and ours on the same log groups, until theirs is left off."""

from aws_cdk import App, Stack
from aws_cdk.aws_lambda import Function
from aws_cdk.aws_logs import FilterPattern, LogGroup, SubscriptionFilter
from aws_cdk.aws_logs_destinations import LambdaDestination
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import (
    IngestionKey,
    LineFilter,
    LogGroupTags,
    MezmoLogForwarder,
    Multiline,
    Redaction,
)

DATADOG = "datadog-forwarder"  # the function that is there, or New Relic's; None when it is left off

app = App()
stack = Stack(app, "SideBySide")
secret = Secret.from_secret_name_v2(stack, "MezmoIngestionKey", "MezmoIngestionKey")
forwarder = MezmoLogForwarder(
    stack,
    "MezmoLogForwarder",
    ingestion_key=IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY"),
    mezmo_tags=["env:prod", "team:shop"],  # DD_TAGS, NR_TAGS
    log_group_tags=[LogGroupTags.all_as_tags()],  # DD_FETCH_LOG_GROUP_TAGS
    exclude=[LineFilter.pattern(r"(START|END) RequestId:\s")],  # EXCLUDE_AT_MATCH
    redact=[
        Redaction.ipv4(text="xxx.xxx.xxx.xxx"),  # REDACT_IP
        Redaction.email(text="xxxxx@xxxxx.com"),  # REDACT_EMAIL
        Redaction.pattern("order", r"ORD-\d{8}", text="xxxxx"),  # DD_SCRUBBING_RULE
    ],
    multiline=Multiline.stack_traces(),
)
datadog = Function.from_function_name(stack, "Datadog", DATADOG) if DATADOG else None
for name in ["/aws/ecs/MyApplicationLogGroup", "/aws/lambda/orders"]:
    group = LogGroup.from_log_group_name(stack, name, name)
    forwarder.subscribe(group)
    if datadog:  # where this app makes it; one that Datadog's cloud makes stands beside ours just so
        SubscriptionFilter(
            stack,
            f"Datadog{name}",
            log_group=group,
            destination=LambdaDestination(datadog, add_permissions=False),
            filter_pattern=FilterPattern.all_events(),
        )
app.synth()
