"""Checks a JSON body against a `Shape`: one typed decode, and only when it fails, field by field.

msgspec alone stops at the first wrong field and echoes its value; here every wrong field is
listed, in our words, and no value is ever repeated.
"""

import datetime
import functools
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from jump.errors import FieldError, InvalidRequest, ValidationFailed, unknown_name
from jump.kit.instants import parse_instant
from jump.resources.definition import Shape

DEEPEST = 16  # levels of lists and objects inside a free-form field
# A character that is not blank. What \s is differs between Python, ECMA-262 (which JSON Schema
# refers to) and other engines of clients: here it is all that any of them takes for blank.
NOT_BLANK: Final = r"[^\s\x1c-\x1f\x85\ufeff]"

_OF_EVERY_RECORD: Final = frozenset({"id", "created_at", "updated_at", "version", "created_by"})
_OURS: Final = "This field is set here and cannot be sent: leave it out."
_NUL = (b"\x00", b"\\u0000")


class Instant(int):
    """Microseconds since 1970, read from an RFC 3339 text with an offset."""


def check(shape: Shape, body: bytes, *, partial: bool) -> dict[str, Any]:
    """The fields that were sent, decoded. With `partial` (a PATCH) nothing is required.

    A field cleared with null is None. Raises InvalidRequest for malformed JSON and
    ValidationFailed with every wrong field.
    """
    if not body.strip():
        body = b"{}"
    if not any(sign in body for sign in _NUL):
        try:
            decoded = _decoder(_key(shape), partial).decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass  # which of the fields is wrong is found below
        else:
            sent = _sent(decoded)
            if not any(_is_deeper(value, DEEPEST) for value in sent.values()):
                return sent
    return _field_by_field(shape, _parse(body), partial=partial)


