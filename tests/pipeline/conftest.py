"""One local AWS and one local Mezmo for all tests of the whole way."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.aws import LocalAws
from local.mezmo import MezmoStandIn
from tests.pipeline.whole_way import KEY, WholeWay, mezmo_is_here

Deploy = Callable[..., WholeWay]
APPS = Path(__file__).parent / "apps"


@pytest.fixture(scope="session")
def mezmo() -> Iterator[MezmoStandIn]:
    with MezmoStandIn(keys={KEY}) as stand_in:
        yield stand_in


@pytest.fixture(scope="session")
def aws(mezmo: MezmoStandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    directory = tmp_path_factory.mktemp("aws")
    # A schedule of a minute fires every three seconds.
    with LocalAws.from_environment(
        directory,
        trusted=mezmo.ca_file,
        schedule_scale=0.05,
        authorize=True,
        function_prelude=mezmo_is_here(mezmo, tmp_path_factory.mktemp("prelude")),
    ) as local:
        local.cdk("bootstrap", app=f"{sys.executable} quickstart.py", cwd=APPS)
        yield local


@pytest.fixture
def whole_way(aws: LocalAws, mezmo: MezmoStandIn, tmp_path: Path) -> Iterator[Deploy]:
    """Deploy an app of `apps/`; all its stacks are destroyed afterwards."""
    with deploying(aws, mezmo, tmp_path) as deploy:
        yield deploy


@pytest.fixture(scope="module")
def module_whole_way(
    aws: LocalAws, mezmo: MezmoStandIn, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deploy]:
    """The same for all tests of a module."""
    with deploying(aws, mezmo, tmp_path_factory.mktemp("app")) as deploy:
        yield deploy


@contextmanager
def deploying(aws: LocalAws, mezmo: MezmoStandIn, directory: Path) -> Iterator[Deploy]:
    deployed: list[WholeWay] = []

    def deploy(app: str, **context: str) -> WholeWay:
        way = WholeWay(aws, mezmo, f"{sys.executable} {APPS / app}", directory)
        deployed.append(way)
        way.deploy(**context)
        return way

    yield deploy
    for way in deployed:
        way.destroy()
