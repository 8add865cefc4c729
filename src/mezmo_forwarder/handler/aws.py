"""One small client for the few AWS calls the handler makes, signed with Signature Version 4.

An SDK would cost more CPU time at a cold start than everything else together.
"""

import hashlib
import hmac
import os
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
from msgspec import Struct

from .client import Client, Reply
from .errors import AwsError, TransportError
from .timing import SYSTEM, Timing

_ATTEMPTS = 3
_BACKOFF_SECONDS = 0.2
_REQUEST_SECONDS = 5.0
_TRANSIENT = (
    "Throttl",
    "TooManyRequests",
    "RequestLimitExceeded",
    "InternalServiceError",
    "InternalServerError",
)

# By the beginning of a region's name; every other region is one of the `aws` partition or of GovCloud.
_DNS_SUFFIXES = {
    "cn-": "amazonaws.com.cn",
    "eusc-": "amazonaws.eu",
    "us-iso-": "c2s.ic.gov",
    "us-isob-": "sc2s.sgov.gov",
    "us-isof-": "csp.hci.ic.gov",
    "eu-isoe-": "cloud.adc-e.uk",
}


class Credentials(Struct, frozen=True):
    """What requests are signed with."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None

    def __repr__(self) -> str:
        return "Credentials(...)"


class Operation(Struct, frozen=True):
    """An operation of a service that speaks AWS's JSON 1.1 protocol."""

    service: str
    name: str
    target: str
    endpoint_variable: str


GET_SECRET_VALUE = Operation(
    "secretsmanager", "GetSecretValue", "secretsmanager.GetSecretValue", "AWS_ENDPOINT_URL_SECRETS_MANAGER"
)
GET_PARAMETER = Operation("ssm", "GetParameter", "AmazonSSM.GetParameter", "AWS_ENDPOINT_URL_SSM")


def get_secret_value(secret_id: str, deadline: float, timing: Timing = SYSTEM) -> dict[str, Any]:
    """Call Secrets Manager's GetSecretValue; the id is a name or an ARN.

    Raises:
        AwsError: see `call`.
    """
    return call(
        GET_SECRET_VALUE, {"SecretId": secret_id}, resource=secret_id, deadline=deadline, timing=timing
    )


def get_parameter(name: str, deadline: float, timing: Timing = SYSTEM) -> dict[str, Any]:
    """Call Parameter Store's GetParameter, with decryption; the name may be an ARN.

    Raises:
        AwsError: see `call`.
    """
    request = {"Name": name, "WithDecryption": True}
    return call(GET_PARAMETER, request, resource=name, deadline=deadline, timing=timing)


def call(
    operation: Operation,
    request: dict[str, object],
    *,
    resource: str,
    deadline: float,
    timing: Timing = SYSTEM,
    environment: Mapping[str, str] = os.environ,
) -> dict[str, Any]:
    """Call an operation, again if it is throttled or the service is in trouble.

    Args:
        operation: what to call.
        request: its parameters.
        resource: the name or ARN it is about, for the errors and, if it is an ARN, for the region.
        deadline: when to give up, on the clock of `timing`.
        timing: the clocks.
        environment: where credentials, region and endpoints stand.

    Raises:
        AwsError: refused, or not to be reached; the text names service, operation, resource and reason.
    """
    what = f"{operation.service} {operation.name} of {resource!r}"
    region = region_of(resource, environment)
    endpoint = endpoint_of(operation, region, environment)
    credentials = _credentials(environment)
    client = Client(endpoint, authorities=environment.get("AWS_CA_BUNDLE") or None, clock=timing.monotonic)
    body = msgspec.json.encode(request)
    parts = urlsplit(endpoint)
    try:
        attempt = 0
        while True:
            attempt += 1
            headers = sign(
                "POST",
                parts.path or "/",
                {
                    "Content-Type": "application/x-amz-json-1.1",
                    "Host": parts.netloc,
                    "X-Amz-Target": operation.target,
                },
                body,
                service=operation.service,
                region=region,
                credentials=credentials,
                now=timing.wall(),
            )
            left = deadline - timing.monotonic()
            try:
                reply = client.post(
                    parts.path or "/", headers, body, timing.monotonic() + min(left, _REQUEST_SECONDS)
                )
                if reply.status == 200 and reply.complete:
                    return _decode(reply, what)
                error, transient = _refusal(reply, operation, what)
            except TransportError as failure:
                error, transient = AwsError(f"{what} failed: {failure}"), failure.retryable
            wait = timing.random() * _BACKOFF_SECONDS * 2**attempt
            if not transient or attempt == _ATTEMPTS or timing.monotonic() + wait >= deadline:
                raise error
            timing.sleep(wait)
    finally:
        client.close()