class _Key:
    """A shape as a key of the cache: by identity, since shapes are made once, at import."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape

    def __hash__(self) -> int:
        return id(self.shape)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.shape is self.shape


def _key(shape: Shape) -> _Key:
    return _Key(shape)


@functools.lru_cache(maxsize=256)
def _decoder(key: _Key, partial: bool) -> msgspec.json.Decoder[Any]:
    shape = key.shape
    fields: list[Any] = []
    for name, kind in shape.fields.items():
        if name in shape.required:
            fields.append((name, kind | UnsetType, UNSET) if partial else (name, kind))
        else:
            fields.append((name, kind | None | UnsetType, UNSET))
    required_first = sorted(fields, key=len)
    struct = msgspec.defstruct("Body", required_first, forbid_unknown_fields=True, kw_only=True)
    return msgspec.json.Decoder(struct, dec_hook=_decode_ours)


def _decode_ours(kind: type, value: Any) -> Any:
    if kind is Instant and isinstance(value, str):
        return Instant(parse_instant(value))
    raise ValueError("not of this type")


def _sent(decoded: Any) -> dict[str, Any]:
    return {
        name: value
        for name in decoded.__struct_fields__
        if (value := getattr(decoded, name)) is not UNSET
    }


def _parse(body: bytes) -> dict[str, Any]:
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"The body is not valid JSON{_where(error)}.") from error
    except RecursionError as error:
        raise InvalidRequest("The body is nested too deeply.") from error
    if not isinstance(decoded, dict):
        raise ValidationFailed((), "The body must be a JSON object.")
    return decoded


def _where(error: Exception) -> str:
    """Where JSON stops being so: a place, and nothing of what stands there."""
    if isinstance(error, UnicodeDecodeError):
        return ": it is not UTF-8"
    found = re.search(r"\(byte ([0-9]+)\)", str(error))
    if found:
        return f": look at byte {int(found[1]):,}, counted from 0"
    return ": it ends too early" if "truncated" in str(error) else ""


def _field_by_field(shape: Shape, sent: Mapping[str, Any], *, partial: bool) -> dict[str, Any]:
    fields, errors = _renamed(shape, sent)
    values: dict[str, Any] = {}
    for name, value in fields.items():
        try:
            values[name] = _one(shape, name, value)
        except ValueError as error:
            errors.append(FieldError(name, str(error)))
    if not partial:
        missing = [name for name in shape.fields if name in shape.required and name not in fields]
        errors += [FieldError(name, "This field is required.") for name in missing]
    if errors:
        raise ValidationFailed(errors)
    return values


def _renamed(shape: Shape, sent: Mapping[str, Any]) -> tuple[dict[str, Any], list[FieldError]]:
    fields: dict[str, Any] = {}
    named: dict[str, str] = {}
    errors: list[FieldError] = []
    for given, value in sent.items():
        name = shape.aliases.get(given, given)
        other = named.setdefault(name, given)
        if name not in shape.fields:
            errors.append(_untaken(shape, given))
        elif name in fields and fields[name] != value:
            errors.append(FieldError(given, f"This is another name of {other}; the two differ."))
        elif isinstance(value, str):
            fields[name] = shape.values.get(name, {}).get(value, value)
        else:
            fields[name] = value
    return fields, errors


def _untaken(shape: Shape, given: str) -> FieldError:
    """What is said of a field that is not taken: most are of a record that was sent back whole."""
    words = shape.untaken.get(given) or (_OURS if given in _OF_EVERY_RECORD else None)
    if words is not None:
        return FieldError(given, words)
    return unknown_name("field", given, [*shape.fields, *shape.aliases])


def _one(shape: Shape, name: str, value: Any) -> Any:
    if value is None:
        if name in shape.required:
            raise ValueError("This field is required and cannot be null.")
        return None
    if _is_deeper(value, DEEPEST):
        raise ValueError(f"Nest lists and objects {DEEPEST} levels deep at most.")
    if _has_nul(value):
        raise ValueError("A NUL character is not allowed.")
    kind = shape.fields[name]
    # To JSON Schema 2.0 is a whole number, as it is to JSON.
    if isinstance(value, float) and value.is_integer() and _is_whole(kind):
        value = int(value)
    try:
        return msgspec.convert(value, kind, dec_hook=_decode_ours)
    except msgspec.ValidationError as error:
        raise ValueError(expectation(kind)) from error


def _is_whole(kind: Any) -> bool:
    info = msgspec.inspect.type_info(kind)
    inner = info.type if isinstance(info, msgspec.inspect.Metadata) else info
    return isinstance(inner, msgspec.inspect.IntType)


def _is_deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(item, levels - 1) for item in inner)


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any("\x00" in key or _has_nul(item) for key, item in value.items())
    if isinstance(value, list):
        return any(_has_nul(item) for item in value)
    return False


def expectation(kind: Any) -> str:
    """What a field of this type takes, as a sentence for people."""
    info = msgspec.inspect.type_info(kind)
    if not isinstance(info, msgspec.inspect.Metadata):
        return _sentence(info)
    told = (info.extra_json_schema or {}).get("description")
    return str(told) if told else _sentence(info.type)


def _sentence(info: msgspec.inspect.Type) -> str:
    if isinstance(info, msgspec.inspect.StrType):
        return _text_sentence(info)
    if isinstance(info, msgspec.inspect.BoolType):
        return "Use true or false."
    if isinstance(info, msgspec.inspect.IntType):
        return f"Use a whole number{_bounds(info.ge, info.le)}."
    if isinstance(info, msgspec.inspect.FloatType):
        return f"Use a number{_bounds(info.ge, info.le)}."
    if isinstance(info, msgspec.inspect.LiteralType):
        return f"Use one of: {', '.join(str(value) for value in info.values)}."
    if isinstance(info, msgspec.inspect.DateType):
        return "Use a date that exists, as YYYY-MM-DD."
    if isinstance(info, msgspec.inspect.CustomType) and info.cls is Instant:
        return "Use a time with an offset, such as 2026-01-31T09:30:00Z."
    if isinstance(info, msgspec.inspect.ListType):
        return f"Use a list{_bounds(info.min_length, info.max_length)} items long."
    if isinstance(info, msgspec.inspect.DictType):
        return "Use a JSON object."
    return "This value is not of the right type."


def _text_sentence(info: msgspec.inspect.StrType) -> str:
    if info.max_length is None:
        return "Use text."
    return f"Use text of {info.min_length or 0} to {info.max_length:,} characters."


def _bounds(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f" from {low:,} to {high:,}"
    if low is not None:
        return f" of at least {low:,}"
    return f" of at most {high:,}" if high is not None else ""


def plain(value: Any) -> Any:
    """A decoded value as it is stored: dates as text, free-form objects as JSON text."""
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, dict | list):
        return msgspec.json.encode(value, order="deterministic").decode()
    return value
