"""Who wrote a line, by the names of log group and log stream and by what messages say."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.services.facts import Facts
from handler.services.recognition import Recognized, recognize
from handler.services.table import SERVICES
from tests.handler.recognition import META, Sample, meta_table, table
from tests.handler.recognition import services as samples_of_services
from tests.handler.services.readers import READERS, SAMPLES, assert_valid_facts


def assert_valid_names(found: Recognized) -> None:
    assert 1 <= len(found.hostname) <= 256
    assert "." not in found.hostname
    assert found.hostname == found.hostname.strip()
    assert found.hostname.isprintable()
    assert 1 <= len(found.app) <= 512
    assert found.app.isprintable()
    assert {type(value) for value in found.meta.values()} <= {str}
    assert {*found.meta} - {*META} == set(), "say in META of recognition.py what it is"
    assert found.names.items() <= found.meta.items()
    assert all(found.names.values())
    assert len(msgspec.json.encode(found.meta)) < 32_768


# Samples


@pytest.mark.parametrize(
    "sample", [pytest.param(sample, id=f"{service.service}-{sample.about}") for service, sample in SAMPLES]
)
def test_a_sample_is_recognized(sample: Sample) -> None:
    assert sample.outcome() == sample.expected
    found, messages = sample.recognized()
    assert_valid_names(found)
    for said in messages:
        assert_valid_facts(said)


def test_each_service_has_a_sample_and_each_sample_a_document() -> None:
    told = {sample.expected["service"] for _, sample in SAMPLES}
    assert told == {service.name for service in SERVICES} | {""}, "write the sample that is missing"
    for path, service in samples_of_services():
        assert path.stem == (service.service or "unknown")
        assert all(address.startswith("https://") for address in service.documents)
        assert service.documents


def test_each_engine_of_a_database_has_a_sample() -> None:
    told = {sample.expected["names"].get("engine", "") for _, sample in SAMPLES}
    assert told == {service.names.get("engine", "") for service in SERVICES}


def test_the_fields_of_meta_are_those_that_samples_show() -> None:
    assert {*META} == {field for _, sample in SAMPLES for field in sample.fields()}
    assert not [name for name in META if "." in name or name.startswith("tag_")], "that is a log group's"


def test_tables_show_every_sample_and_every_field() -> None:
    rows = table().splitlines()
    assert len(rows) == 2 + len(SAMPLES)
    assert {row.count(" | ") for row in rows[2:]} == {5}, "a message's own | is escaped"
    assert len(meta_table().splitlines()) == 2 + len(META)


# Names


@pytest.mark.parametrize(
    ("group", "stream", "app", "hostname"),
    [
        ("/shop", "", "shop", "shop"),
        ("/prod/shop.eu/", "a.b", "shop.eu", "prod/shop_eu"),
        ("", "", "unknown", "unknown"),
        ("///", "/", "unknown", "unknown"),
        ("...", "", "...", "___"),
        ("a\x00b\u2028c", "", "a_b_c", "a_b_c"),
        ("\ud800", "", "_", "_"),
        ("/aws/lambda/", "", "lambda", "lambda"),
        ("/aws/lambda/{function}", "", "{function}", "{function}"),
        ("/aws/lambda/a/b", "", "b", "lambda/a/b"),
        ("x" * 600, "y" * 600, "x" * 512, "x" * 256),
        ("x" * 255 + " y", "", "x" * 255 + " y", "x" * 255),
        ("/aws/lambda/f", "2026/11/23/[$LATEST]not-an-id", "f", "f"),
        ("any", "2026/11/23/[$LATEST]" + "a" * 32, "any", "any"),
        ("any", "eni-0a1b-rejected", "any", "any"),
        ("any", "web/" + "a" * 32, "any", "any"),
    ],
)
def test_names(group: str, stream: str, app: str, hostname: str) -> None:
    found = recognize(group, stream)
    assert (found.app, found.hostname) == (app, hostname)
    assert_valid_names(found)


_ID = "6b1e6ddf8c8f4b7a9d0c1e2f3a4b5c6d"
_LOG_FILE = f"var.log.containers.web-1_shop_web-{_ID}{_ID}.log"


@pytest.mark.parametrize(
    ("group", "stream", "service", "app", "hostname"),
    [
        ("/aws/lambda/a.b", "", "lambda", "a.b", "a_b"),
        ("any", f"2026/11/23/f[1]{_ID}", "lambda", "f", "f"),
        ("any", "2026/11/23/f[1][short]", "", "any", "any"),
        ("any", f"2026/11/23/[a/b]{_ID}", "", "any", "any"),
        ("any", f"26/11/23/[1]{_ID}", "", "any", "any"),
        ("/aws/eks/prod/cluster", "a stream to come", "eks-control-plane", "eks-control-plane", "prod"),
        ("/aws/containerinsights/prod/prometheus", "x", "container-insights", "container-insights", "prod"),
        ("/aws/containerinsights/prod/application", "x", "eks", "application", "prod"),
        ("/aws/containerinsights/prod/dataplane", f"n-dataplane.tail.{_LOG_FILE}", "eks", "web", "prod"),
        ("/aws/containerinsights/prod/dataplane", "n-dataplane.systemd.docker", "eks", "docker", "prod"),
        ("/aws/containerinsights/prod/host", "n.eu.host.dmesg", "eks", "dmesg", "prod"),
        ("/aws/eks/fluentbit-cloudwatch/logs", "x", "eks", "logs", "eks/fluentbit-cloudwatch/logs"),
        (
            "/aws/eks/fluentbit-cloudwatch/workload/shop",
            "x",
            "eks",
            "shop",
            "eks/fluentbit-cloudwatch/workload/shop",
        ),
        ("/aws/eks/prod/workloads", "x", "eks", "workloads", "prod"),
        ("any", _LOG_FILE.replace(_ID, "short"), "", "any", "any"),
        ("any", _LOG_FILE.replace("shop", "s_h"), "", "any", "any"),
        ("/aws/apigateway/a1b2c3/prod", "x", "api-gateway", "a1b2c3/prod", "a1b2c3"),
        ("/aws/api-gateway/shop", "x", "api-gateway", "shop", "shop"),
        ("/aws/http-api/shop", "x", "api-gateway", "shop", "shop"),
        ("/aws/vendedlogs/apigateway/shop", "x", "api-gateway", "shop", "shop"),
        ("/aws/rds/instance/shop/upgrade", "shop", "rds", "rds-upgrade", "shop"),
        ("/aws/rds/instance/erp/oemagent", "erp", "rds", "rds-oemagent", "erp"),
        ("/aws/rds/instance/dwh/notify.log", "dwh", "rds", "rds-notify.log", "dwh"),
        ("/aws/rds/cluster/shop/instance", "shop", "rds", "rds-instance", "shop"),
        ("/aws/rds/cluster/shop/iam-db-auth-error", "shop", "rds", "rds-iam-db-auth-error", "shop"),
        ("any", "12345_CloudTrail_eu-west-3", "", "any", "any"),
        ("any", "123456789012_CloudTrail_nowhere", "", "any", "any"),
        ("/aws/vendedlogs/states/Pay", "x", "step-functions", "Pay", "Pay"),
        ("any", "states/Pay/2026-11-23-10-00/0a1b", "step-functions", "Pay", "Pay"),
        (
            "/aws/vendedlogs/route53resolver/shop",
            "x",
            "route53-resolver",
            "route53-resolver",
            "vendedlogs/route53resolver/shop",
        ),
        ("/aws/batch/job", "x", "batch", "batch", "batch"),
        ("/ecs/prod/shop", "x", "ecs", "shop", "prod/shop"),
        ("/ecs/prod/shop", f"ecs/web/{_ID}", "ecs", "web", "prod/shop"),
        ("any", f"ecs/web/{_ID}0", "", "any", "any"),
        ("x" * 1024, f"2026/11/23/f[1]{_ID}", "lambda", "f", "f"),
    ],
)
def test_services_by_their_names(group: str, stream: str, service: str, app: str, hostname: str) -> None:
    found = recognize(group, stream)
    assert (found.service, found.app, found.hostname) == (service, app, hostname)
    assert_valid_names(found)


def test_names_that_are_longer_than_aws_has_them_are_not_looked_at() -> None:
    stream = "states/Pay/" + "x" * 1013
    assert recognize("any", stream).service == "step-functions"
    assert recognize("any", stream + "x").service == ""


def test_an_id_that_does_not_look_like_one_is_left_out() -> None:
    assert recognize("/aws/codebuild/shop", "x").meta == {"aws_service": "codebuild", "project": "shop"}


def test_no_id_is_among_the_names_or_in_app_and_hostname() -> None:
    for _, sample in SAMPLES:
        found = recognize(sample.logGroup, sample.logStream)
        ids = {
            value for name, value in found.meta.items() if name not in found.names and name != "aws_service"
        }
        assert not ids & {*found.names.values()} - {found.names.get("database")}
        assert all(len(value) < 12 or value not in found.app + found.hostname for value in ids), sample.about


_PARTS = st.sampled_from(
    sorted(
        {
            part
            for _, sample in SAMPLES
            for name in (sample.logGroup, sample.logStream)
            for part in name.split("/")
        }
    )
)
_NAMES = st.lists(
    _PARTS | st.text(max_size=5) | st.sampled_from(["/", ".", "aws", "\ud800"]), max_size=8
).flatmap(lambda parts: st.sampled_from(["/", "", ".", "-"]).map(lambda glue: glue.join(parts)))


def _blown_up(value: object) -> object:
    if isinstance(value, dict):
        return {name: _blown_up(inner) for name, inner in value.items()}
    return "\x01" * 2000 if isinstance(value, str) else value


def test_the_largest_meta_is_far_from_what_mezmo_takes() -> None:
    name = "\x01" * 400
    for _, sample in SAMPLES:
        large = Sample(
            sample.about,
            sample.logGroup + name,
            sample.logStream.removesuffix("-all") + name,
            [_blown_up(message) for message in sample.messages if isinstance(message, dict)],  # type: ignore[misc]
        )
        found, _ = large.recognized()
        for literal in large.literals:
            for read in READERS.values():
                said = read(literal) or Facts()
                assert len(msgspec.json.encode({**found.meta, **said.meta})) < 24_000


@given(_NAMES | st.text(), _NAMES | st.text())
def test_any_names_give_names_that_mezmo_takes(group: str, stream: str) -> None:
    assert_valid_names(recognize(group, stream))


@pytest.mark.parametrize(
    "unit",
    [
        "/",
        "a/",
        "-firelens-",
        "var.log.containers.",
        "_",
        "2026/11/23/[",
        "-application.var.log.containers.a_b_c-",
        "x",
    ],
)
def test_names_of_any_length_take_no_time(unit: str) -> None:
    long = unit * (1_000_000 // len(unit))
    assert_valid_names(recognize(long, long))
    assert_valid_names(recognize(unit * (1000 // len(unit)), unit * (1000 // len(unit))))
