"""Properties that cannot be are refused, those that will not do what is meant are a warning."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import Annotations, CfnParameter, Duration, Fn, Size, Stack, Token
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3

from mezmo_forwarder import (
    LineFilter,
    LineFormat,
    MezmoDestination,
    MezmoLogForwarder,
    Multiline,
    Sampling,
    UndeliveredStore,
)
from tests.constructs.synthesized import only, variables, warnings

Make = Callable[..., MezmoLogForwarder]

FUNCTION = "AWS::Lambda::Function"


@pytest.mark.parametrize("store", [True, False])
def test_a_time_out_in_which_a_hanging_request_does_not_fit(
    stack: Stack, make_forwarder: Make, *, store: bool
) -> None:
    pytest.importorskip("isal", reason="the handler's figures are not known without what it imports")
    from handler.delivery.delivery import LONGEST_REQUEST_SECONDS  # noqa: PLC0415  see above
    from handler.forwarding.forwarder import _RESERVE_SECONDS  # noqa: PLC0415
    from handler.store.store import FIRST_RESERVE_SECONDS  # noqa: PLC0415

    options = {} if store else {"undelivered_store": UndeliveredStore.none()}
    least = LONGEST_REQUEST_SECONDS + _RESERVE_SECONDS + (FIRST_RESERVE_SECONDS if store else 0)
    make_forwarder(timeout=Duration.seconds(least), **options)
    assert "shortTimeout" not in warnings(stack)

    make_forwarder("Short", timeout=Duration.seconds(least - 1), **options)
    assert f"timeout is {least - 1:.0f} seconds" in warnings(stack)
    assert f"give {least:.0f} seconds or more" in warnings(stack)


def test_no_concurrency_is_a_pause_with_a_store_and_refused_without(
    stack: Stack, make_forwarder: Make
) -> None:
    make_forwarder(reserved_concurrent_executions=0)
    assert "mezmo-forwarder:zeroConcurrency" in warnings(stack)

    with pytest.raises(RuntimeError, match="reservedConcurrentExecutions is 0 with UndeliveredStore.none()"):
        make_forwarder("Lost", reserved_concurrent_executions=0, undelivered_store=UndeliveredStore.none())


def test_zero_retries_without_a_store_are_a_warning(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder(retry_attempts=0, undelivered_store=UndeliveredStore.none())

    assert "mezmo-forwarder:zeroRetries" in warnings(stack)


def test_connections_without_a_vpc_is_an_error(make_forwarder: Make) -> None:
    forwarder = make_forwarder()

    with pytest.raises(RuntimeError, match="VPC"):
        _ = forwarder.connections


def test_properties_that_will_not_be_sent_are_a_warning(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder(
        destination=MezmoDestination.pipeline("route"),
        line_format=LineFormat.MEZMO_LAMBDA_RAW,
        hostname="audit",
        app="audit",
    )

    assert "hostname, app will not be sent" in warnings(stack)
    assert "mezmo-forwarder:ignoredProperties" in warnings(stack)


REFUSED = {
    "memory too small": ({"memory_size": 64}, "memorySize is 64; give a whole number from 128 to 10240 MB"),
    "time-out too long": ({"timeout": Duration.minutes(16)}, "timeout is 960; .* from 1 to 900 seconds"),
    "time-out too short": ({"timeout": Duration.millis(500)}, r"timeout is 0\.5"),
    "key kept too long": ({"key_lifetime": Duration.days(2)}, "keyLifetime is 172800"),
    "empty hostname": ({"hostname": " "}, 'hostname is " "; give a text that is not empty'),
    "long hostname": ({"hostname": "h" * 257}, "hostname is .*257 characters long; give at most 256"),
    "line feed in hostname": ({"hostname": "a\nb"}, "hostname .* control character"),
    "long app": ({"app": "a" * 513}, "app is .*give at most 512"),
    "tag with a comma": ({"mezmo_tags": ["eu,prod"]}, 'mezmoTags holds "eu,prod".*give each as one element'),
    "empty tag": ({"mezmo_tags": ["eu", ""]}, 'mezmoTags is ""'),
    "list known only at deployment": (
        {"mezmo_tags": Fn.split(",", Fn.ref("Tags"))},
        "mezmoTags is a list known only",
    ),
    "runtime without wheels": (
        {"runtime": lambda_.Runtime.PYTHON_3_12},
        'runtime is "python3.12".*python3.13',
    ),
    "our own variable": (
        {"environment": {"MEZMO_FORWARDER_SETTINGS": "{}"}},
        "MEZMO_FORWARDER_SETTINGS.*remove it",
    ),
    "key as plain text": ({"environment": {"LOGDNA_KEY": "0123456789abcdef" * 2}}, "LOGDNA_KEY.*plain text"),
    "variable without a name": (
        {"environment": {"": "a"}},
        'environment\'s "" has no name that Lambda takes',
    ),
    "variable with a hyphen": ({"environment": {"my-var": "a"}}, 'environment\'s "my-var" has no name'),
    "negative concurrency": ({"reserved_concurrent_executions": -1}, "reservedConcurrentExecutions is -1"),
    "event kept too long": (
        {"max_event_age": Duration.hours(7)},
        "maxEventAge is 25200; .* from 60 to 21600",
    ),
    "no pattern": (
        {"multiline": Multiline.starts_with("(")},
        r'multiline\'s pattern is "\(", which has a "\(" that is not closed',
    ),
    "empty pattern": ({"multiline": Multiline.continues_with("")}, 'multiline\'s pattern is ""; give a text'),
    "long pattern": (
        {"multiline": Multiline.continues_with("a" * 501)},
        "has 501 characters, of which 500 are allowed",
    ),
    "pattern that could take long": (
        {"include": [LineFilter.pattern("(a+)+b")]},
        "include's pattern is .* takes up to .* steps",
    ),
    "pattern known only at deployment": (
        {"multiline": Multiline.continues_with(Fn.ref("Pattern"))},
        "multiline's pattern is a pattern known only at deployment",
    ),
    "lines joined to one": (
        {"multiline": Multiline.java(max_lines=1)},
        "multiline's maxLines is 1; .* from 2 to 400",
    ),
    "more ids than Mezmo takes": (
        {"multiline": Multiline.java(max_lines=401)},
        "multiline's maxLines is 401",
    ),
    "joined lines too small": (
        {"multiline": Multiline.java(max_bytes=Size.bytes(255))},
        "multiline's maxBytes is 255",
    ),
    "joined lines too far apart": (
        {"multiline": Multiline.java(max_gap=Duration.hours(2))},
        "multiline's maxGap is 7200000; .* from 0 to 3600000 milliseconds",
    ),
    "gap known only at deployment": (
        {"multiline": Multiline.java(max_gap=Duration.seconds(Token.as_number(Fn.ref("Gap"))))},
        "multiline's maxGap is known only at deployment",
    ),
    "no pattern to include": (
        {"include": [LineFilter.pattern("a)")]},
        r'include\'s pattern is "a\)", which has a "\)" too many',
    ),
    "no pattern to exclude": ({"exclude": [LineFilter.pattern(" ")]}, "exclude's pattern is"),
    "no level": ({"exclude": [LineFilter.level()]}, "exclude is of no level; give one"),
    "no field for the time": ({"timestamp_field": ""}, 'timestampField is ""; give a name'),
    "field known only at deployment": (
        {"timestamp_field": Fn.ref("Field")},
        "timestampField is a name known only at deployment; give a literal one",
    ),
    "more meta than Mezmo indexes": (
        {"meta": {f"field_{number}": "a" for number in range(51)}},
        "meta has 51 fields; give at most 50",
    ),
    "meta that says what the forwarder does": (
        {"meta": {"event_timestamp": "a"}},
        'meta holds "event_timestamp", which is a field of the forwarder',
    ),
    "no field": ({"exclude": [LineFilter.field("")]}, 'exclude\'s field is ""; give a name'),
    "no name of a field": (
        {"exclude": [LineFilter.field('a"b')]},
        "exclude's field is .* without quotation marks",
    ),
    "value known only at deployment": (
        {"include": [LineFilter.field("a", Fn.ref("Value"))]},
        'include\'s field "a" has a name or a value known only at deployment',
    ),
    "share beyond all": (
        {"sampling": [Sampling.share(10)]},
        "sampling's share is 10; give a number from 0 to 1",
    ),
    "share known only at deployment": (
        {"sampling": [Sampling.share(Token.as_number(Fn.ref("Share")))]},
        "sampling's share is known only at deployment",
    ),
    "no pattern to sample": (
        {"sampling": [Sampling.share(0.1, filter=LineFilter.pattern("("))]},
        "sampling's filter's pattern is",
    ),
    "half a retry": ({"retry_attempts": 1.5}, "retryAttempts is 1.5"),
    "environment over 4 KB": ({"environment": {"NOTE": "n" * 4000}}, r"environment has 4\d\d\d bytes.*4096"),
}


@pytest.mark.parametrize(("properties", "message"), REFUSED.values(), ids=REFUSED)
def test_refused_at_synthesis(make_forwarder: Make, properties: dict[str, Any], message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        make_forwarder(**properties)


def test_retention_beside_a_log_group_is_refused(stack: Stack, make_forwarder: Make) -> None:
    group = logs.LogGroup(stack, "Own")

    with pytest.raises(RuntimeError, match="logRetention is 7 beside a logGroup"):
        make_forwarder(log_group=group, log_retention=logs.RetentionDays.ONE_WEEK)


def test_key_as_plain_text_is_refused(make_forwarder: Make) -> None:
    with pytest.raises(TypeError, match="ingestion_key"):
        make_forwarder(ingestion_key="0123456789abcdef0123456789abcdef")


def test_environment_just_within_4_kb(stack: Stack, make_forwarder: Make) -> None:
    alone = UndeliveredStore.none()
    make_forwarder(undelivered_store=alone)
    used = sum(len(name) + len(value) for name, value in variables(stack).items())
    make_forwarder("Second", undelivered_store=alone, environment={"NN": "n" * (4096 - used - 2)})

    with pytest.raises(RuntimeError, match="environment has 4097 bytes"):
        make_forwarder("Third", undelivered_store=alone, environment={"NN": "n" * (4096 - used - 1)})


def test_dots_in_the_hostname_are_a_warning(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder(hostname="web.example.com")

    assert 'Mezmo cuts it at the first dot, to "web"' in warnings(stack)
    assert "mezmo-forwarder:dottedHostname" in warnings(stack)


def test_long_tags_are_a_warning(stack: Stack, make_forwarder: Make) -> None:
    make_forwarder(mezmo_tags=["t" * 40, "u" * 40])

    assert "mezmoTags are 81 characters in all" in warnings(stack)
    assert "mezmo-forwarder:longTags" in warnings(stack)


def test_warnings_can_be_acknowledged(stack: Stack, make_forwarder: Make) -> None:
    forwarder = make_forwarder(
        hostname="web.example.com", retry_attempts=0, undelivered_store=UndeliveredStore.none()
    )
    for identifier in ("mezmo-forwarder:dottedHostname", "mezmo-forwarder:zeroRetries"):
        Annotations.of(forwarder).acknowledge_warning(identifier, "known")

    assert warnings(stack) == ""


def test_tokens_pass_untouched(stack: Stack, make_forwarder: Make) -> None:
    def parameter(name: str, kind: str = "String") -> CfnParameter:
        return CfnParameter(stack, name, type=kind)

    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", parameter("Kept").value_as_string)
    make_forwarder(
        memory_size=parameter("Memory", "Number").value_as_number,
        hostname=parameter("Host").value_as_string,
        mezmo_tags=[parameter("Tag").value_as_string],
        function_name=parameter("Name").value_as_string,
        destination=MezmoDestination.log_analysis(url=parameter("Url").value_as_string),
        environment={"HTTPS_PROXY": parameter("Proxy").value_as_string},
        undelivered_store=UndeliveredStore.from_bucket(bucket),
    )

    function = only(stack, FUNCTION)
    assert function["MemorySize"] == {"Ref": "Memory"}
    assert function["FunctionName"] == {"Ref": "Name"}
    assert function["Environment"]["Variables"]["HTTPS_PROXY"] == {"Ref": "Proxy"}
    settings = str(function["Environment"]["Variables"]["MEZMO_FORWARDER_SETTINGS"])
    for name in ("Host", "Tag", "Url", "Kept"):
        assert f"{{'Ref': '{name}'}}" in settings
    assert warnings(stack) == ""
