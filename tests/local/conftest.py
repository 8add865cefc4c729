"""One local AWS for each module that does not want one of its own."""

from collections.abc import Iterator

import pytest

from local.aws import LocalAws

RETRY_DELAY = 0.05  # seconds that a minute of Lambda's waits lasts


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """An empty one. What all tests of a module need, its own fixture `aws` puts there, by asking for this."""
    with LocalAws.from_environment(tmp_path_factory.mktemp("aws"), retry_delay=RETRY_DELAY) as aws:
        yield aws
