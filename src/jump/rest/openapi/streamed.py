"""Bodies beside JSON: a form with the same fields and a file, or the bytes of a file."""

from typing import Any, Final, TypeAlias

from jump.rest.forms import FILE
from jump.rest.openapi.schemas import Schema, Schemas
from jump.rest.routes import Direct, Route

Content: TypeAlias = dict[str, dict[str, Any]]

_EXAMPLE: Final = "%PDF-1.7 ..."
_BYTES: Final = {"type": "string", "format": "binary"}
_FILE: Final = {**_BYTES, "description": "The file. It may stand anywhere in the form."}


def streams(route: Route) -> tuple[str, ...]:
    """The media types, beside JSON, of the bodies that the operation takes."""
    return route.streams if isinstance(route, Direct) else ()


def forms(schemas: Schemas, route: Route, name: str, fields: Schema, example: Any) -> Content:
    """Forms with the fields of the JSON body, of which there is an example, and a file."""
    shown = {"schema": _form(schemas, name, fields), "example": {**example, FILE: _EXAMPLE}}
    return dict.fromkeys(streams(route), shown)


def files(route: Route) -> Content:
    """Bodies that are a file and nothing else."""
    return {each: {"schema": _BYTES, "example": _EXAMPLE} for each in streams(route)}


def _form(schemas: Schemas, name: str, fields: Schema) -> Schema:
    known = schemas.resolved(fields)
    # A form has no null: what is left out is left out.
    properties = {field: _given(each) for field, each in known["properties"].items()}
    made = {
        **known,
        "properties": {**properties, FILE: _FILE},
        "required": [*known.get("required", []), FILE],
    }
    return schemas.add(f"{name}Form", made)


def _given(schema: Schema) -> Schema:
    """The same without null."""
    kinds = schema.get("type")
    if not isinstance(kinds, list):
        return schema
    (kind,) = [each for each in kinds if each != "null"]
    return {**schema, "type": kind}
