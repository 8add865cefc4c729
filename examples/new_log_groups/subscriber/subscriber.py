"""Subscribes a log group to the forwarder when CloudTrail tells that it was made."""

import os
from typing import Any

import boto3

logs = boto3.client("logs")


def handle(event: dict[str, Any], _context: object) -> str:
    """Put one filter on the log group, unless it has one for the forwarder already."""
    made = event["detail"]["requestParameters"]
    name, destination = made["logGroupName"], os.environ["DESTINATION_ARN"]
    if name == os.environ["NEVER"] or made.get("logGroupClass", "STANDARD") != "STANDARD":
        return f"{name}: left out"
    filters = logs.describe_subscription_filters(logGroupName=name)["subscriptionFilters"]
    if any(found["destinationArn"] == destination for found in filters):
        return f"{name}: subscribed already"
    logs.put_subscription_filter(
        logGroupName=name, filterName="mezmo-new-log-groups", filterPattern="", destinationArn=destination
    )
    return f"{name}: subscribed"
