"""The schemas of the document: of types and of bodies, each named once and referred to by its name.

Types say what they are by themselves (`resources/about.py`); nothing here knows any of them.
"""

import inspect
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from jump.resources.about import OF_EVERY_RECORD
from jump.resources.definition import Shape
from jump.resources.validation import Instant
from jump.rest.openapi import naming

Schema = dict[str, Any]

REF: Final = "#/components/schemas/"


def ref(name: str) -> Schema:
    """A reference to a schema of this name."""
    return {"$ref": f"{REF}{name}"}


def _ours(kind: type) -> Schema:
    if kind is Instant:
        return {"type": "string", "format": "date-time"}
    raise NotImplementedError(kind)


class Schemas:
    """Every schema that has a name, by it."""

    def __init__(self) -> None:
        self.named: dict[str, Schema] = {}

    def of(self, kind: Any) -> Schema:
        """The schema of a type; the structs in it are named."""
        (found,), structs = msgspec.json.schema_components(
            [kind], schema_hook=_ours, ref_template=REF + "{name}"
        )
        for name, struct in structs.items():
            self.named.setdefault(name, _struct(name, struct))
        return _plain(found)

    def add(self, name: str, schema: Schema) -> Schema:
        """Give a schema a name; the reference to it."""
        known = self.named.setdefault(name, schema)
        if known != schema:
            raise ValueError(f"Two schemas are called {name}.")
        return ref(name)

    def resolved(self, schema: Schema) -> Schema:
        """The schema itself where this one is a reference."""
        while "$ref" in schema:
            schema = self.named[schema["$ref"].removeprefix(REF)]
        return schema

    def body(
        self, name: str, words: str, shape: Shape, record: Schema | None, *, partial: bool
    ) -> Schema:
        """What a body of this shape is, by this name. `record` is what comes of it, if known."""
        known = {} if record is None else self.resolved(record).get("properties", {})
        also = {field: [] for field in shape.fields}  # type: dict[str, list[str]]
        for other, field in shape.aliases.items():
            also[field].append(other)
        properties = {
            field: self._field(name, field, kind, shape, known.get(field, {}), also[field])
            for field, kind in shape.fields.items()
        }
        required = [field for field in shape.fields if field in shape.required and not partial]
        made: Schema = {"description": words, "type": "object", "properties": properties}
        made["additionalProperties"] = False
        if required:
            made["required"] = required
        return self.add(name, made)

    def _field(
        self, model: str, field: str, kind: Any, shape: Shape, known: Schema, also: list[str]
    ) -> Schema:
        schema = self.of(kind)
        asks = schema.pop("description", "")
        told = shape.about.get(field) or known.get("description") or OF_EVERY_RECORD.get(field, "")
        others = " or ".join(f"`{name}`" for name in also)
        words = [told, asks, f"{others} is taken for it too." if also else ""]
        if field not in shape.required:
            schema = nullable(schema)
        if description := " ".join(filter(None, words)):
            schema["description"] = description
        example = known.get("examples") or [naming.example_id(field, model)]
        if example[0] is not None and "$ref" not in schema:
            schema["examples"] = example[:1]
        return schema


def nullable(schema: Schema) -> Schema:
    """The same, or null."""
    kind = schema.get("type")
    if isinstance(kind, str) and "enum" not in schema:
        return {**schema, "type": [kind, "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def _struct(name: str, schema: Schema) -> Schema:
    made = {key: value for key, value in schema.items() if key not in ("title", "properties")}
    if "description" in made:
        made["description"] = _first_paragraph(made["description"])
    properties = {
        field: _property(name, field, _plain(each)) for field, each in schema["properties"].items()
    }
    # What has a default is always there all the same: an answer leaves nothing out but UNSET.
    made["required"] = [
        field
        for field, each in properties.items()
        if field in schema.get("required", ()) or "default" in each
    ]
    for each in properties.values():
        each.pop("default", None)
    return {**made, "properties": properties}


def _property(model: str, field: str, schema: Schema) -> Schema:
    if "description" not in schema and field in OF_EVERY_RECORD:
        schema["description"] = OF_EVERY_RECORD[field]
    example = naming.example_id(field, model)
    if example is not None and "examples" not in schema and schema.get("type") == "string":
        schema["examples"] = [example]
    return schema


def _plain(schema: Mapping[str, Any]) -> Schema:
    """The same with `type` where only values stand, and null among the types where it can."""
    made = {key: _inner(value) for key, value in schema.items()}
    if all(isinstance(value, str) for value in made.get("enum", [None])):
        made.setdefault("type", "string")
    choices = made.get("anyOf", [])
    if len(choices) == 2 and choices[1] == {"type": "null"}:
        inner = choices[0]
        if isinstance(inner.get("type"), str) and "enum" not in inner:
            del made["anyOf"]
            made = {**made, **inner, "type": [inner["type"], "null"]}
    return made


def _inner(value: Any) -> Any:
    if isinstance(value, dict):
        return _plain(value)
    return [_inner(each) for each in value] if isinstance(value, list) else value


def _first_paragraph(text: str) -> str:
    return " ".join(inspect.cleandoc(text).partition("\n\n")[0].split())
