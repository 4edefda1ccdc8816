"""An example of what fits a schema, put together from the examples of its fields."""

from typing import Any, Final

from jump.rest.openapi.schemas import Schema, Schemas

_INSTANT: Final = "2026-01-12T14:30:00.000000Z"
_DAY: Final = "2026-01-12"
_TEXTS: Final = {"date-time": _INSTANT, "date": _DAY}
_PLAIN: Final = {"integer": 1, "number": 1.5, "boolean": False, "null": None}


def of_answer(schemas: Schemas, schema: Schema) -> Any:
    """Every field, as an answer has it."""
    return _example(schemas, schema, whole=True)


def of_body(schemas: Schemas, schema: Schema) -> Any:
    """The fields that are required and those that have examples."""
    return _example(schemas, schema, whole=False)


def of_changes(schemas: Schemas, schema: Schema) -> Any:
    """A few fields, none of which says which record it is about."""
    found = of_body(schemas, schema)
    telling = [name for name in found if not name.endswith("_id")]
    return {name: found[name] for name in telling[:2]}


def _example(schemas: Schemas, schema: Schema, *, whole: bool) -> Any:
    if "examples" in schema:
        return schema["examples"][0]
    schema = schemas.resolved(schema)
    if "examples" in schema:
        return schema["examples"][0]
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return _chosen(schemas, schema[choice], whole=whole)
    return _of_type(schemas, schema, whole=whole)


def _chosen(schemas: Schemas, choices: list[Schema], *, whole: bool) -> Any:
    if {"type": "null"} in choices and not any("$ref" in each for each in choices):
        return None
    return _example(schemas, choices[0], whole=whole)


def _of_type(schemas: Schemas, schema: Schema, *, whole: bool) -> Any:
    kind = schema.get("type")
    if kind == "object":
        return {
            name: _example(schemas, each, whole=whole)
            for name, each in schema.get("properties", {}).items()
            if whole or name in schema.get("required", ()) or _has_example(each)
        }
    if kind == "array":
        return [_example(schemas, schema["items"], whole=whole)]
    if kind == "string":
        return _TEXTS.get(schema.get("format", ""), "text")
    return None if isinstance(kind, list) else _PLAIN.get(str(kind))


def _has_example(schema: Schema) -> bool:
    return "examples" in schema and schema["examples"][0] not in (None, {}, [])
