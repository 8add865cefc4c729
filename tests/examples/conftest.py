"""The examples, each synthesized once; and one local AWS with one local Mezmo, to deploy them there."""

import os
from collections.abc import Callable, Iterator
from operator import itemgetter
from pathlib import Path

import pytest

# A validation engine of newer aws-cdk-lib that takes two seconds; tests/pipeline synthesizes with it.
os.environ.setdefault("CDK_VALIDATION", "false")

from local.aws import LocalAws
from local.aws.local_aws import ACCOUNT
from local.mezmo import MezmoStandIn
from tests.examples.readme_way import ReadmeWay
from tests.examples.synthesized import Example, synthesize
from tests.examples.terminal import Terminal
from tests.pipeline.whole_way import KEY, make_secret, mezmo_is_here

SENDING = "222222222222"  # the other account of two
Synthesized = Callable[[str], Example]
Deploy = Callable[..., ReadmeWay]


@pytest.fixture(scope="session")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """Synthesize an example, the first time that it is asked for."""
    made: dict[str, Example] = {}

    def once(name: str) -> Example:
        if name not in made:
            made[name] = synthesize(name, tmp_path_factory.mktemp(name) / "cdk.out")
        return made[name]

    return once


@pytest.fixture(scope="session")
def mezmo() -> Iterator[MezmoStandIn]:
    with MezmoStandIn(keys={KEY}) as stand_in:
        yield stand_in


@pytest.fixture(scope="session")
def aws(mezmo: MezmoStandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """A local AWS whose functions find Mezmo here."""
    directory = tmp_path_factory.mktemp("aws")
    with LocalAws.from_environment(
        directory,
        trusted=mezmo.ca_file,
        function_prelude=mezmo_is_here(mezmo, tmp_path_factory.mktemp("prelude")),
        authorize=True,
    ) as local:
        yield local


@pytest.fixture(scope="session")
def account(aws: LocalAws, synthesized: Synthesized, tmp_path_factory: pytest.TempPathFactory) -> LocalAws:
    """The same after what each README begins with: the secret, and `cdk bootstrap`."""
    make_secret(aws, "MezmoIngestionKey")
    assembly = synthesized("quickstart").assembly
    aws.cdk("bootstrap", app=str(assembly), cwd=tmp_path_factory.mktemp("bootstrap"))
    return aws


@pytest.fixture(scope="session")
def terminal(aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A reader's, with the two accounts that a README may name."""
    accounts = {"receiving": ACCOUNT, "sending": SENDING}
    return Terminal(aws, tmp_path_factory.mktemp("terminal"), accounts)


@pytest.fixture
def deploy(
    aws: LocalAws, mezmo: MezmoStandIn, terminal: Terminal, synthesized: Synthesized, tmp_path: Path
) -> Iterator[Deploy]:
    """Follow an example's README, with the log groups there that it does not make; clear up afterwards."""
    made: list[str] = []
    forget_secrets(aws)

    def one(name: str, **values: str) -> ReadmeWay:
        for group in sorted(synthesized(name).log_groups_of_others - set(made)):
            aws.client("logs").create_log_group(logGroupName=group)
            made.append(group)
        way = ReadmeWay(aws, mezmo, terminal, name, tmp_path, **values)
        way.deploy()
        return way

    yield one
    formation = aws.client("cloudformation")
    stacks = sorted(formation.describe_stacks()["Stacks"], key=itemgetter("CreationTime"), reverse=True)
    for stack in stacks[:-1]:  # not by the CLI, which takes seconds, and not CDKToolkit
        formation.delete_stack(StackName=stack["StackName"])
        waiter = formation.get_waiter("stack_delete_complete")
        waiter.wait(StackName=stack["StackName"], WaiterConfig={"Delay": 0.2})
    for group in made:
        aws.client("logs").delete_log_group(logGroupName=group)


def forget_secrets(aws: LocalAws) -> None:
    """Delete all secrets, for a README begins without."""
    secrets = aws.client("secretsmanager")
    for secret in secrets.list_secrets()["SecretList"]:
        secrets.delete_secret(SecretId=secret["ARN"], ForceDeleteWithoutRecovery=True)
