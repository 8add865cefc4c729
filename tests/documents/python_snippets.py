"""Runs a document's Python against the bindings, and synthesizes what it made."""

import ast
import builtins
import importlib
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import create_autospec

# A validation engine of newer aws-cdk-lib that takes two seconds; tests/pipeline synthesizes with it.
os.environ.setdefault("CDK_VALIDATION", "false")

import aws_cdk
import botocore.session  # type: ignore[import-untyped]  # it ships no types
from aws_cdk import App, Environment, Stack
from aws_cdk.aws_ec2 import Vpc
from aws_cdk.aws_kinesis import Stream
from aws_cdk.aws_lambda import Code, Function, Runtime
from aws_cdk.aws_logs import LogGroup
from aws_cdk.aws_s3 import Bucket
from aws_cdk.aws_secretsmanager import Secret
from aws_cdk.aws_sns import Topic
from aws_cdk.aws_ssm import StringParameter

import mezmo_forwarder
from local.aws import LocalAws
from mezmo_forwarder import IngestionKey, MezmoLogForwarder

ACCOUNT, REGION = "111111111111", "eu-west-3"
# Where a class is looked for that a snippet does not import, in this order.
MODULES = (
    "aws_logs", "aws_lambda", "aws_secretsmanager", "aws_ssm", "aws_kinesis", "aws_kms", "aws_s3", "aws_sns",
    "aws_ec2", "aws_iam", "aws_cloudwatch", "aws_cloudwatch_actions",
)  # fmt: skip


class UndefinedError(Exception):
    """A name that the snippet uses, and neither makes, imports nor may take for granted."""


class Scope:
    """What a snippet may take for granted; each thing is made when it is used."""

    def __init__(self) -> None:
        # Nothing is deployed, so assets need not be copied.
        context = {"aws:cdk:disable-asset-staging": True}
        self.app = App(context=context, analytics_reporting=False, tree_metadata=False)
        self.stack = self.another_stack("Logs", REGION)
        self._made: dict[str, Any] = {}

    def another_stack(self, name: str, region: str) -> Stack:
        """Make a stack of the app."""
        return Stack(self.app, name, env=Environment(account=ACCOUNT, region=region))

    def __getitem__(self, name: str) -> Any:
        """Return what a name stands for where nothing in the snippet says it."""
        if name not in self._made:
            maker = MAKERS.get(name)
            self._made[name] = maker(self) if maker else _of_a_package(name)
        return self._made[name]


def _of_a_package(name: str) -> Any:
    if name in aws_cdk.__all__ or name in mezmo_forwarder.__all__:
        return getattr(mezmo_forwarder, name, None) or getattr(aws_cdk, name)
    if name.islower():
        try:
            return importlib.import_module(f"aws_cdk.aws_{name}")  # `from aws_cdk import aws_kms as kms`
        except ModuleNotFoundError:
            pass
    for module in (importlib.import_module(f"aws_cdk.{module}") for module in MODULES):
        if name in module.__all__:
            return getattr(module, name)
    raise UndefinedError(f"{name}: the snippet does not say what it is, and MAKERS does not have it")


def _log_group(name: str) -> Callable[[Scope], LogGroup]:
    return lambda scope: LogGroup(scope.stack, name)


def _local_aws(_: Scope) -> Any:
    """Return what has LocalAws's methods and arguments, and starts nothing."""
    aws = create_autospec(LocalAws, instance=True)
    session = botocore.session.Session()
    aws.client.side_effect = lambda service: create_autospec(
        session.create_client(service, region_name=REGION), instance=True
    )
    local_aws = create_autospec(LocalAws)
    local_aws.from_environment.return_value.__enter__.return_value = aws
    return local_aws


MAKERS: dict[str, Callable[[Scope], Any]] = {
    "app": lambda scope: scope.app,
    "stack": lambda scope: scope.stack,
    "self": lambda scope: scope.stack,
    "paris": lambda scope: scope.stack,
    "dublin": lambda scope: scope.another_stack("Dublin", "eu-west-1"),
    "secret": lambda scope: Secret.from_secret_name_v2(scope.stack, "MezmoIngestionKey", "MezmoIngestionKey"),
    "parameter": lambda scope: StringParameter.from_secure_string_parameter_attributes(
        scope.stack, "Parameter", parameter_name="/mezmo/key"
    ),
    "key": lambda scope: IngestionKey.from_secrets_manager(scope["secret"], field="LOGDNA_KEY"),
    "forwarder": lambda scope: MezmoLogForwarder(scope.stack, "Forwarder", ingestion_key=scope["key"]),
    "log_group": _log_group("LogGroup"),
    "flow_logs": _log_group("FlowLogs"),
    "other": _log_group("Other"),
    "bucket": lambda scope: Bucket(scope.stack, "Bucket"),
    "stream": lambda scope: Stream(scope.stack, "Stream"),
    "topic": lambda scope: Topic(scope.stack, "Topic"),
    "vpc": lambda scope: Vpc(scope.stack, "Vpc"),
    "function": lambda scope: Function(
        scope.stack, "Orders", runtime=Runtime.PYTHON_3_13, handler="index.handle", code=Code.from_inline("#")
    ),
    "LocalAws": _local_aws,
    "directory": lambda _: Path("directory"),
    "project": lambda _: Path("project"),
}


def run(code: str, directory: Path) -> None:
    """Run a snippet and synthesize every app that it makes or uses; raise whatever is wrong with it.

    Assets that it names, and that are not there, are made in the directory.
    """
    tree = ast.parse(code)
    scope = Scope()
    names: dict[str, Any] = {"__name__": "snippet", **{name: scope[name] for name in free_names(tree)}}
    exec(compile(_WithAssets(directory).visit(tree), "snippet", "exec"), names)
    apps = [found for found in names.values() if isinstance(found, App)]
    for app in apps or [scope.app]:
        app.synth()


def free_names(tree: ast.Module) -> list[str]:
    """Return the names that are read and nowhere bound, in their order."""
    bound, read = set(dir(builtins)), dict[str, None]()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                read[name] = None
            case ast.Name(id=name) | ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
            case ast.alias():
                bound.add(node.asname or node.name.partition(".")[0])
    return [name for name in read if name not in bound]


class _WithAssets(ast.NodeTransformer):
    """Lets `from_asset("path")` find something."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        match node:
            case ast.Call(
                func=ast.Attribute(attr="from_asset"), args=[ast.Constant(value=str(path)) as given]
            ):
                given.value = str(self._made(Path(path)))
        return node

    def _made(self, path: Path) -> Path:
        made = self._directory / path.name
        if path.suffix == ".zip":
            with zipfile.ZipFile(made, "w") as archive:
                archive.writestr("index.js", "exports.handler = async () => {}")
        else:
            made.mkdir(exist_ok=True)
            (made / "file").write_text("content")
        return made
