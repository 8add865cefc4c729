# ruff: noqa: SLF001 - this is the one module that knows MiniStack's private functions, of one pinned version
"""MiniStack, as far as the overlay uses it. It has no types, and is installed only where the overlay runs.

Long, and one file on purpose: what another version of MiniStack would break stands here and nowhere else.
"""

from __future__ import annotations

import bisect
import importlib
import json
import os
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping
    from contextlib import AbstractContextManager
    from types import ModuleType

Record = dict[str, Any]
"""What MiniStack keeps or is asked: AWS's JSON."""
Response = tuple[int, dict[str, str], bytes]
"""What MiniStack answers: status, headers, body."""


def module(name: str) -> ModuleType:
    """Import one of MiniStack's modules."""
    return importlib.import_module(f"ministack.{name}")


def wrap(name: str, function: str, wrapper: Callable[[Any], Any]) -> None:
    """Replace a module's function by what the wrapper makes of it; MiniStack looks it up at each call."""
    owner = module(name)
    setattr(owner, function, wrapper(getattr(owner, function)))


def wrap_creation(resource_type: str, wrapper: Callable[[Any], Any]) -> None:
    """Replace what CloudFormation does to create a resource of this type, also as part of a replacement."""
    provisioners = module("services.cloudformation.provisioners")
    handlers = provisioners._RESOURCE_HANDLERS[resource_type]
    name = handlers["create"].__name__
    handlers["create"] = wrapper(handlers["create"])
    setattr(provisioners, name, handlers["create"])


def wrap_update(resource_type: str, wrapper: Callable[[Any], Any]) -> None:
    """Replace what CloudFormation does to update a resource of this type."""
    handlers = module("services.cloudformation.provisioners")._RESOURCE_HANDLERS[resource_type]
    handlers["update"] = wrapper(handlers["update"])


def wrap_stack_action(action: str, wrapper: Callable[[Any], Any]) -> None:
    """Replace what CloudFormation does for an action; its parameters are a form's, a list for each name."""
    handlers = module("services.cloudformation")._ACTION_HANDLERS
    handlers[action] = wrapper(handlers[action])


def stack_of(physical_id: str) -> str | None:
    """Return the name of the stack that has a resource of this physical id."""
    stacks = module("services.cloudformation")._stacks.items()
    return next(
        (
            str(name)
            for name, stack in stacks
            if stack.get("StackStatus") != "DELETE_COMPLETE"
            for resource in stack.get("_resources", {}).values()
            if resource.get("PhysicalResourceId") == physical_id
        ),
        None,
    )


def add_resource_type(resource_type: str, handlers: Record) -> None:
    """Teach CloudFormation a resource type: what it does to create, update and delete one."""
    module("services.cloudformation.provisioners")._RESOURCE_HANDLERS[resource_type] = handlers


def by_account_and_region() -> MutableMapping[str, Record]:
    """Return an empty dict that has other items in each account and region."""
    items: MutableMapping[str, Record] = module("core.responses").AccountRegionScopedDict()
    return items


def look_for_due_rules_every(seconds: float) -> None:
    """Set how often EventBridge's rules are looked through for those that are due."""
    vars(module("services.eventbridge"))["_SCHEDULER_TICK_INTERVAL"] = seconds


def run() -> None:
    """Serve until stopped."""
    module("app").main()


def refusal(code: str, message: str, status: int = 400) -> Response:
    """Return AWS's error answer."""
    response: Response = module("core.responses").error_response_json(code, message, status)
    return response


def answer(body: Record) -> Response:
    """Return a successful answer."""
    response: Response = module("core.responses").json_response(body)
    return response


def account() -> str:
    """Return the account of the request under way."""
    return str(module("core.responses").get_account_id())


def region() -> str:
    """Return the region of the request under way."""
    return str(module("core.responses").get_region())


def acting_for(account: str, region: str) -> AbstractContextManager[None]:
    """Let what is done within be done in this account and region."""
    scope: AbstractContextManager[None] = module("core.responses").request_scope(account, region)
    return scope


def endpoint_url() -> str:
    """Return MiniStack's own address."""
    return f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}"


def log_group(name: str) -> Record | None:
    """Return the log group; its filters stand under `subscriptionFilters`, by name."""
    group: Record | None = module("services.cloudwatch_logs")._log_groups.get(name)
    return group


