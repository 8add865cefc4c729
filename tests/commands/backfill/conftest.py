"""One local AWS for all that calls AWS, and the command's own session in it."""

from collections.abc import Iterator

import pytest

from local.aws import LocalAws
from mezmo_forwarder_commands.aws_session import AwsSession


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with LocalAws.from_environment(tmp_path_factory.mktemp("aws")) as local:
        yield local


@pytest.fixture
def session(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> AwsSession:
    for name, value in aws.environment.items():
        if name.startswith("AWS_") or name.lower() == "no_proxy":
            monkeypatch.setenv(name, value)
    return AwsSession()
