"""The application that each language has, in Python."""

from aws_cdk import App, Duration, Environment, Stack
from aws_cdk.aws_logs import FilterPattern, LogGroup
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import (
    AlarmOptions,
    IngestionKey,
    LineFilter,
    LogGroupTags,
    LogLevel,
    MetaField,
    MezmoDestination,
    MezmoLogForwarder,
    Multiline,
    Redaction,
    Sampling,
    UndeliveredStore,
)

app = App()
stack = Stack(app, "MezmoLogs", env=Environment(account="123456789012", region="eu-west-3"))
secret = Secret.from_secret_name_v2(stack, "MezmoIngestionKey", "MezmoIngestionKey")
forwarder = MezmoLogForwarder(
    stack,
    "MezmoLogForwarder",
    ingestion_key=IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY"),
    destination=MezmoDestination.log_analysis(url="https://logs.eu.mezmo.com"),
    mezmo_env=app.node.try_get_context("mezmo-env") or "prod",
    meta_fields=[MetaField.GROUP, MetaField.STREAM],
    log_group_tags=[LogGroupTags.as_tags("team")],
    redact=[Redaction.email(text="<mail>"), Redaction.pattern("order", r"ORD-\d{8}")],
    undelivered_store=UndeliveredStore.bucket(undelivered_expiration=Duration.days(30)),
    timeout=Duration.seconds(90),
)
forwarder.subscribe(LogGroup.from_log_group_name(stack, "Orders", "/aws/lambda/orders"))
forwarder.subscribe(
    LogGroup.from_log_group_name(stack, "Shop", "/aws/ecs/shop"),
    filter_pattern=FilterPattern.any_term("ERROR", "WARN"),
    app="shop",
    mezmo_tags=["web", "eu"],
    meta={"team": "shop"},
    multiline=Multiline.java(max_lines=100),
    exclude=[LineFilter.health_checks(), LineFilter.field("path", "/ready", "/live")],
    sampling=[Sampling.share(0.1, filter=LineFilter.level_at_most(LogLevel.INFO))],
)
forwarder.add_alarms(lines_rejected=AlarmOptions(threshold=5), throttles=AlarmOptions(enabled=False))
app.synth()
