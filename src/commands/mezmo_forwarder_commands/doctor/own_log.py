"""The forwarder's own log of an hour: what it complains of, with the remedies of docs/troubleshooting.md."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from .deployment import Deployment
from .findings import Answer, ok, warning

_HOUR_MS = 3_600_000
_PATTERN = '?ERROR ?WARN ?FATAL ?"Task timed out"'
_MOST_EVENTS = 2_000
_MOST_SHOWN = 6
_LONGEST = 240
_LEVELS = {"WARN", "ERROR", "FATAL", "CRITICAL"}
_LOUD_TEXTS = ("Task timed out", "Runtime.", "errorMessage", "Traceback")


@dataclass(frozen=True, slots=True)
class Trouble:
    """A text that the forwarder logs, and what is to be done about it.

    Args:
        text: an expression that is found in it.
        remedy: what to do.
    """

    text: str
    remedy: str


# In this order: the first that is found tells most.
TROUBLES = (
    Trouble("is not a JSON object, so it has no field", "leave `field` out, or put JSON into the secret"),
    Trouble("has no field '", "`field` names another field than the secret has"),
    Trouble("is a JSON object and not a key", "give `field=`"),
    Trouble(
        "the secret .* (is empty|holds no text|is not a string|holds a character)",
        "put the key in as text: aws secretsmanager put-secret-value",
    ),
    Trouble(
        "s3 PutObject of .* failed: .* timed out",
        "the VPC has no way to S3: a gateway endpoint costs nothing",
    ),
    Trouble(
        "the store failed: s3 PutObject of .* failed: 403 AccessDenied",
        "the role may not write to the bucket, or not use its KMS key; or the bucket is another account's",
    ),
    Trouble("AccessDenied", "the role lacks a right: the text names the action to allow"),
    Trouble("ResourceNotFoundException", "no secret or parameter of that name in that region"),
    Trouble(
        "it is an access token and not an ingestion key", "take a key from Mezmo's page of ingestion keys"
    ),
    Trouble(
        "the ingestion key was refused: 40[13]",
        "the key is not one of Mezmo's: CDK's random password, or a revoked key",
    ),
    Trouble("not a CloudWatch Logs event", "something else than CloudWatch Logs invoked the function"),
    Trouble("corrupt event: ", "it is set aside in rejected/; find out who sends it, if it comes again"),
    Trouble("event too large", "raise memory_size"),
    Trouble("is not trusted: ", "a proxy that opens TLS, or a private authority: docs/how-to/security.md"),
    Trouble("the proxy .* answered", "the proxy's user and password, or its list of hosts"),
    Trouble("PROXY is not an address", "write http://host:port, with user and password percent-encoded"),
    Trouble("was not resolved", "the VPC resolves no such name, or the address is misspelt"),
    Trouble(
        "is not HTTP: |is not a host name|a header of the request to .* is malformed",
        "the destination's address leads elsewhere, or is misspelt",
    ),
    Trouble(
        "did not answer in time|the connection to .* failed",
        "look at the route, the security group and the proxy between",
    ),
    Trouble(
        "s3 .* failed: |the store was not counted|the lease ends by itself",
        "look at the re-drive's role, the bucket's policy, and the way to S3",
    ),
    Trouble("failed: the answer ", "something else than AWS answers: a proxy, or AWS_ENDPOINT_URL"),
    Trouble(
        "cannot be sent: |is set aside in |not an object of the store",
        "read it, and find out who writes into the bucket",
    ),
    Trouble("log groups are kept; others go without", "have another forwarder subscribe some of them"),
    Trouble("tags of a log group are not known", "look at the role, and the way to CloudWatch Logs"),
    Trouble(
        "MEZMO_FORWARDER_SETTINGS|redact: |the environment variable MEZMO_INGESTION_KEY|no AWS credentials|"
        "no AWS region|AWS_ENDPOINT_URL",
        "the function was changed by hand, or its code and settings are of two releases: deploy again",
    ),
    Trouble("not a command: |; give ", "what the re-drive was invoked with: docs/how-to/send-again.md"),
    Trouble("the last ingestion key stays in use", "what follows says why it could not be read again"),
    Trouble(
        "out of time after: |not tried, after: |Task timed out|lines delivered, .* undelivered",
        "Mezmo, or the way to it, was away; in a VPC, look at its route to the internet",
    ),
)


def complaints(deployment: Deployment) -> Iterator[Answer]:
    """What the forwarder's log complains of."""
    group = deployment.function.log_group
    events = deployment.calls.pages(
        "logs",
        "filter_log_events",
        "events",
        logGroupName=group,
        filterPattern=_PATTERN,
        startTime=round(deployment.now * 1000) - _HOUR_MS,
    )
    counts: Counter[str] = Counter()
    shown: dict[str, str] = {}  # the last text of each kind
    for event in islice(events, _MOST_EVENTS):
        if text := complaint(event["message"]):
            kind = next((one.text for one in TROUBLES if re.search(one.text, text)), _kind(text))
            counts[kind] += 1
            shown[kind] = text
    for kind, count in counts.most_common(_MOST_SHOWN):
        remedy = next((one.remedy for one in TROUBLES if one.text == kind), "")
        times = f"{count:,} times, lastly: " if count > 1 else ""
        yield warning(f"{times}{shown[kind]}", remedy)
    if not counts:
        yield ok(f"{group} complains of nothing in the last hour")


def complaint(message: str) -> str:
    """Return what a log event complains of, if anything; it is the handler's JSON, or Lambda's text."""
    try:
        line = json.loads(message)
    except ValueError:
        return message.strip()[:_LONGEST] if any(loud in message for loud in _LOUD_TEXTS) else ""
    if not isinstance(line, dict):
        return ""
    said = line.get("message", line.get("errorMessage", ""))
    text = said if isinstance(said, str) else json.dumps(said)
    if str(line.get("level", "")).upper() in _LEVELS or "Task timed out" in text or "errorMessage" in line:
        return text.strip()[:_LONGEST]
    return ""


def _kind(text: str) -> str:
    """Return what texts have in common that differ in ids and numbers only."""
    return re.sub(r"[0-9a-f]{8,}|\d+", "#", text)
