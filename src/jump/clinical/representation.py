"""A record has one representation, made here: answer, event and replay share its bytes."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec

from jump.clinical.definition import Resource
from jump.kit.instants import format_instant, format_second
from jump.storage.sql import Row

# How a column is shown. The second half is what the published schema says of it.
Recorded = Annotated[
    str, msgspec.Meta(extra_json_schema={"format": "date-time"}, extra={"from": "instant"})
]
Scheduled = Annotated[
    str, msgspec.Meta(extra_json_schema={"format": "date-time"}, extra={"from": "second"})
]
Free = Annotated[dict[str, Any], msgspec.Meta(extra={"from": "json"})]
Texts = Annotated[list[str], msgspec.Meta(extra={"from": "json"})]
# Kept as the text of a decimal number, so that no digit is lost.
Amount = Annotated[float, msgspec.Meta(extra={"from": "json"})]

_REFERENCE = ("id", "version", "status")
UNTRACKED = frozenset({"version", "updated_at"})

_CONVERTERS: Mapping[str, Callable[[Any], Any]] = {
    "instant": format_instant,
    "second": format_second,
    "json": lambda text: msgspec.Raw(text.encode()),
    "bool": bool,
}


@functools.cache
def columns(resource: Resource) -> tuple[str, ...]:
    """The columns of a record: those it is made from, in the order of its fields, then the rest."""
    return (*_shown_columns(resource), *resource.hidden)


def shown(resource: Resource, row: Row) -> dict[str, Any]:
    """The record as the API returns it, ready to be encoded."""
    plan = _plan(resource)
    record: dict[str, Any] = dict(zip(plan.names, plan.values(row), strict=True))
    for name, convert in plan.converted:
        value = record[name]
        if value is not None:
            record[name] = convert(value)
    for name, derive in resource.derived.items():
        record[name] = derive(row)
    return record


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that differ, with their old values: what an event calls `previous`."""
    return {
        name: old
        for name, old in before.items()
        if (new := after[name]) is not old and name not in UNTRACKED and _plain(old) != _plain(new)
    }


def reduced(record: Mapping[str, Any]) -> dict[str, Any]:
    """What a caller that may write but not read gets back."""
    return {name: record[name] for name in _REFERENCE if name in record}


@functools.cache
def reference_type(resource: Resource) -> type[msgspec.Struct]:
    """The same as a type."""
    fields = msgspec.structs.fields(resource.record)
    return msgspec.defstruct(
        f"{resource.record.__name__}Reference",
        [(field.name, field.type) for field in fields if field.name in _REFERENCE],
        namespace={"__doc__": "What a key gets back that may write and not read."},
    )


@dataclass(frozen=True, slots=True)
class _Plan:
    """How rows become records: the fields, what takes their values, and those to convert."""

    names: tuple[str, ...]
    values: Callable[[Row], tuple[Any, ...]]
    converted: tuple[tuple[str, Callable[[Any], Any]], ...]


@functools.cache
def _plan(resource: Resource) -> _Plan:
    names = _shown_columns(resource)
    hints = get_type_hints(resource.record, include_extras=True)
    converters = ((name, _CONVERTERS.get(_source(hints[name]))) for name in names)
    converted = tuple((name, convert) for name, convert in converters if convert is not None)
    return _Plan(names, itemgetter(*names), converted)


def _shown_columns(resource: Resource) -> tuple[str, ...]:
    return tuple(name for name in resource.record.__struct_fields__ if name not in resource.derived)


def _source(hint: Any) -> str:
    """Which conversion a type asks for; looks through `X | None`."""
    if hint is bool:
        return "bool"
    if get_origin(hint) is Annotated:
        for meta in hint.__metadata__:
            if isinstance(meta, msgspec.Meta) and meta.extra:
                return str(meta.extra.get("from", ""))
        return _source(get_args(hint)[0])
    return next((found for part in get_args(hint) if (found := _source(part))), "")


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, msgspec.Raw) else value
