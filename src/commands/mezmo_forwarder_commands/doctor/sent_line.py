"""One test line, sent by the function itself: the only thing that the doctor does to a forwarder."""

import json
from collections.abc import Iterator

from .deployment import Deployment
from .findings import Answer, broken, ok, unknown


def sent(deployment: Deployment) -> Iterator[Answer]:
    """Whether the function delivers a test line."""
    if not deployment.runs_our_handler:
        yield unknown("a vendor's code knows no test line")
        return
    answer = deployment.calls.invoke(
        deployment.function.name, json.dumps({"mezmo_forwarder": "test"}).encode()
    )
    payload = json.loads(answer["Payload"].read() or b"null")
    if "FunctionError" in answer or not isinstance(payload, dict):
        text = payload.get("errorMessage", payload) if isinstance(payload, dict) else payload
        yield broken(f"the function failed: {text}", "docs/troubleshooting.md has what this text means")
    elif payload.get("status") != "delivered":
        yield broken(
            f"the test line was {payload.get('status')}: {payload.get('reason')}",
            "docs/troubleshooting.md has what this text means",
        )
    else:
        yield ok(f"Mezmo took it at {payload.get('address')}, as host {payload.get('hostname')}")