def log_destination(name: str) -> Record | None:
    """Return the destination of this name: `targetArn`, `roleArn`, `accessPolicy`."""
    destination: Record | None = module("services.cloudwatch_logs")._destinations.get(name)
    return destination


def put_log_destination(request: Record) -> Response:
    """Make or change a destination, as the overlay has it."""
    response: Response = module("services.cloudwatch_logs")._put_destination(request)
    return response


def delete_log_destination(name: str) -> None:
    """Remove a destination, if it is there."""
    module("services.cloudwatch_logs")._destinations.pop(name, None)


def function(arn: str) -> Record | None:
    """Return the function of this ARN or name: `config`, `code_zip`, `policy`."""
    record: Record | None = module("services.lambda_svc")._get_func_record_for_ref(arn)[0]
    return record


def log_group_of(configuration: Record) -> str:
    """Return the name of the log group that the function writes to."""
    own = (configuration.get("LoggingConfig") or {}).get("LogGroup")
    return str(own or f"/aws/lambda/{configuration['FunctionName']}")


def execution_credentials(configuration: Record) -> dict[str, str]:
    """Return the environment variables that hold the function's credentials."""
    credentials: dict[str, str] = module("core.lambda_runtime").execution_credentials(configuration)
    return credentials


def invoke_asynchronously(function_arn: str, event: object) -> None:
    """Put an event into Lambda's queue; the overlay has replaced what MiniStack calls for that."""
    module("services.lambda_svc").invoke_async_with_retry({"config": {"FunctionArn": function_arn}}, event)


def execute(function_arn: str, event: object, request_id: str) -> Record:
    """Run the function once, with this request id, as MiniStack does with an id of its own.

    Returns `body`, what the function answered, and when it did not succeed `error`, True; when it did not run
    for want of concurrency `throttle` too, True.
    """
    functions = module("services.lambda_svc")
    record, configuration, _ = functions._get_func_record_for_ref(function_arn)
    if record is None:
        raise LookupError(f"There is no function {function_arn}")
    configuration = {**configuration, "FunctionArn": function_arn}
    record = {**record, "config": configuration, "concurrency": reserved_concurrency(function_arn)}

    def run_once() -> Record:
        slot, _ = functions._acquire_execution_slot(record, configuration)
        if slot is None:
            name = configuration["FunctionName"]
            functions._emit_lambda_metrics(name, duration_ms=0, error=False, throttle=True)
            return {"error": True, "throttle": True}
        try:
            result: Record = functions._execute_function_dispatch(
                record, configuration, event, request_id, time.time()
            )
        finally:
            functions._release_execution_slot(slot)
        return result

    result: Record = functions._run_with_function_config_scope(configuration, run_once)
    return result


def reserved_concurrency(function_arn: str) -> int | None:
    """Return the function's reserved concurrency, which its versions and aliases share; None without one."""
    functions = module("services.lambda_svc")
    base, configuration, _ = functions._get_base_func_record_for_ref(function_arn)
    reserved: int | None = functions._reserved_concurrency(base, configuration or {})
    return reserved


def reserve_concurrency(name: str, value: int | None) -> None:
    """Set the function's reserved concurrency; None takes it away."""
    module("services.lambda_svc")._functions[name]["concurrency"] = value


def event_invoke_configuration(function_arn: str) -> Record:
    """Return what PutFunctionEventInvokeConfig has set for the function as it was invoked, or nothing."""
    functions = module("services.lambda_svc")
    base, _, _ = functions._get_base_func_record_for_ref(function_arn)
    qualifier = ":".join(function_arn.split(":")[7:]) or "$LATEST"
    configuration: Record | None = functions._event_invoke_config(base or {}, qualifier)
    return configuration or {}


def route_failure(destination: str, function: str, event: object, result: Record) -> None:
    """Send a failed event to a queue, topic or function, with MiniStack's own record of it."""
    module("services.lambda_svc")._route_async_failure(destination, function, event, result)


def event_source_mappings() -> list[Record]:
    """Return every event source mapping; what is changed in one is changed for good."""
    return list(module("services.lambda_svc")._esms.values())


def event_source_mapping(uuid: str) -> Record | None:
    """Return the event source mapping with this UUID."""
    mapping: Record | None = module("services.lambda_svc")._esms.get(uuid)
    return mapping


