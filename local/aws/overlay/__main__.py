"""Start MiniStack with what is mended: `python -m overlay <settings>`, run by MiniStack's own interpreter."""

from __future__ import annotations

import os
import signal
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from . import (
    account_destinations,
    account_policies,
    authorization,
    bucket_requests,
    conditions,
    encryption,
    event_source_mappings,
    failure_destinations,
    function_logs,
    names_only,
    reading,
    reserved_concurrency,
    schedules,
    seams,
    stack_resources,
    subscriptions,
)
from .asynchronous_invocation import AsynchronousInvocations
from .execution_environment import ExecutionEnvironment
from .filter_patterns import compile_pattern
from .kinesis_mappings import KinesisMappings
from .settings import Settings
from .waits import Waits

if TYPE_CHECKING:
    from collections.abc import Callable

_INVOCATIONS_AT_ONCE = 8


def main() -> None:
    """Patch, then serve; end with everything that was started as soon as the parent is gone."""
    settings = Settings.decode(sys.argv.pop())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    logs, functions, rules = "services.cloudwatch_logs", "services.lambda_svc", "services.eventbridge"
    seams.match_arns_by_component()
    environment = partial(ExecutionEnvironment, settings)
    seams.wrap("core.lambda_runtime", "_worker_class_for", lambda _: lambda _configuration: environment)
    seams.wrap(functions, "_execute_function_warm", lambda _: _queueing(seams.worker_executor()))
    seams.wrap(functions, "_emit_lambda_logs", function_logs.permitted)
    waits = Waits(settings.retry_delay)
    invocations = AsynchronousInvocations(waits)
    seams.wrap(functions, "invoke_async_with_retry", lambda _: invocations.accept)
    seams.wrap(functions, "_put_event_invoke_config", failure_destinations.checking)
    for verb in ("get", "put", "delete"):
        seams.wrap(functions, f"_{verb}_event_invoke_config", _unqualified_is_latest)
    seams.wrap_creation("AWS::Lambda::Function", reserved_concurrency.creating)
    seams.wrap_update("AWS::Lambda::Function", reserved_concurrency.updating)
    mappings = KinesisMappings(waits)
    seams.wrap(functions, "_poll_kinesis", lambda _: mappings.poll)
    seams.wrap(functions, "_init_stream_position", mappings.starting)
    seams.wrap(functions, "_release_esm_poll_state", mappings.forgetting)
    seams.wrap(functions, "_create_esm", event_source_mappings.creating)
    seams.wrap(functions, "_update_esm", event_source_mappings.updating)
    seams.wrap_creation("AWS::Lambda::EventSourceMapping", event_source_mappings.creating_by_template)
    seams.wrap_update("AWS::Lambda::EventSourceMapping", event_source_mappings.updating_by_template)
    seams.wrap(logs, "_put_subscription_filter", subscriptions.checking)
    seams.wrap(logs, "_append_log_events", reading.giving_ids)
    seams.wrap(logs, "_filter_log_events", lambda _: reading.filter_log_events)
    seams.wrap(logs, "_fanout_to_subscription_filters", lambda _: subscriptions.deliver)
    seams.wrap_creation("AWS::Logs::SubscriptionFilter", subscriptions.requiring_log_group)
    seams.wrap_stack_action("DescribeStackResources", stack_resources.by_physical_id)
    for part in ("handlers", "stacks", "changesets"):
        seams.wrap(f"services.cloudformation.{part}", "_evaluate_conditions", conditions.on_texts)
    seams.wrap(logs, "_put_destination", account_destinations.checking)
    seams.wrap(logs, "_put_destination_policy", account_destinations.checking_policy)
    seams.add_resource_type("AWS::Logs::Destination", account_destinations.resource_handlers())
    seams.wrap("services.cloudformation.provisioners", "_cwlogs_subfilter_payload", subscriptions.with_fields)
    seams.wrap(logs, "handle_request", account_policies.answering)
    seams.add_resource_type("AWS::Logs::AccountPolicy", account_policies.resource_handlers())
    seams.wrap(rules, "_parse_rate_seconds", lambda parse: schedules.scaled(parse, settings.schedule_scale))
    seams.wrap(rules, "_invoke_target", schedules.permitted)
    seams.wrap(rules, "_dispatch_to_lambda", lambda _: schedules.dispatch)
    seams.look_for_due_rules_every(schedules.tick(settings.schedule_scale))
    seams.wrap("services.s3", "_dispatch", bucket_requests.checking)
    seams.wrap(logs, "_compile_filter_pattern", lambda _: compile_pattern)
    seams.wrap("services.secretsmanager", "_resolve", _exact_partial_arn)
    seams.wrap_creation("AWS::S3::Bucket", encryption.creating)
    names_only.install()
    if settings.authorize:
        seams.wrap("core.lambda_runtime", "execution_credentials", authorization.naming_the_role)
        seams.wrap("app", "_dispatch_service_request", authorization.authorizing)
    seams.run()


def _queueing(execute: Callable[..., Any]) -> Callable[..., Any]:
    """Let events wait rather than start a process for each of a burst, as this machine is no cloud."""
    free = threading.BoundedSemaphore(_INVOCATIONS_AT_ONCE)

    def queued(*arguments: object) -> object:
        with free:
            return execute(*arguments)

    return queued


def _unqualified_is_latest(operate: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function have one event-invoke configuration for $LATEST, named or not; MiniStack keeps two."""

    def on_latest(name: str, qualifier: str | None = None, *arguments: object) -> object:
        return operate(name, qualifier or "$LATEST", *arguments)

    return on_latest


def _exact_partial_arn(resolve: Callable[..., Any]) -> Callable[..., Any]:
    """Let an ARN without its random suffix name one secret; MiniStack takes any beginning of an ARN."""

    def exact(secret_id: str, **options: object) -> tuple[str | None, seams.Record | None]:
        key, secret = resolve(secret_id, **options)
        if secret and secret_id.startswith("arn:") and secret_id not in {secret["ARN"], secret["ARN"][:-7]}:
            return None, None
        return key, secret

    return exact


def _end_with_parent() -> None:
    while os.read(0, 1):
        pass
    os.killpg(os.getpgid(0), signal.SIGKILL)


main()
