"""The program `aws`, as far as documents use it: botocore carries commands out, where the environment says.

python -m tests.examples.aws_program logs describe-log-groups
"""

import json
import sys
from pathlib import Path
from typing import Any

import botocore.session  # type: ignore[import-untyped]  # it ships no types
import jmespath  # type: ignore[import-untyped]  # it ships no types
from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]  # it ships no types

from tests.documents.aws_cli import SERVICES, AwsCliError, Call, parse


def main(words: list[str]) -> int:
    """Carry out one command and return its exit code, which is the CLI's."""
    try:
        call = parse(words)
        answer = carry_out(call)
    except AwsCliError as error:
        return fail(error, 252)
    except (BotoCoreError, ClientError, OSError) as error:
        return fail(error, 254)
    if "query" in call.options:
        answer = jmespath.search(call.options["query"], answer)
    if call.options.get("output") == "text" and not isinstance(answer, dict | list):
        print(answer)  # "None" as well
    elif answer is not None:
        print(json.dumps(answer, indent=4, default=str))
    return 0


def fail(error: Exception, code: int) -> int:
    """Say why, where the CLI does."""
    print(f"\n{error}", file=sys.stderr)
    return code


def carry_out(call: Call) -> Any:
    """Return what the command prints, before `--query`; None if nothing."""
    session = botocore.session.Session(profile=call.options.get("profile"))
    client = session.create_client(
        SERVICES.get(call.service, call.service), region_name=call.options.get("region")
    )
    if call.is_custom:
        return OF_THE_CLI[call.service, call.operation](client, call)
    if call.waits:
        waiter = client.get_waiter(call.operation.replace("-", "_"))
        waiter.wait(**call.parameters, WaiterConfig={"Delay": 1})
        return None
    operation = call.operation.replace("-", "_")
    if client.can_paginate(operation):
        answer = client.get_paginator(operation).paginate(**call.parameters).build_full_result()
    else:
        answer = getattr(client, operation)(**call.parameters)
    answer.pop("ResponseMetadata", None)
    if call.positional:
        Path(call.positional[0]).write_bytes(answer.pop("Payload").read())
    return answer or None


def make_bucket(client: Any, call: Call) -> None:
    """`aws s3 mb s3://BUCKET`."""
    (address,) = call.positional
    region = client.meta.region_name
    client.create_bucket(Bucket=in_s3(address)[0], CreateBucketConfiguration={"LocationConstraint": region})


def copy(client: Any, call: Call) -> None:
    """`aws s3 cp FROM TO`, one of which is in S3; `-` is standard output."""
    source, target = call.positional
    if target.startswith("s3://"):
        bucket, key = in_s3(target)
        key += Path(source).name if not key or key.endswith("/") else ""
        client.put_object(Bucket=bucket, Key=key, Body=Path(source).read_bytes())
        return
    bucket, key = in_s3(source)
    content = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    if target == "-":
        sys.stdout.buffer.write(content)
    else:
        Path(target).write_bytes(content)


def in_s3(address: str) -> tuple[str, str]:
    """Return bucket and key of `s3://bucket/key`."""
    bucket, _, key = address.removeprefix("s3://").partition("/")
    return bucket, key


def deploy(client: Any, call: Call) -> None:
    """`aws cloudformation deploy`: a stack is made, or updated with the parameters that it has otherwise."""
    (name,), (file,) = call.parameters["stack-name"], call.parameters["template-file"]
    template = Path(file).read_text()
    if len(template) > 51_200:
        raise AwsCliError(
            "Templates with a size greater than 51,200 bytes must be deployed via an S3 Bucket."
        )
    given = dict(one.split("=", 1) for one in call.parameters.get("parameter-overrides", []))
    there = [one for one in stacks(client) if one["StackName"] == name]
    kept = {one["ParameterKey"] for stack in there for one in stack.get("Parameters", [])} - set(given)
    request = {
        "StackName": name,
        "TemplateBody": template,
        "Capabilities": call.parameters.get("capabilities", []),
        "Parameters": [
            *({"ParameterKey": key, "ParameterValue": value} for key, value in given.items()),
            *({"ParameterKey": key, "UsePreviousValue": True} for key in kept),
        ],
    }
    if there:
        client.update_stack(**request)
    else:
        client.create_stack(**request)
    waiter = client.get_waiter(f"stack_{'update' if there else 'create'}_complete")
    waiter.wait(StackName=name, WaiterConfig={"Delay": 1})


def stacks(client: Any) -> list[dict[str, Any]]:
    """Return the stacks that there are."""
    found: list[dict[str, Any]] = client.describe_stacks()["Stacks"]
    return found


OF_THE_CLI = {
    ("s3", "mb"): make_bucket,
    ("s3", "cp"): copy,
    ("cloudformation", "deploy"): deploy,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
