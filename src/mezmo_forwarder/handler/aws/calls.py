"""One small client for the few AWS calls the handler makes, signed with Signature Version 4.

An SDK would cost more CPU time at a cold start than everything else together.
"""

import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
from msgspec import Struct, structs

from handler.client import LARGEST_REPLY, Client, Reply
from handler.errors import AwsError, TransportError
from handler.timing import SYSTEM, Timing

from .signature import Credentials, encode_query, sign

_ATTEMPTS = 3
_BACKOFF_SECONDS = 0.2
_TRANSIENT = (
    "Throttl",
    "TooManyRequests",
    "RequestLimitExceeded",
    "InternalServiceError",
    "InternalServerError",
    "SlowDown",
    "RequestTimeout",
    "OperationAborted",
)
_CLOCK_IS_WRONG = {
    "RequestTimeTooSkewed",
    "RequestExpired",
    "RequestInTheFuture",
    "InvalidSignatureException",
}
_TOLERATED_SKEW_SECONDS = 240.0

# Partition and DNS suffix by the beginning of a region's name.
_PARTITIONS = {
    "cn-": ("aws-cn", "amazonaws.com.cn"),
    "eusc-": ("aws-eusc", "amazonaws.eu"),
    "us-gov-": ("aws-us-gov", "amazonaws.com"),
    "us-iso-": ("aws-iso", "c2s.ic.gov"),
    "us-isob-": ("aws-iso-b", "sc2s.sgov.gov"),
    "us-isof-": ("aws-iso-f", "csp.hci.ic.gov"),
    "eu-isoe-": ("aws-iso-e", "cloud.adc-e.uk"),
}
_COMMERCIAL = ("aws", "amazonaws.com")
# Likewise for the hosts that have addresses of IPv6 as well; the partitions that are not public have none.
_DUAL_STACK_SUFFIXES = {"cn-": "api.amazonwebservices.com.cn", "eusc-": "api.amazonwebservices.eu"}


class Service(Struct, frozen=True):
    """An AWS service: its name in endpoints and signatures, and the variable that names its address."""

    name: str
    endpoint_variable: str


SECRETS_MANAGER = Service("secretsmanager", "AWS_ENDPOINT_URL_SECRETS_MANAGER")
SSM = Service("ssm", "AWS_ENDPOINT_URL_SSM")
LOGS = Service("logs", "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS")


class Call(Struct, frozen=True):
    """One call of an operation.

    Args:
        operation: its name, as IAM's actions have it.
        resource: the name or ARN it is about, for the errors.
        method: the HTTP method.
        path: the path, not encoded.
        query: the query's parameters.
        headers: the headers, but for those that the signature brings.
        body: the whole body.
        accepted: the status codes that are no error.
        seconds: how long one attempt may take.
        attempts: how often it is sent at the most.
        largest: how many bytes of the response's body to read.
        advice: what else a refused call may need, in words; empty if nothing.
    """

    operation: str
    resource: str
    method: str = "POST"
    path: str = "/"
    query: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    body: bytes = b""
    accepted: frozenset[int] = frozenset({200})
    seconds: float = 5.0
    attempts: int = _ATTEMPTS
    largest: int = LARGEST_REPLY
    advice: str = "and kms:Decrypt on its key if that is a customer-managed one"


