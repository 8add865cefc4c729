"""The command: what it is given, finds and prints, with AWS by a script."""

import json

import pytest

from mezmo_forwarder_commands import aws_session
from mezmo_forwarder_commands.__main__ import main
from mezmo_forwarder_commands.doctor import calls as calls_module
from mezmo_forwarder_commands.doctor.deployment import find
from mezmo_forwarder_commands.errors import CommandError
from tests.commands.doctor.scripted import (
    ARN,
    KEY,
    NOW,
    Json,
    ScriptedCalls,
    function,
    redrive,
)

Output = pytest.CaptureFixture[str]
ABSENT = "ResourceNotFoundException"
LISTED = [function(), redrive(), function("other", settings=None)]


class ScriptedFunctions(ScriptedCalls):
    """Knows functions by their names, and one stack of them."""

    def __init__(self, *names: str, stack: str = "MezmoLogs") -> None:
        known = {one.name: one for one in LISTED} | {"second": function("second")}
        self._functions = [known[name] for name in names]
        self._stack = stack
        super().__init__()
        self.answers["lambda", "list_functions"] = {
            "Functions": [one.configuration for one in self._functions]
        }

    def call(self, service: str, method: str, **parameters: object) -> Json:
        if method == "get_function_configuration":
            for one in self._functions:
                if one.name == parameters["FunctionName"]:
                    return one.configuration
            self.answers[service, method] = ABSENT
        if method == "list_stack_resources" and parameters["StackName"] == self._stack:
            kind = "AWS::Lambda::Function"
            return {
                "StackResourceSummaries": [
                    {"LogicalResourceId": one.name, "PhysicalResourceId": one.name, "ResourceType": kind}
                    for one in self._functions
                ]
            }
        if method in ("list_stack_resources", "describe_stacks"):
            outputs = [{"OutputKey": "FunctionName", "OutputValue": "forwarder"}]
            if method == "describe_stacks" and parameters["StackName"] == self._stack:
                return {"Stacks": [{"Outputs": outputs}]}
            self.answers[service, method] = "ValidationError"
        return super().call(service, method, **parameters)


def found(name: str, *functions: str) -> str:
    return find(ScriptedFunctions(*functions), name, NOW).function.name  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name", ["forwarder", ARN, f"{ARN}:live", "MezmoLogs", "MezmoLogs.FunctionName", "again"]
)
def test_every_name_of_a_forwarder(name: str) -> None:
    assert found(name, "forwarder", "again", "other") == "forwarder"


@pytest.mark.parametrize(
    ("name", "functions", "text"),
    [
        ("nobody", ["forwarder"], "neither a function nor a stack 'nobody' in eu-west-3"),
        ("MezmoLogs", ["other"], "stack MezmoLogs has no forwarder"),
        ("MezmoLogs", ["forwarder", "second"], "name the function: forwarder, second"),
        ("MezmoLogs.Nothing", ["forwarder"], "has no output 'Nothing'; it has: FunctionName"),
        ("MezmoLogs.FunctionName", ["other"], "is 'forwarder', which is no function's name"),
        ("again", ["again"], "is the re-drive of 'forwarder', which is not there"),
    ],
)
def test_what_is_no_forwarder(name: str, functions: list[str], text: str) -> None:
    with pytest.raises(CommandError, match=text):
        found(name, *functions)


def test_who_may_not_look_it_up() -> None:
    with pytest.raises(CommandError, match="may not lambda:GetFunctionConfiguration; allow it"):
        find(ScriptedCalls(), "forwarder", NOW)  # type: ignore[arg-type]


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedFunctions:
    calls = ScriptedFunctions("forwarder", "again", "other")
    monkeypatch.setattr(calls_module, "Calls", lambda _session: calls)
    monkeypatch.setattr(aws_session, "AwsSession", lambda **_options: None)
    return calls


def test_without_a_name_they_are_listed(scripted: ScriptedFunctions, capsys: Output) -> None:
    assert main(["doctor"]) == 0
    assert capsys.readouterr().out == "forwarder\n"
    assert main(["doctor", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"forwarders": ["forwarder"]}

    scripted.answers["lambda", "list_functions"] = {"Functions": []}
    assert main(["doctor"]) == 2
    assert "there is no forwarder in eu-west-3; give --region" in capsys.readouterr().err


def test_text_and_exit_status(scripted: ScriptedFunctions, capsys: Output) -> None:
    assert main(["doctor", "forwarder", "--offline"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("forwarder  of no known stack, eu-west-3, account 123456789012\n\nfunction\n")
    assert (
        "  could not tell  concurrency       these credentials may not lambda:GetFunctionConcurrency\n"
        in printed
    )
    assert "→ allow lambda:GetFunctionConcurrency\n" in printed
    assert "\x1b" not in printed
    assert KEY not in printed

    scripted.answers["lambda", "get_policy"] = {"Policy": '{"Statement": []}'}
    assert main(["doctor", "forwarder", "--offline", "--color", "always"]) == 1
    printed = capsys.readouterr().out
    assert "\x1b[1;31mbroken        \x1b[0m  invocation" in printed
    assert printed.splitlines()[-1].startswith("\x1b[1;31m1 broken\x1b[0m · ")


def test_what_a_log_holds_does_nothing_to_the_terminal(scripted: ScriptedFunctions, capsys: Output) -> None:
    message = json.dumps({"level": "ERROR", "message": "\x1b[2Jgone\nnext"})
    scripted.answers["logs", "filter_log_events"] = {"events": [{"message": message}]}

    assert main(["doctor", "forwarder", "--offline"]) == 0
    assert "\\e[2Jgone\\nnext" in capsys.readouterr().out


def test_json(scripted: ScriptedFunctions, capsys: Output) -> None:
    assert main(["doctor", "MezmoLogs", "--offline", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)

    assert (document["function"], document["stack"]) == ("forwarder", "MezmoLogs")
    assert document["verdict"] == "could not tell"
    assert {"area", "check", "verdict", "text", "remedy"} == set(document["findings"][0])
    assert scripted.made[-1] == ("logs", "filter_log_events")
