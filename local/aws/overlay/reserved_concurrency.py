"""Reserved concurrency in templates; that given by PutFunctionConcurrency is MiniStack's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import seams

if TYPE_CHECKING:
    from collections.abc import Callable

_PROPERTY = "ReservedConcurrentExecutions"


def creating(create: Callable[..., tuple[str, object]]) -> Callable[..., object]:
    """Make CloudFormation give a new function its reserved concurrency, which MiniStack drops."""

    def create_function(logical_id: str, properties: seams.Record, stack_name: str) -> object:
        created = create(logical_id, properties, stack_name)
        _reserve(created[0], properties)
        return created

    return create_function


def updating(update: Callable[..., tuple[str, object]]) -> Callable[..., object]:
    """Make CloudFormation change a function's reserved concurrency when its template does."""

    def update_function(
        physical_id: str, old: seams.Record, new: seams.Record, *rest: object, **options: object
    ) -> object:
        updated = update(physical_id, old, new, *rest, **options)
        if old.get(_PROPERTY) != new.get(_PROPERTY):
            _reserve(updated[0], new)
        return updated

    return update_function


def _reserve(function: str, properties: seams.Record) -> None:
    value = properties.get(_PROPERTY)
    seams.reserve_concurrency(function, None if value is None else int(value))
