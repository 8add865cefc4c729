"""What a function prints reaches its log group only as far as its role may write there."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from . import seams

if TYPE_CHECKING:
    from collections.abc import Callable

_logger = logging.getLogger("local.aws")


def permitted(emit: Callable[..., None]) -> Callable[..., None]:
    """Write a function's output by the rights of its role; without them it is lost, as in AWS.

    So a function that ends after its stack was removed does not bring its log group back.
    """

    def write(record: seams.Record, *arguments: object, **options: object) -> None:
        configuration = record.get("config") or record
        group, role = seams.log_group_of(configuration), configuration["Role"]
        arn = f"arn:aws:logs:{seams.region()}:{seams.account()}:log-group:{group}:log-stream:"
        needed = [("logs:CreateLogStream", f"{arn}stream"), ("logs:PutLogEvents", f"{arn}stream")]
        if seams.log_group(group) is None:
            needed.append(("logs:CreateLogGroup", arn))
        missing = [action for action, resource in needed if not seams.role_allows(role, action, resource)]
        if missing:
            _logger.warning("%s lacks %s on %s: its output is lost", role, ", ".join(missing), group)
        else:
            emit(record, *arguments, **options)

    return write
