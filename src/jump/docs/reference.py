"""The OpenAPI document as the pages of the reference need it: a chapter for each group. Pure.

What the API is stands in the document alone: nothing here knows an address or a field.
"""

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jump.docs.wording import kind_of

Json = Mapping[str, Any]

METHODS: Final = ("get", "post", "put", "patch", "delete")
_JSON: Final = "application/json"
_FORM: Final = "multipart/form-data"
_PATCH: Final = "application/merge-patch+json"
_FORMS: Final = ("_gte", "_lte", "_in")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a body or an answer, or a parameter, in words."""

    name: str
    kind: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Filter:
    """A field that a list can be filtered by, and the endings that its name takes."""

    name: str
    kind: str
    endings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is no success: its status, its codes, and when."""

    status: str
    codes: tuple[str, ...]
    description: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a success is: its status, in words, an example, and the type of what is not JSON."""

    status: str
    description: str
    example: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address. `body` is an example, laid out; `scope` None where any key may."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    scope: str | None
    deprecated: bool
    parameters: tuple[Field, ...]
    filters: tuple[Filter, ...]
    fields: tuple[Field, ...]
    body: str
    curls: tuple[str, ...]
    answer: Answer
    refusals: tuple[Refusal, ...]
    can_be_tried: bool
    has_query: bool
    query: str

    @property
    def ids(self) -> list[str]:
        """The names that stand in the path."""
        return [part[1:-1] for part in self.path.split("/") if part.startswith("{")]


@dataclass(frozen=True, slots=True)
class Chapter:
    """One group of operations, and the fields of its record where they share one."""

    name: str
    title: str
    lead: str
    fields: tuple[Field, ...]
    operations: tuple[Operation, ...]


def chapters(document: Json, url: str) -> list[Chapter]:
    """Every group of the document, in its order. `url` is where this installation answers."""
    reading = _Reading(document, url)
    return [reading.chapter(tag) for tag in document["tags"]]


class _Reading:
    def __init__(self, document: Json, url: str) -> None:
        self._document = document
        self._base = url + document["servers"][0]["url"]

    def chapter(self, tag: Json) -> Chapter:
        mine = [
            (path, method, operation)
            for path, operations in self._document["paths"].items()
            for method, operation in operations.items()
            if method in METHODS and tag["name"] in operation["tags"]
        ]
        mine.sort(key=lambda each: bool(each[2].get("deprecated")))
        return Chapter(
            name=tag["name"].lower().replace(" ", "-"),
            title=tag["name"],
            lead=tag["description"],
            fields=self._record(mine),
            operations=tuple(self._operation(*each) for each in mine),
        )

    def _record(self, mine: Iterable[tuple[str, str, Json]]) -> tuple[Field, ...]:
        """The fields of what is read one by one, or of what is answered first."""
        gets = [each for each in mine if each[1] == "get"]
        gets.sort(key=lambda each: not each[0].endswith("}"))
        for _, _, operation in gets:
            data = self._data(operation)
            if data.get("type") == "array":
                data = self._found(data["items"])
            if data.get("properties"):
                return self._fields(data)
        return ()

    def _data(self, operation: Json) -> Json:
        for status, answer in operation["responses"].items():
            content = self._found(answer).get("content", {})
            if status[0] == "2" and _JSON in content:
                schema = self._found(content[_JSON].get("schema", {}))
                return self._found(self._first(schema.get("properties", {}).get("data", {})))
        return {}

    def _first(self, schema: Json) -> Json:
        for choice in ("anyOf", "oneOf"):
            if choice in schema:
                found: Json = schema[choice][0]
                return found
        return schema

    def _operation(self, path: str, method: str, operation: Json) -> Operation:
        parameters = [self._found(each) for each in operation.get("parameters", ())]
        scopes: Json = next(iter(operation["security"]), {})
        content: Json = self._found(operation.get("requestBody", {})).get("content", {})
        body: tuple[str, Json] = next(iter(content.items()), ("", {}))
        plain, filters = _apart(parameters)
        return Operation(
            id=operation["operationId"].replace("_", "-"),
            method=method.upper(),
            path=path,
            summary=operation["summary"],
            description=operation.get("description", ""),
            scope=next(iter(scopes.get("apiKey", ())), None),
            deprecated=bool(operation.get("deprecated")),
            parameters=tuple(map(_parameter, plain)),
            filters=filters,
            fields=self._fields(self._found(body[1].get("schema", {}))),
            body=_laid_out(body[1]["example"]) if "example" in body[1] else "",
            curls=tuple(self._curls(path, method.upper(), parameters, content)),
            answer=self._answer(operation),
            refusals=tuple(self._refusals(operation)),
            can_be_tried=not content or _JSON in content,
            has_query=any(each["in"] == "query" for each in parameters),
            query=_with_examples("", parameters).removeprefix("?"),
        )

    def _fields(self, schema: Json) -> tuple[Field, ...]:
        required = schema.get("required", ())
        return tuple(
            Field(
                name,
                kind_of(each, self._found),
                name in required,
                self._found(each).get("description", "") or each.get("description", ""),
            )
            for name, each in schema.get("properties", {}).items()
        )

    def _answer(self, operation: Json) -> Answer:
        for status, given in operation["responses"].items():
            answer = self._found(given)
            if status[0] not in "23":
                continue
            contents: Json = answer.get("content", {})
            media_type, content = next(iter(contents.items()), ("", {}))
            return Answer(status, answer["description"], _example(content), media_type)
        raise ValueError(f"{operation['operationId']} says no success")

    def _refusals(self, operation: Json) -> Iterable[Refusal]:
        for status, given in operation["responses"].items():
            if status[0] not in "45":
                continue
            answer = self._found(given)
            examples = answer.get("content", {}).get(_JSON, {}).get("examples", {})
            codes = [each["value"]["error"]["code"] for each in examples.values()]
            yield Refusal(status, tuple(dict.fromkeys(codes)), answer["description"])

    def _curls(
        self, path: str, method: str, parameters: Sequence[Json], content: Json
    ) -> Iterable[str]:
        """A command for each kind of body, with the examples of the document, for a shell."""
        address = shlex.quote(self._base + _with_examples(path, parameters))
        example = content.get(_JSON, {}).get("example", {})
        kinds = [each for each in content if each != _PATCH] or [""]
        for media_type in kinds:
            plain = method == "GET" or (method == "POST" and media_type)
            head = "curl" if plain else f"curl -X {method}"
            head += ' -H "Authorization: Bearer $PK_KEY"'
            yield " \\\n  ".join([head, *_sending(media_type, example), address])

    def _found(self, given: Json) -> Json:
        """What a reference leads to, or the thing itself."""
        while "$ref" in given:
            found: Any = self._document
            for part in given["$ref"].removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            given = found
        return given


def _apart(parameters: Sequence[Json]) -> tuple[list[Json], tuple[Filter, ...]]:
    """The parameters that stand for themselves, and the fields that a list is filtered by."""
    names = {each["name"] for each in parameters}
    filtered = [name for name in names if any(f"{name}{ending}" in names for ending in _FORMS)]
    variants = {f"{name}{ending}" for name in filtered for ending in _FORMS}
    plain = [each for each in parameters if each["name"] not in {*filtered, *variants}]
    filters = [
        Filter(
            each["name"],
            kind_of(each["schema"], lambda given: given),
            tuple(ending for ending in _FORMS if f"{each['name']}{ending}" in names),
        )
        for each in parameters
        if each["name"] in filtered
    ]
    return plain, tuple(filters)


def _parameter(given: Json) -> Field:
    kind = kind_of(given["schema"], lambda each: each)
    where = {"query": "", "path": "in the path", "header": "header"}[given["in"]]
    words = ", ".join(filter(None, (kind, where)))
    return Field(given["name"], words, bool(given.get("required")), given.get("description", ""))


def _with_examples(path: str, parameters: Iterable[Json]) -> str:
    query = []
    for each in parameters:
        if each["in"] == "path":
            path = path.replace(f"{{{each['name']}}}", str(each["example"]))
        elif each["in"] == "query" and "example" in each:
            query.append(f"{each['name']}={each['example']}")
    return path + (f"?{'&'.join(query)}" if query else "")


def _sending(media_type: str, example: Json) -> list[str]:
    """The options of curl that send a body of this type."""
    if not media_type:
        return []
    if media_type == _FORM:
        parts = [f"{name}={value}" for name, value in example.items() if name != "file_name"]
        return [f"-F {shlex.quote(part)}" for part in (*parts, "file=@letter.pdf")]
    if media_type == _JSON:
        return [f"-H 'Content-Type: {media_type}'", f"-d {_quoted(_laid_out(example))}"]
    return [f"-H 'Content-Type: {media_type}'", "--data-binary @letter.pdf"]


def _example(content: Json) -> str:
    """The example of an answer, or the first of several."""
    if "example" in content:
        return _laid_out(content["example"])
    several: Json = content.get("examples", {})
    return next((_laid_out(each["value"]) for each in several.values()), "")


def _laid_out(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _quoted(text: str) -> str:
    escaped = text.replace("'", "'\\''")
    return f"'{escaped}'"
