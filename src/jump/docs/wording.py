"""What a JSON Schema takes, in a few words for people: `integer, 1 to 100`. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

Json = Mapping[str, Any]

_FORMATS: Final = {"date-time": "time", "date": "date", "email": "e-mail address", "uri": "URL"}
_MOST_VALUES: Final = 14


def kind_of(schema: Json, found: Callable[[Json], Json]) -> str:
    """The kind of a value. `found` follows a reference."""
    schema = found(schema)
    kind = _plain(schema, found)
    joint = ", or" if "," in kind else " or"
    return f"{kind}{joint} null" if _may_be_null(schema) and kind != "null" else kind


def _plain(schema: Json, found: Callable[[Json], Json]) -> str:
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return _values([each for each in schema["enum"] if each is not None])
    choices = [each for each in _choices(schema) if each != {"type": "null"}]
    if choices:
        words = [_plain({"type": schema.get("type"), **found(each)}, found) for each in choices]
        return " or ".join(dict.fromkeys(words))
    kind = _type(schema)
    if kind == "array":
        return f"list of {_plain(found(schema.get('items', {})), found)}"
    if kind == "string":
        return _FORMATS.get(schema.get("format", ""), "text") + _length(schema)
    if kind in ("integer", "number"):
        return f"{'whole number' if kind == 'integer' else 'number'}{_range(schema)}"
    return {"boolean": "true or false", "object": "object", "null": "null"}.get(kind, "anything")


def _values(values: Sequence[Any]) -> str:
    shown = ", ".join(f"`{each}`" for each in values[:_MOST_VALUES])
    return f"{shown}, …" if len(values) > _MOST_VALUES else shown


def _choices(schema: Json) -> list[Json]:
    return [*schema.get("anyOf", ()), *schema.get("oneOf", ())]


def _type(schema: Json) -> str:
    kind = schema.get("type", "")
    if isinstance(kind, list):
        return next((each for each in kind if each != "null"), "null")
    return str(kind or "")


def _may_be_null(schema: Json) -> bool:
    kind = schema.get("type", "")
    listed = isinstance(kind, list) and "null" in kind
    return listed or {"type": "null"} in _choices(schema) or None in schema.get("enum", ())


def _range(schema: Json) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f", {low:,} to {high:,}"
    if low is not None:
        return f", {low:,} or more"
    return f", {high:,} at most" if high is not None else ""


def _length(schema: Json) -> str:
    most = schema.get("maxLength")
    return f", {most:,} characters at most" if most is not None else ""
