"""A deployed forwarder: found by the name of its function, or of its stack, or of an output of that."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from handler.errors import SettingsError
from handler.settings import VARIABLE, Settings, read_settings
from mezmo_forwarder_commands.errors import CommandError

from .calls import CallError, Calls, Json
from .stack import Stack, outputs_of

_FUNCTION_ARN = re.compile(r"arn:[\w-]+:lambda:[\w-]+:\d{12}:function:([\w-]+)(:.*)?")
_ABSENT_STACK = "ValidationError"  # of a stack that does not exist


@dataclass(frozen=True)
class Function:
    """A Lambda function, as its configuration describes it."""

    configuration: Json

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.configuration["FunctionName"])

    @property
    def arn(self) -> str:
        """Its ARN, without a version."""
        return ":".join(str(self.configuration["FunctionArn"]).split(":")[:7])

    @property
    def environment(self) -> dict[str, str]:
        """Its variables; the key may be among them, so they are shown nowhere."""
        found: dict[str, str] = self.configuration.get("Environment", {}).get("Variables", {})
        return found

    @property
    def log_group(self) -> str:
        """The log group that it writes to."""
        return str(self.configuration.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{self.name}")

    @property
    def document(self) -> Json | None:
        """The handler's settings, before they are checked; None if there are none, or they are not JSON."""
        try:
            found = json.loads(self.environment[VARIABLE])
        except (KeyError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    @property
    def what(self) -> str:
        """What it is, in words."""
        return "the re-drive" if self.redrives else "the function"

    @property
    def redrives(self) -> str | None:
        """The name of the function whose re-drive this is, if it is one."""
        redrive = (self.document or {}).get("redrive")
        return str(redrive["function"]) if isinstance(redrive, dict) and "function" in redrive else None


@dataclass
class Deployment:
    """A deployed forwarder, and how AWS is asked about it.

    Args:
        calls: how AWS is asked.
        function: the function that CloudWatch Logs invokes.
        stack: the stack that it is of; None if it is of none, or which is not known.
        redrive: the re-drive's function; None if there is none, or it is not known.
        now: the time of day in seconds.
    """

    calls: Calls
    function: Function
    stack: Stack | None
    redrive: Function | None
    now: float

    @property
    def partition(self) -> str:
        """The part of AWS that it is in."""
        return self.function.arn.split(":")[1]

    @property
    def account(self) -> str:
        """The account that it is in."""
        return self.function.arn.split(":")[4]

    @property
    def runs_our_handler(self) -> bool:
        """Whether it runs our handler; a vendor's code otherwise."""
        return VARIABLE in self.function.environment or self.function.configuration.get(
            "Handler", ""
        ).startswith("handler.app.")

    @cached_property
    def settings(self) -> Settings:
        """The settings of our handler, as it reads them.

        Raises:
            SettingsError: it would not read them.
        """
        document = self.function.document
        environment = self.function.environment
        if document is not None:
            document.pop("subscriptions_file", None)  # it lies beside the code
            environment = {**environment, VARIABLE: json.dumps(document)}
        return read_settings({**environment, "AWS_REGION": self.calls.region})

    @property
    def known_settings(self) -> Settings | None:
        """The settings, if there are any that can be read."""
        try:
            return self.settings if self.runs_our_handler else None
        except SettingsError:
            return None

    @property
    def bucket(self) -> str | None:
        """The store's bucket, if there is one."""
        documents = (one.document for one in (self.function, self.redrive) if one)
        for document in documents:
            store = (document or {}).get("store")
            if isinstance(store, dict) and isinstance(store.get("bucket"), str):
                return str(store["bucket"])
        return None

    @property
    def functions(self) -> list[Function]:
        """The forwarder's functions."""
        return [self.function, *([self.redrive] if self.redrive else [])]


def find(calls: Calls, name: str, now: float) -> Deployment:
    """Return the forwarder of that name.

    Args:
        calls: how AWS is asked.
        name: of the function, or its ARN; of the stack; or `<stack>.<output>`, which names it.
        now: the time of day in seconds.

    Raises:
        CommandError: there is none of that name, or several.
    """
    try:
        function = _of_function(calls, name)
        if function is None and "." in name:
            function = _of_output(calls, name)
        if function:
            return _deployment(calls, function, _stack_of(calls, function), now)
        stack = Stack(name, calls)
        return _deployment(calls, _of_stack(stack), stack, now)
    except CallError as error:
        if error.denied:
            raise CommandError(
                f"{name!r} was not looked up: these credentials may not {error.action}; allow it "
                "(docs/how-to/doctor.md has a policy)"
            ) from error
        raise CommandError(f"{name!r} was not looked up: {error}") from error


def candidates(calls: Calls) -> list[Function]:
    """Return the functions of this region that are forwarders, as far as their settings tell.

    Raises:
        CommandError: they cannot be listed.
    """
    try:
        functions = [Function(one) for one in calls.pages("lambda", "list_functions", "Functions")]
    except CallError as error:
        raise CommandError(f"the functions of {calls.region} cannot be listed: {error}") from error
    return _forwarders(functions)


def _forwarders(functions: Iterable[Function]) -> list[Function]:
    """Return those that forward; of a vendor's, those whose re-drive names them."""
    functions = list(functions)
    redriven = {one.redrives for one in functions} - {None}
    return [
        one
        for one in functions
        if one.redrives is None and (VARIABLE in one.environment or one.name in redriven)
    ]


def _of_function(calls: Calls, name: str) -> Function | None:
    if found := _FUNCTION_ARN.fullmatch(name):
        name = found[1]
    elif not re.fullmatch(r"[\w-]{1,64}", name):
        return None
    try:
        return Function(calls.call("lambda", "get_function_configuration", FunctionName=name))
    except CallError as error:
        if error.absent:
            return None
        raise


def _of_output(calls: Calls, name: str) -> Function:
    stack, _, output = name.partition(".")
    outputs = outputs_of(Stack(stack, calls))
    if output not in outputs:
        raise CommandError(f"stack {stack} has no output {output!r}; it has: {', '.join(outputs) or 'none'}")
    function = _of_function(calls, outputs[output])
    if function is None:
        raise CommandError(
            f"output {output!r} of stack {stack} is {outputs[output]!r}, which is no function's name"
        )
    return function


def _of_stack(stack: Stack) -> Function:
    name, region = stack.name, stack.calls.region
    try:
        functions = _functions_of(stack)
    except CallError as error:
        if error.code != _ABSENT_STACK:
            raise
        raise CommandError(
            f"there is neither a function nor a stack {name!r} in {region}; `mezmo-forwarder doctor` lists "
            "the forwarders that there are; or give --region"
        ) from error
    found = _forwarders(functions)
    if not found:
        raise CommandError(f"stack {name} has no forwarder; name its function, or another stack")
    if len(found) > 1:
        names = ", ".join(one.name for one in found)
        raise CommandError(f"stack {name} has several forwarders; name the function: {names}")
    return found[0]


def _functions_of(stack: Stack) -> list[Function]:
    return [
        found
        for part in stack.tree
        for resource in part.of_type("AWS::Lambda::Function")
        if (found := _of_function(stack.calls, resource.physical_id))
    ]


def _deployment(calls: Calls, function: Function, stack: Stack | None, now: float) -> Deployment:
    if function.redrives:
        forwarder = _of_function(calls, function.redrives)
        if forwarder is None:
            raise CommandError(
                f"{function.name} is the re-drive of {function.redrives!r}, which is not there; "
                "deploy the stack again"
            )
        function = forwarder
    try:
        beside = _functions_of(stack) if stack else []
    except CallError as error:
        if not error.denied:
            raise
        beside = []
    redrive = next((one for one in beside if one.redrives == function.name), None)
    return Deployment(calls, function, stack, redrive, now)


def _stack_of(calls: Calls, function: Function) -> Stack | None:
    """Return the stack that a function is of."""
    try:
        answer = calls.call("cloudformation", "describe_stack_resources", PhysicalResourceId=function.name)
    except CallError as error:
        if error.denied or error.code == _ABSENT_STACK:
            return None
        raise
    names = {one["StackName"] for one in answer["StackResources"]}
    return Stack(names.pop(), calls) if names else None