class Endpoint:
    """One service in one region, over one kept connection.

    Args:
        service: which.
        region: where.
        bucket: for S3, the bucket that stands in the host's name.
        timing: the clocks.
        environment: where credentials and endpoints stand.

    Raises:
        AwsError: a variable of the environment names no address, or there are no credentials.
    """

    def __init__(
        self,
        service: Service,
        region: str,
        *,
        bucket: str = "",
        timing: Timing = SYSTEM,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._service = service
        self._region = region
        self._timing = timing
        self._credentials = _credentials(environment)
        url = endpoint_of(service, region, environment, bucket=bucket)
        self._parts = urlsplit(url)
        authorities = environment.get("AWS_CA_BUNDLE") or None
        self._client = Client(url, authorities=authorities, clock=timing.monotonic)
        self._skew = 0.0

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def send(self, call: Call, deadline: float) -> Reply:
        """Send a call, again if it is throttled or the service is in trouble.

        Args:
            call: what to send.
            deadline: when to give up, on the clock of `timing`.

        Raises:
            AwsError: refused, or not to be reached; the text names service, operation, resource and reason.
        """
        what = f"{self._service.name} {call.operation} of {call.resource!r}"
        attempt = 0
        while True:
            attempt += 1
            try:
                reply = self._send_once(call, deadline)
                if reply.status in call.accepted and reply.complete:
                    return reply
                error, transient = self._refusal(reply, call, what)
                transient = transient or self._set_clock(reply, error)
            except TransportError as failure:
                error, transient = AwsError(f"{what} failed: {failure}"), failure.retryable
            wait = self._timing.random() * _BACKOFF_SECONDS * 2**attempt
            if not transient or attempt == call.attempts or self._timing.monotonic() + wait >= deadline:
                raise error
            self._timing.sleep(wait)

    def call_json(self, call: Call, request: dict[str, object], deadline: float) -> dict[str, Any]:
        """Send a call in AWS's JSON 1.1 protocol, with these parameters; see `send`."""
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"{_TARGETS[self._service.name]}.{call.operation}",
        }
        call = structs.replace(call, headers=headers, body=msgspec.json.encode(request))
        reply = self.send(call, deadline)
        try:
            return msgspec.json.decode(reply.body, type=dict[str, Any])
        except msgspec.DecodeError:
            what = f"{self._service.name} {call.operation} of {call.resource!r}"
            raise AwsError(f"{what} failed: the answer is not a JSON object") from None

    def _send_once(self, call: Call, deadline: float) -> Reply:
        path = self._parts.path.rstrip("/") + call.path
        query = encode_query(call.query)
        headers = sign(
            call.method,
            path,
            {"Host": self._parts.netloc, **call.headers},
            call.body,
            query=query,
            service=self._service.name,
            region=self._region,
            credentials=self._credentials,
            now=self._timing.wall() + self._skew,
        )
        target = quote(path, safe="/~") + (f"?{query}" if query else "")
        body = call.body if call.method in {"POST", "PUT"} else None
        now = self._timing.monotonic()
        return self._client.request(
            call.method, target, headers, body, now + min(deadline - now, call.seconds), largest=call.largest
        )

    def _refusal(self, reply: Reply, call: Call, what: str) -> tuple[AwsError, bool]:
        """Read what an error response says, and whether to try again."""
        code, message = _answer(reply)
        text = f"{what} failed: {reply.status} {code}" + (f": {message}" if message else "")
        if "AccessDenied" in code:
            advice = f", {call.advice}" if call.advice else ""
            text += f" (grant the function's role {self._service.name}:{call.operation} on it{advice})"
        transient = reply.status in {200, 429} or reply.status >= 500 or code.startswith(_TRANSIENT)
        return AwsError(text, code), transient

    def _set_clock(self, reply: Reply, error: AwsError) -> bool:
        """Go by the service's time when it refuses ours; return whether that may help."""
        if error.code not in _CLOCK_IS_WRONG:
            return False
        from email.utils import mktime_tz, parsedate_tz  # noqa: PLC0415  rarely needed

        date = parsedate_tz(reply.headers.get("date", ""))
        skew = mktime_tz(date) - self._timing.wall() if date else 0.0
        wrong = abs(skew - self._skew) > _TOLERATED_SKEW_SECONDS
        self._skew = skew if wrong else self._skew
        return wrong


def get_secret_value(secret_id: str, deadline: float, timing: Timing = SYSTEM) -> dict[str, Any]:
    """Call Secrets Manager's GetSecretValue; the id is a name or an ARN.

    Raises:
        AwsError: see `call_json`.
    """
    return call_json(
        SECRETS_MANAGER,
        "GetSecretValue",
        {"SecretId": secret_id},
        secret_id,
        deadline=deadline,
        timing=timing,
    )


