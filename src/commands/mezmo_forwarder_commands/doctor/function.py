"""The function: whether it can run, and whether CloudWatch Logs may invoke it."""

from collections.abc import Iterator

from handler.errors import SettingsError
from handler.store.store import FAILED_INVOCATIONS

from . import resource_policy
from .calls import CallError, Json
from .deployment import Deployment, Function
from .findings import Answer, broken, ok, warning

_RUNTIMES = ("python3.13", "python3.14")
_QUIET_LEVELS = ("WARN", "ERROR", "FATAL")
_MOST_ATTEMPTS = 2


def state(deployment: Deployment) -> Iterator[Answer]:
    """Whether the functions are there to be invoked."""
    problems = [found for function in deployment.functions if (found := _problem(function))]
    yield from problems
    if not problems:
        names = " and ".join(function.what for function in deployment.functions)
        changed = str(deployment.function.configuration.get("LastModified", "?"))[:16]
        yield ok(f"{names}: Active, last updated {changed}")


def _problem(function: Function) -> Answer | None:
    name, found = function.what, function.configuration
    now, update = found.get("State", "Active"), found.get("LastUpdateStatus", "Successful")
    if now == "Failed":
        return broken(f"{name} is Failed: {found.get('StateReason')}", "mend what it says and deploy again")
    if update == "Failed":
        return broken(
            f"the last update of {name} failed, what was before runs: {found.get('LastUpdateStatusReason')}",
            "mend what it says and deploy again",
        )
    if now == "Pending" or update == "InProgress":
        return warning(f"{name} is being made or updated", "ask again in a minute")
    return None  # Inactive as well: Lambda wakes what was not invoked for weeks


def settings(deployment: Deployment) -> Iterator[Answer]:
    """Whether the handler reads its settings, with the handler's own code."""
    if not deployment.runs_our_handler:
        yield ok("vendor code has its own, which are not looked at")
        return
    if reason := deployment.function.configuration.get("Environment", {}).get("Error"):
        yield broken(
            f"the environment cannot be decrypted: {reason.get('Message')}",
            "let your credentials, and the role, use the KMS key of the function's environment",
        )
        return
    try:
        found = deployment.settings
    except SettingsError as error:
        yield broken(str(error), "deploy the stack again; no invocation works before")
        return
    yield ok(f"they are read; lines go to {found.destination.url}")


def code(deployment: Deployment) -> Iterator[Answer]:
    """Whether the runtime is one that the handler is packed for."""
    found = deployment.function.configuration
    runtime, handler = found.get("Runtime"), found.get("Handler", "")
    if not deployment.runs_our_handler:
        yield ok(f"vendor code, {runtime}, {handler}")
    elif runtime not in _RUNTIMES:
        yield broken(
            f"the runtime is {runtime}; the handler's modules are packed for {' and '.join(_RUNTIMES)}",
            "deploy the stack again, with runtime left out",
        )
    elif handler != "handler.app.handle":
        yield warning(f"the handler is {handler} and not handler.app.handle", "deploy the stack again")
    else:
        yield ok(f"{runtime}, {found.get('MemorySize')} MB, time-out {found.get('Timeout')} s")


def concurrency(deployment: Deployment) -> Iterator[Answer]:
    """Whether the functions may run at all."""
    reserved = {}
    for function in deployment.functions:
        answer = deployment.calls.call("lambda", "get_function_concurrency", FunctionName=function.name)
        reserved[function.what] = answer.get("ReservedConcurrentExecutions")
        if reserved[function.what] != 0:
            continue
        remedy = (
            "set reserved_concurrent_executions and deploy, or at once: aws lambda "
            f"delete-function-concurrency --function-name {function.name}"
        )
        if deployment.bucket and function is deployment.function:
            yield warning(
                "the function is paused: 0 concurrent executions are reserved, and its events go to "
                f"s3://{deployment.bucket}/{FAILED_INVOCATIONS}",
                remedy,
            )
        else:
            yield broken(f"{function.what} never runs: 0 concurrent executions are reserved", remedy)
    if 0 not in reserved.values():
        yield ok(
            ", ".join(
                f"{what}: {'none' if many is None else many} reserved" for what, many in reserved.items()
            )
        )


def invoke_permission(deployment: Deployment) -> Iterator[Answer]:
    """Whether CloudWatch Logs may invoke the function."""
    function, account, region = deployment.function, deployment.account, deployment.calls.region
    source = f"arn:{deployment.partition}:logs:{region}:{account}:log-group:"
    policy = resource_policy.of(deployment.calls, function.name)
    if resource_policy.allows(policy, "logs.amazonaws.com", f"{source}any:*", account):
        yield ok("CloudWatch Logs may invoke the function for every log group of the account")
        return
    if some := resource_policy.sources(policy, "logs.amazonaws.com"):
        yield warning(
            f"CloudWatch Logs may invoke the function for {', '.join(some)} only",
            "deploy the stack again for the one permission that covers every log group",
        )
        return
    yield broken(
        "CloudWatch Logs may not invoke the function, so it drops what it should deliver",
        "deploy the stack again, or at once: aws lambda add-permission --statement-id mezmo-forwarder "
        f"--function-name {function.name} --action lambda:InvokeFunction --principal logs.amazonaws.com "
        f"--source-account {account} --source-arn '{source}*'",
    )


def on_failure(deployment: Deployment) -> Iterator[Answer]:
    """Whether what fails for good is kept."""
    bucket = deployment.bucket
    found = _event_invoke_config(deployment)
    place = found.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
    attempts = found.get("MaximumRetryAttempts", _MOST_ATTEMPTS)
    if bucket and place != f"arn:{deployment.partition}:s3:::{bucket}":
        yield broken(
            f"what the function fails for to the last is lost: its on-failure destination is "
            f"{place or 'none'}, not bucket {bucket}",
            "deploy the stack again, or at once: aws lambda put-function-event-invoke-config --function-name "
            f"{deployment.function.name} --maximum-retry-attempts 2 --destination-config "
            f'\'{{"OnFailure":{{"Destination":"arn:{deployment.partition}:s3:::{bucket}"}}}}\'',
        )
    elif not place:
        yield warning(
            "nothing keeps what the function fails for to the last: the forwarder has no undelivered store",
            "leave undelivered_store out, for a bucket that keeps it and sends it again",
        )
    elif attempts < _MOST_ATTEMPTS:
        yield warning(
            f"Lambda repeats a failed event {attempts} times and not {_MOST_ATTEMPTS}",
            "leave retry_attempts out and deploy",
        )
    else:
        yield ok(f"what fails to the last goes to {place}")


def _event_invoke_config(deployment: Deployment) -> Json:
    try:
        return deployment.calls.call(
            "lambda", "get_function_event_invoke_config", FunctionName=deployment.function.name
        )
    except CallError as error:
        if error.absent:
            return {}
        raise


def log_level(deployment: Deployment) -> Iterator[Answer]:
    """Whether Lambda lets the lines through that carry the metrics."""
    for function in deployment.functions:
        level = function.configuration.get("LoggingConfig", {}).get("ApplicationLogLevel")
        if deployment.runs_our_handler and level in _QUIET_LEVELS:
            yield warning(
                f"{function.what} has log level {level}: Lambda drops the lines that carry the metrics",
                "set it to INFO, or metrics_detail to NONE",
            )
            return
    yield ok(f"the functions write to {deployment.function.log_group}")