def _decode(reply: Reply, what: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(reply.body, type=dict[str, Any])
    except msgspec.DecodeError:
        raise AwsError(f"{what} failed: the answer is not a JSON object") from None


def _refusal(reply: Reply, operation: Operation, what: str) -> tuple[AwsError, bool]:
    """Read what an error response says, and whether to try again."""
    try:
        answer = msgspec.json.decode(reply.body, type=dict[str, Any])
    except msgspec.DecodeError:
        answer = {}
    code = str(answer.get("__type") or reply.headers.get("x-amzn-errortype") or reply.status)
    code = code.rpartition("#")[2].partition(":")[0]
    message = str(answer.get("message") or answer.get("Message") or "").strip()
    text = f"{what} failed: {reply.status} {code}" + (f": {message}" if message else "")
    if "AccessDenied" in code:
        text += (
            f" (grant the function's role {operation.service}:{operation.name} on it, "
            "and kms:Decrypt on its key if that is a customer-managed one)"
        )
    transient = reply.status in {200, 429} or reply.status >= 500 or code.startswith(_TRANSIENT)
    return AwsError(text), transient


def region_of(resource: str, environment: Mapping[str, str]) -> str:
    """Return the region of an ARN, or the function's own.

    Raises:
        AwsError: neither is known.
    """
    if resource.startswith("arn:"):
        region = [*resource.split(":"), "", "", ""][3]
    else:
        region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or ""
    if not region:
        raise AwsError(
            f"no AWS region for {resource!r}: it is no ARN with a region, and AWS_REGION is not set"
        )
    return region


def endpoint_of(operation: Operation, region: str, environment: Mapping[str, str]) -> str:
    """Return a service's address: from the variables that the SDKs honour, or by its partition's rules.

    Raises:
        AwsError: what such a variable holds is not an address.
    """
    if environment.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() != "true":
        for variable in (operation.endpoint_variable, "AWS_ENDPOINT_URL"):
            if address := environment.get(variable):
                if not _is_address(address):
                    raise AwsError(f"{variable} is not an address of the form https://host:port")
                return address
    suffix = next((s for start, s in _DNS_SUFFIXES.items() if region.startswith(start)), "amazonaws.com")
    fips = environment.get("AWS_USE_FIPS_ENDPOINT", "").lower() == "true"
    if operation.service == "ssm" and region.startswith("us-gov-"):
        fips = False  # there the usual endpoint is the validated one
    return f"https://{operation.service}{'-fips' if fips else ''}.{region}.{suffix}"


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return (
            parts.scheme in {"http", "https"}
            and bool(parts.hostname)
            and parts.port != 0
            and all("!" <= character <= "~" for character in text)
        )
    except ValueError:
        return False


def _credentials(environment: Mapping[str, str]) -> Credentials:
    """Return the credentials of the function's role, as Lambda gives them."""
    try:
        return Credentials(
            environment["AWS_ACCESS_KEY_ID"],
            environment["AWS_SECRET_ACCESS_KEY"],
            environment.get("AWS_SESSION_TOKEN") or None,
        )
    except KeyError as error:
        raise AwsError(f"no AWS credentials: the environment variable {error.args[0]} is not set") from None


def sign(
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    service: str,
    region: str,
    credentials: Credentials,
    now: float,
) -> dict[str, str]:
    """Sign a request without a query, and return all its headers.

    Args:
        method: the HTTP method.
        path: the path, not encoded.
        headers: everything to be signed, `Host` included.
        body: the whole body.
        service: the name it has in signatures.
        region: the region of the endpoint.
        credentials: whose request it is.
        now: the time of day in seconds.
    """
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    signed = {**headers, "X-Amz-Date": moment}
    if credentials.session_token:
        signed["X-Amz-Security-Token"] = credentials.session_token
    canonical = sorted((name.lower(), " ".join(value.split())) for name, value in signed.items())
    names = ";".join(name for name, _ in canonical)
    canonical_request = "\n".join(
        (
            method,
            quote(path, safe="/~"),
            "",
            *(f"{name}:{value}" for name, value in canonical),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        )
    )
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    text = "\n".join(
        ("AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical_request.encode()).hexdigest())
    )
    key = f"AWS4{credentials.secret_access_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    signed["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key_id}/{scope}, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    return signed