def matching_records(records: list[Record], mapping: Record) -> list[Record]:
    """Return those of an event's records that match the mapping's FilterCriteria."""
    matching: list[Record] = module("services.lambda_svc")._apply_filter_criteria(records, mapping)
    return matching


def wake_poller() -> None:
    """Let MiniStack's poller of event source mappings look again at once."""
    module("core.concurrency").esm_wake.set()


def stream(arn: str) -> Record | None:
    """Return the Kinesis stream: `shards` by their ids, `RetentionPeriodHours`."""
    found: Record | None = module("services.kinesis")._resolve_stream_by_arn(arn)
    return found


def stream_records(arn: str, shard_id: str, after: str, limit: int) -> list[Record]:
    """Return a shard's records, as GetRecords has them, whose sequence numbers come after this one."""
    kinesis = module("services.kinesis")
    records = _shard_records(arn, shard_id)
    begin = bisect.bisect_right(records, after, key=lambda record: record["SequenceNumber"])
    found = records[begin : begin + limit]
    return [{**record, "Data": kinesis._ensure_base64(record["Data"])} for record in found]


def last_sequence_number(arn: str, shard_id: str) -> str:
    """Return that of the shard's newest record; nothing for an empty shard."""
    records = _shard_records(arn, shard_id)
    return str(records[-1]["SequenceNumber"]) if records else ""


def _shard_records(arn: str, shard_id: str) -> list[Record]:
    found = stream(arn)
    if found is None or shard_id not in found["shards"]:
        return []
    module("services.kinesis")._expire_records(found)
    records: list[Record] = found["shards"][shard_id]["records"]
    return records


def put_stream_record(arn: str, partition_key: str, data: bytes) -> bool:
    """Put one record into a Kinesis stream; tell whether it took it."""
    return bool(module("services.kinesis").put_record_internal(arn, partition_key, data))


def put_object(bucket: str, key: str, body: bytes) -> None:
    """Write an object; raises OSError when S3 refuses it."""
    status = module("services.s3")._put_object(bucket, key, body, {})[0]
    if status != 200:
        raise OSError(f"s3://{bucket}/{key} was not written: status {status}")


def bucket_owner(name: str) -> str | None:
    """Return the account that owns the bucket."""
    owner: str | None = module("services.s3")._bucket_owner_account(name)
    return owner


def wrong_digest(headers: dict[str, str], body: bytes) -> Response | None:
    """Return S3's refusal of a body that is not what its Content-MD5 or checksum says."""
    storage = module("services.s3")
    refused: Response | None = storage._validate_content_md5(headers, body)
    return refused or storage._resolve_object_checksums(body, headers)[1]


def s3_refusal(code: str, message: str, status: int) -> Response:
    """Return S3's error answer."""
    response: Response = module("services.s3")._error(code, message, status)
    return response


def function_policy_allows(arn: str, service: str, source_arn: str) -> bool:
    """Tell whether the function's own policy lets the service invoke it for this source of this account."""
    record = module("services.lambda_svc")._get_base_func_record_for_ref(arn)[0]
    if record is None:
        return False
    evaluator = module("core.iam_evaluator")
    context = evaluator.EvalContext(
        principal_arn="",
        principal_type="Service",
        principal_account="",
        action="lambda:InvokeFunction",
        resource_arn=arn,
        region=region(),
        service_context={"aws:sourcearn": source_arn, "aws:sourceaccount": account()},
    )
    result = evaluator.evaluate_resource_policy(record["policy"], context, service=service)
    return bool(result.decision == "Allow")


def log_destination_allows(policy: str, arn: str, sender: str, organization: str) -> bool:
    """Tell whether a destination's policy lets an account of an organization subscribe log groups to it."""
    evaluator = module("core.iam_evaluator")
    context = evaluator.EvalContext(
        principal_arn=f"arn:aws:iam::{sender}:root",
        principal_type="Root",
        principal_account=sender,
        action="logs:PutSubscriptionFilter",
        resource_arn=arn,
        region=region(),
        service_context={"aws:principalorgid": organization},
    )
    return bool(evaluator.evaluate_resource_policy(policy, context).decision == "Allow")


