"""All checks in their order: the chain from the function to Mezmo, and what comes beside it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from . import figures, function, key, network, own_log, permissions, sent_line, store, subscriptions
from .calls import CallError
from .deployment import Deployment
from .findings import Answer, Finding, unknown

Check = Callable[[Deployment], Iterable[Answer]]


def checks(*, offline: bool, send_test_line: bool) -> Mapping[str, Mapping[str, Check]]:
    """Return the checks, by area and name.

    Args:
        offline: whether Mezmo is not to be asked from here.
        send_test_line: whether the function is to send a line.
    """
    found: dict[str, dict[str, Check]] = {
        "function": {
            "state": function.state,
            "settings": function.settings,
            "code": function.code,
            "concurrency": function.concurrency,
            "on failure": function.on_failure,
            "log level": function.log_level,
        },
        "ingestion key": {
            "readable": key.readable,
            "accepted": partial(key.accepted, offline=offline),
        },
        "permissions": {
            "invocation": function.invoke_permission,
            "role": permissions.of_the_function,
            "re-drive's role": permissions.of_the_redrive,
            "KMS keys": network.keys,
            "network": network.route,
        },
        "subscriptions": {
            "filters": subscriptions.filters,
            "account policy": subscriptions.account_policy,
            "streams": subscriptions.streams,
        },
        "store": {
            "bucket": store.bucket,
            "waiting": store.undelivered,
            "rejected": store.rejected,
            "re-drive": store.redrive,
            "lease": store.lease,
        },
        "last hour": {
            "Lambda": figures.of_lambda,
            "CloudWatch Logs": figures.of_cloudwatch,
            "lines": figures.of_lines,
            "own log": own_log.complaints,
        },
    }
    if send_test_line:
        found["test line"] = {"delivered": sent_line.sent}
    return found


def examine(deployment: Deployment, all_checks: Mapping[str, Mapping[str, Check]]) -> Iterator[Finding]:
    """Yield what every check says; one that may not look, or fails, says so and holds up no other."""
    for area, some in all_checks.items():
        for name, check in some.items():
            for answer in _answers(deployment, check):
                yield Finding(area, name, answer)


def _answers(deployment: Deployment, check: Check) -> Iterator[Answer]:
    try:
        yield from check(deployment)
    except CallError as error:
        if error.denied:
            yield unknown(f"these credentials may not {error.action}", f"allow {error.action}")
        else:
            yield unknown(str(error))
