"""Each role has all that it needs, and nothing that it does not: the policies are enforced here."""

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest

from local.aws import LocalAws
from local.mezmo import Answer, MezmoStandIn, PartialAnswer
from tests.pipeline.whole_way import KEY, WholeWay
from tests.security.canary import holds

pytestmark = pytest.mark.slow

Deploy = Callable[..., WholeWay]
Policy = dict[str, Any]

PATIENCE = 8.0
SIGNS = ("DENIED: ", "its output is lost", "LOST")


class Pipeline:
    """The deployed forwarder, all of whose ways can be gone again and again."""

    def __init__(self, way: WholeWay, mezmo: MezmoStandIn) -> None:
        self.way = way
        self.mezmo = mezmo
        outputs = way.outputs("Privileges")
        self.bucket = outputs["Bucket"]
        self.functions = {"forwarder": outputs["Function"], "re-drive": outputs["Redrive"]}
        self._runs = 0

    def policy(self, function: str) -> tuple[str, str, Policy]:
        """Return role, name and document of the one policy of a function's role."""
        configuration = self.way.aws.client("lambda").get_function_configuration(
            FunctionName=self.functions[function]
        )
        role = configuration["Role"].rsplit("/", 1)[-1]
        iam = self.way.aws.client("iam")
        (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        return role, name, json.loads(document) if isinstance(document, str) else document

    @contextlib.contextmanager
    def without(self, function: str, number: int, action: str) -> Iterator[None]:
        """Take an action from a statement of a function's role; a new process reads the key anew."""
        role, name, document = self.policy(function)
        less = deepcopy(document)
        left = [one for one in actions_of(less["Statement"][number]) if one != action]
        less["Statement"][number]["Action"] = left
        if not left:
            del less["Statement"][number]
        iam = self.way.aws.client("iam")
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(less))
        self.start_anew()
        try:
            yield
        finally:
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))
            self.start_anew()
            self.mezmo.faults.clear()

    def start_anew(self) -> None:
        """Have no process of either function."""
        for name in self.functions.values():
            for process in self.way.aws.function_processes(name):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)

    def run(self) -> list[str]:
        """Go every way: direct, stored, rejected, by the stream, sent again; return what went wrong."""
        self._runs += 1
        begun = self.way.aws.log.stat().st_size
        wrong: list[str] = []

        def see(happened: Callable[[], object], what: str) -> None:
            end = time.monotonic() + PATIENCE
            while not happened():
                if time.monotonic() > end or self.signs(begun):
                    wrong.append(f"no {what}")
                    break
                time.sleep(0.1)

        def arrived(text: str) -> bool:
            return any(line.line == text for line in self.mezmo.lines)

        def text(kind: str) -> str:
            return f"INFO {kind} {self._runs}"

        self.mezmo.faults.clear()
        self.way.write("/privileges/direct", text("direct"))
        see(lambda: arrived(text("direct")), "delivery")
        self.way.write("/privileges/stream", text("stream"))
        see(lambda: arrived(text("stream")), "delivery from the stream")
        self.mezmo.faults.script([PartialAnswer([200, 400])])
        self.way.write("/privileges/direct", text("good"), text("bad"))
        see(lambda: self.way.keys(self.bucket, "rejected/"), "object in rejected/")
        self.mezmo.faults.always(Answer(403))
        self.way.write("/privileges/direct", text("stored"))
        see(lambda: self.way.keys(self.bucket, "undelivered/"), "object in undelivered/")
        self.mezmo.faults.clear()
        for command in ({}, {"prefix": "rejected/"}):
            try:
                self.way.invoke(self.functions["re-drive"], {"mezmo_forwarder": "redrive", **command})
            except AssertionError as error:
                wrong.append(str(error))
        see(lambda: arrived(text("stored")) and arrived(text("bad")), "delivery by the re-drive")
        see(lambda: not self.way.keys(self.bucket, "undelivered/"), "empty store")
        self.put_destination_again(wrong)
        return wrong + self.signs(begun)

    def put_destination_again(self, wrong: list[str]) -> None:
        """Have Lambda look whether the role may write its failure records, as at a deployment."""
        client = self.way.aws.client("lambda")
        name = self.functions["forwarder"]
        now = client.get_function_event_invoke_config(FunctionName=name)
        try:
            client.put_function_event_invoke_config(
                FunctionName=name, DestinationConfig=now["DestinationConfig"], MaximumRetryAttempts=0
            )
        except client.exceptions.InvalidParameterValueException as error:
            wrong.append(str(error))

    def signs(self, begun: int) -> list[str]:
        """Return what the local AWS says that a role lacked."""
        written = self.way.aws.log.read_bytes()[begun:].decode(errors="replace")
        return [line for line in written.splitlines() if any(sign in line for sign in SIGNS)]

    def empty(self) -> None:
        """Leave nothing of a run that went wrong."""
        for key in self.way.keys(self.bucket):
            self.way.aws.client("s3").delete_object(Bucket=self.bucket, Key=key)