def get_parameter(name: str, deadline: float, timing: Timing = SYSTEM) -> dict[str, Any]:
    """Call Parameter Store's GetParameter, with decryption; the name may be an ARN.

    Raises:
        AwsError: see `call_json`.
    """
    request = {"Name": name, "WithDecryption": True}
    return call_json(SSM, "GetParameter", request, name, deadline=deadline, timing=timing)


_TARGETS = {"secretsmanager": "secretsmanager", "ssm": "AmazonSSM", "logs": "Logs_20140328"}


def call_json(
    service: Service,
    operation: str,
    request: dict[str, object],
    resource: str,
    *,
    deadline: float,
    timing: Timing = SYSTEM,
    environment: Mapping[str, str] = os.environ,
) -> dict[str, Any]:
    """Call an operation of a service that speaks AWS's JSON 1.1 protocol.

    Args:
        service: which.
        operation: what to call.
        request: its parameters.
        resource: the name or ARN it is about, for the errors and, if it is an ARN, for the region.
        deadline: when to give up, on the clock of `timing`.
        timing: the clocks.
        environment: where credentials, region and endpoints stand.

    Raises:
        AwsError: refused, or not to be reached; the text names service, operation, resource and reason.
    """
    endpoint = Endpoint(service, region_of(resource, environment), timing=timing, environment=environment)
    try:
        return endpoint.call_json(Call(operation, resource), request, deadline)
    finally:
        endpoint.close()


def _answer(reply: Reply) -> tuple[str, str]:
    """Return code and message of an error response, which is JSON, or XML as S3 writes it, or neither."""
    try:
        answer = msgspec.json.decode(reply.body, type=dict[str, Any])
    except msgspec.DecodeError:
        answer = {
            name.decode(): text.decode(errors="replace")
            for name, text in re.findall(rb"<(Code|Message)>([^<]*)<", reply.body)
        }
    code = str(
        answer.get("__type") or answer.get("Code") or reply.headers.get("x-amzn-errortype") or reply.status
    )
    code = code.rpartition("#")[2].partition(":")[0]
    return code, str(answer.get("message") or answer.get("Message") or "").strip()


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


def partition_of(region: str) -> str:
    """Return the partition of a region, as ARNs name it."""
    return _partition(region)[0]


def _partition(region: str) -> tuple[str, str]:
    return next((found for start, found in _PARTITIONS.items() if region.startswith(start)), _COMMERCIAL)


def endpoint_of(service: Service, region: str, environment: Mapping[str, str], *, bucket: str = "") -> str:
    """Return a service's address: from the variables that the SDKs honour, or by its partition's rules.

    A bucket stands in the host's name, as S3 wants it, unless TLS forbids that or the address is given; then
    it begins the path.

    Raises:
        AwsError: what such a variable holds is not an address.
    """
    if environment.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() != "true":
        for variable in (service.endpoint_variable, "AWS_ENDPOINT_URL"):
            if address := environment.get(variable):
                if not _is_address(address):
                    raise AwsError(f"{variable} is not an address of the form https://host:port")
                return f"{address.rstrip('/')}/{bucket}" if bucket else address
    _, suffix = _partition(region)
    fips = environment.get("AWS_USE_FIPS_ENDPOINT", "").lower() == "true"
    if service.name in {"ssm", "logs"} and region.startswith("us-gov-"):
        fips = False  # there the usual endpoint is the validated one
    host = f"{service.name}{'-fips' if fips else ''}.{region}.{suffix}"
    if environment.get("AWS_USE_DUALSTACK_ENDPOINT", "").lower() == "true":
        host = _dual_stack(host, service, region)
    if bucket and "." in bucket:
        return f"https://{host}/{bucket}"
    return f"https://{bucket}.{host}" if bucket else f"https://{host}"


def _dual_stack(host: str, service: Service, region: str) -> str:
    """Return the host that has addresses of IPv6 as well as IPv4."""
    name = host.partition(".")[0]
    if service.name == "s3" and not region.startswith("eusc-"):
        return host.replace(f"{name}.", f"{name}.dualstack.", 1)
    suffix = next((s for start, s in _DUAL_STACK_SUFFIXES.items() if region.startswith(start)), "api.aws")
    return f"{name}.{region}.{suffix}"


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
