"""Reads a JSON document into types, and lists everything that is wrong with it by its path.

A path is `clinicians[2].sessions[0].starts_at`. No value of the document is ever repeated. Rules
that look at more than one field are left to the caller.
"""

import types
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, Struct
from msgspec.structs import FieldInfo

from jump.errors import FieldError, InvalidRequest, unknown_name
from jump.resources.validation import expectation

S = TypeVar("S", bound=Struct)

MOST_ERRORS = 200
DEEPEST = 16

_REQUIRED = "This field is required."
_AN_OBJECT = "Use a JSON object."


def parse(content: bytes) -> Any:
    """The document as plain values. Raises InvalidRequest when it is no JSON."""
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest("The file is not valid JSON.") from error
    except RecursionError as error:
        raise InvalidRequest("The file is nested too deeply.") from error


def read(kind: type[S], value: Any, errors: list[FieldError], path: str = "") -> S | None:
    """The value as this type, with what is wrong added to `errors`.

    None where a field of its own is wrong. What is wrong with an object in one of its lists leaves
    a None in that list, so that the rest can still be looked at.
    """
    if not isinstance(value, dict):
        errors.append(FieldError(path or "file", _AN_OBJECT))
        return None
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    own = [
        replace(wrong, field=_below(path, wrong.field))
        for wrong in (unknown_name("field", name, fields) for name in value if name not in fields)
    ]
    nested: list[FieldError] = []
    found = {
        name: _field(field, value, own, nested, _below(path, name))
        for name, field in fields.items()
    }
    errors += [*own, *nested]
    if own:
        return None
    return kind(**{name: each for name, each in found.items() if each is not NODEFAULT})


def _field(
    field: FieldInfo,
    value: Mapping[str, Any],
    errors: list[FieldError],
    nested: list[FieldError],
    path: str,
) -> Any:
    """The field's value, NODEFAULT where its type's default will do or where it is wrong."""
    kind, nullable = _without_none(field.type)
    if field.name not in value:
        if field.required:
            errors.append(FieldError(path, _REQUIRED))
        return NODEFAULT
    given = value[field.name]
    if given is None:
        if not nullable:
            errors.append(FieldError(path, "This field cannot be null."))
        return None if nullable else NODEFAULT
    if isinstance(kind, type) and issubclass(kind, Struct):
        return read(kind, given, errors, path)
    of_items = _structs_inside(kind)
    if of_items is not None:
        return _list(of_items, given, errors, nested, path)
    return _plain(kind, given, errors, path)


def _list(
    kind: type[Struct],
    given: Any,
    errors: list[FieldError],
    nested: list[FieldError],
    path: str,
) -> Any:
    if not isinstance(given, list):
        errors.append(FieldError(path, "Use a list of JSON objects."))
        return NODEFAULT
    return [read(kind, each, nested, f"{path}[{number}]") for number, each in enumerate(given)]


def _plain(kind: Any, given: Any, errors: list[FieldError], path: str) -> Any:
    if _has_nul(given, DEEPEST):
        errors.append(FieldError(path, "A NUL character is not allowed."))
        return NODEFAULT
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError:
        errors.append(FieldError(path, expectation(kind)))
        return NODEFAULT


def _without_none(kind: Any) -> tuple[Any, bool]:
    """`X | None` as X, and whether it may be null."""
    if get_origin(kind) in (Union, types.UnionType):
        inner = [each for each in get_args(kind) if each is not type(None)]
        if len(inner) == 1:
            return inner[0], True
    return kind, False


def _structs_inside(kind: Any) -> type[Struct] | None:
    """X of `list[X]`, where X is an object."""
    if get_origin(kind) is not list:
        return None
    (item,) = get_args(kind)
    return item if isinstance(item, type) and issubclass(item, Struct) else None


def _has_nul(value: Any, levels: int) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    # What is nested deeper is of no type that is read here.
    return levels > 0 and isinstance(value, list) and any(_has_nul(i, levels - 1) for i in value)


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