@pytest.fixture(scope="module")
def pipeline(aws: LocalAws, mezmo: MezmoStandIn, module_whole_way: Deploy) -> Pipeline:
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    secret = aws.client("secretsmanager").create_secret(
        Name="privileges-key", SecretString=json.dumps({"LOGDNA_KEY": KEY}), KmsKeyId=key
    )
    way = module_whole_way("privileges.py", **{"secret": secret["ARN"], "secret-key": key})
    return Pipeline(way, mezmo)


def actions_of(statement: Policy) -> list[str]:
    """Return a statement's actions, of which one alone may be no list."""
    actions: str | list[str] = statement["Action"]
    return [actions] if isinstance(actions, str) else actions


def word_of(action: str) -> str:
    """Return what tells that an action is missing, and not what a run before it left behind."""
    # Lambda reads the stream, and without the right to it says nothing.
    return "no delivery from the stream" if action.startswith("kinesis:") else action.partition(":")[2]


def test_the_roles_are_enough_for_every_way(pipeline: Pipeline) -> None:
    pipeline.start_anew()

    assert pipeline.run() == []


def test_without_any_action_of_any_statement_something_fails(pipeline: Pipeline) -> None:
    """One after the other, so that the whole is deployed once."""
    for function in pipeline.functions:
        _, _, document = pipeline.policy(function)
        taken = [
            (number, action) for number, one in enumerate(document["Statement"]) for action in actions_of(one)
        ]
        for number, action in taken:
            with pipeline.without(function, number, action):
                wrong = pipeline.run()
            pipeline.empty()
            signs = [text for text in wrong if word_of(action) in text]
            print(f"{function} without {action}: {[*signs, 'nothing of that fails'][0]}")
            assert signs, f"the {function} needs no {action}: {wrong}"
    assert pipeline.run() == []


def test_the_key_is_nowhere_after_all_that(pipeline: Pipeline) -> None:
    """In what AWS's runtime printed, in metrics, configurations, templates and objects."""
    aws = pipeline.way.aws
    logs = aws.client("logs")
    places: dict[str, bytes | str] = {
        "template": str(aws.client("cloudformation").get_template(StackName="Privileges")),
        "outputs": str(pipeline.way.outputs("Privileges")),
    }
    for group in logs.describe_log_groups()["logGroups"]:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
        texts = [event["message"] for page in pages for event in page["events"]]
        places[group["logGroupName"]] = "\n".join(texts)
    for name in pipeline.functions.values():
        configuration = aws.client("lambda").get_function_configuration(FunctionName=name)
        places[name] = str(configuration)
    for key in pipeline.way.keys(pipeline.bucket):
        places[key] = aws.client("s3").get_object(Bucket=pipeline.bucket, Key=key)["Body"].read()

    assert sum("AccessDenied" in str(data) for data in places.values()) >= 1, "what failed was told"
    assert [place for place, data in places.items() if holds(data, KEY)] == []