def role_allows(role_arn: str, action: str, resource: str, context_keys: Record | None = None) -> bool:
    """Tell whether the role's policies, inline and attached, allow the action on the resource.

    context_keys: those of the request that conditions may ask for, in lower case.
    """
    evaluator = module("core.iam_evaluator")
    context = evaluator.EvalContext(
        principal_arn=role_arn,
        principal_type="AssumedRole",
        principal_account=account(),
        action=action,
        resource_arn=resource,
        region=region(),
        service_context=context_keys or {},
    )
    policies = evaluator._gather_role_policies(role_arn.rsplit("/", 1)[-1], account())
    return bool(evaluator.evaluate(context, policies).decision == "Allow")


def asked_for(
    method: str, path: str, headers: dict[str, str], body: bytes, query: Record
) -> tuple[str, str, str]:
    """Return the service that a request is for, IAM's name of the action, and the ARN of the resource."""
    app, actions = module("app"), module("core.iam_actions")
    parameters = app._routing_params(method, path, headers, body, query)
    service = app.detect_service(method, path, headers, parameters)
    action = actions.extract_iam_action(service, method, path, headers, body, parameters)
    resource = actions.extract_resource_arn(
        service, method, path, headers, body, parameters, region(), account()
    )
    # A parameter may be named by its ARN, before which MiniStack puts another beginning of one.
    _, named, rest = str(resource).partition(":parameter/arn:")
    return str(service), str(action), f"arn:{rest}" if named else str(resource)


def denial(  # noqa: PLR0917 - what the answer holds
    service: str, action: str, role_arn: str, resource: str, request_id: str, headers: dict[str, str]
) -> Response:
    """Return AWS's answer to who may not do that."""
    answer: Response = module("core.iam_actions").access_denied_response(
        service, action, role_arn, request_id, headers=headers, resource_arn=resource
    )
    return answer


def kms_key_of(service: str, arn: str) -> str | None:
    """Return the customer-managed key of a secret or a parameter."""
    if service == "secretsmanager":
        key = (module("services.secretsmanager")._resolve(arn)[1] or {}).get("KmsKeyId")
    else:
        name = arn.partition(":parameter")[2]
        key = (module("services.ssm")._parameters.get(name) or {}).get("KeyId")
    return key if key and key.startswith("arn:") else None


def role_trusts(
    role_arn: str, service: str, source_arn: str, *, sender: str = "", organization: str = ""
) -> bool:
    """Tell whether the role may be assumed by the service for this source, of this account or another."""
    evaluator = module("core.iam_evaluator")
    role = module("services.iam")._roles.get_scoped(account(), None, role_arn.rsplit("/", 1)[-1])
    trust = (role or {}).get("AssumeRolePolicyDocument") or {}
    trust = json.loads(trust) if isinstance(trust, str) else trust
    statements = trust.get("Statement") or []
    statements = [statements] if isinstance(statements, dict) else statements
    context = evaluator.EvalContext(
        principal_arn="",
        principal_type="Service",
        principal_account="",
        action="sts:AssumeRole",
        resource_arn=role_arn,
        region=region(),
        service_context={
            "aws:sourcearn": source_arn,
            "aws:sourceaccount": sender or account(),
            "aws:sourceorgid": organization,
        },
    )
    # A trust policy names no resource, for it is the role's own; the evaluator wants one.
    policy = {"Statement": [{"Resource": "*", **statement} for statement in statements]}
    return bool(evaluator.evaluate_resource_policy(policy, context, service=service).decision == "Allow")


def match_arns_by_component() -> None:
    """Let ArnLike compare the six components one by one: MiniStack lets a wildcard reach over a colon."""
    evaluator = module("core.iam_evaluator")

    def arn_like(actual: str, pattern: str) -> bool:
        parts, wanted = actual.split(":", 5), pattern.split(":", 5)
        return len(wanted) == 6 and all(map(evaluator.fnmatch_iam_cs, parts, wanted))

    evaluator._CONDITION_OPS.update(arnlike=arn_like, arnequals=arn_like)


def worker_executor() -> Callable[..., object]:
    """Return what invokes a worker for a custom runtime.

    Unlike its counterpart for Python and Node, it passes on the error that a function reports.
    """
    executor: Callable[..., object] = module("services.lambda_svc")._execute_function_provided_warm
    return executor
