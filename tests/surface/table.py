"""Refusals as data: what is wrong with a request, and what every route must answer to it.

`test_refusals` runs each of them over every route that it concerns.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from jump.resources.definition import Shape
from jump.rest.bodies import MOST_JSON
from jump.rest.routes import Route
from tests.surface.asking import Asked
from tests.surface.world import World, name_of

Spoil = Callable[[World, Route, Asked], Iterable[Asked]]


@dataclass(frozen=True)
class Refusal:
    """`spoil` makes wrong requests of a good one; each must be answered with `status` and `code`.

    `field`, if any, must be among the details.
    """

    name: str
    status: int
    code: str
    spoil: Spoil
    authenticated: bool = True
    field: str | None = None


def has_body(route: Route) -> bool:
    return route.body is not None


def text_fields(shape: Shape) -> Iterator[str]:
    """The fields that take any text."""
    for name, kind in shape.fields.items():
        info = msgspec.inspect.type_info(kind)
        inner = info.type if isinstance(info, msgspec.inspect.Metadata) else info
        if isinstance(inner, msgspec.inspect.StrType):
            yield name


def _no_key(world: World, route: Route, good: Asked) -> Iterable[Asked]:
    yield good.with_key(None)
    yield good.with_header("authorization", "")


def _malformed_key(world: World, route: Route, good: Asked) -> Iterable[Asked]:
    key = world.key
    other = "A" if key[-1] != "A" else "B"
    spoilt = [key[:-1], key + "0", key[:-1] + other, key.upper(), "pk_test_x", "\xff" * 80]
    for text in spoilt:
        yield good.with_key(text)
    for header in (key, f"Basic {key}", f"Bearer {key} {key}", "Bearer", "Bearer  "):
        yield good.with_header("authorization", header)


def _key(name: str) -> Spoil:
    def spoil(world: World, route: Route, good: Asked) -> Iterable[Asked]:
        yield good.with_key(world.keys[name])

    return spoil


def _wrong_scope(world: World, route: Route, good: Asked) -> Iterable[Asked]:
    if route.scope is not None:
        yield good.with_key(world.keys[f"without {route.scope}"])


def _key_in_query(world: World, route: Route, good: Asked) -> Iterable[Asked]:
    for text in (world.key, world.key.replace("_", "%5F"), f"x{world.key}", "PK_TEST_0"):
        yield good.with_query(f"api_key={text}")
        yield good.with_key(None).with_query(text)
    yield good.with_query("a=b&" * 5 + f"search={world.key}")


def _unknown_parameter(world: World, route: Route, good: Asked) -> Iterable[Asked]:
    yield good.with_query("zz=1")
    yield good.with_query("zz")
    yield good.with_query("zz=&zz=")


def _many_parameters(world: World, route: Route, good: Asked) -> Iterable[Asked]:
    yield good.with_query("&".join(f"p{number}=1" for number in range(300)))
    yield good.with_query("zz=" + "x" * 9_000)


def _nul_in_query(world: World, route: Route, good: Asked) -> Iterable[Asked]:
    yield good.with_query("search=a%00b")
    yield good.with_query("a%00b=1")


def _odd_query(world: World, route: Route, good: Asked) -> Iterable[Asked]:
    for text in (
        "%ff%fe=%ff",
        "=",
        "zz=%ed%a0%80",
        "%",
        "zz=%zz",
        "zz=\xff\xfe",
        ";",
        "zz;limit=1",
    ):
        yield good.with_query(text)


def _unknown_field(world: World, route: Route, good: Asked) -> Iterable[Asked]:
    if has_body(route):
        yield good.with_json({**good.json, "zz": 1})


def _nul_in_field(world: World, route: Route, good: Asked) -> Iterable[Asked]:
    if route.body is None:
        return
    for name in text_fields(route.body):
        for text in ("a\x00b", "\x00"):
            yield good.with_json({**good.json, name: text})
    yield good.with_json({**good.json, "z\x00z": 1})


def _not_an_object(world: World, route: Route, good: Asked) -> Iterable[Asked]:
    if has_body(route):
        for body in (b"[]", b"1", b'"x"', b"null", b"true"):
            yield good.with_body(body)


def _malformed_json(world: World, route: Route, good: Asked) -> Iterable[Asked]:
    if not has_body(route):
        return
    yield good.with_body(b'{"zz":')
    yield good.with_body(b'{"zz":"\xff"}')
    yield good.with_body(b'{"zz":"\\ud800"}')
    yield good.with_body(b"{}{}")
    yield good.with_body(b"\xef\xbb\xbf{}")
    yield good.with_body(b'{"zz":NaN}')
    yield good.with_body(b'{"zz":' + b"[" * 100_000 + b"]" * 100_000 + b"}")
    yield good.with_body(b"\x00")


def _wrong_media_type(world: World, route: Route, good: Asked) -> Iterable[Asked]:
    if not has_body(route):
        return
    body = msgspec.json.encode(good.json)
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "", "application/jsonx"):
        yield good.with_body(body, media_type)
    yield good.with_body(body).with_header("content-type", None)
    if route.method != "PATCH":
        yield good.with_body(body, "application/merge-patch+json")


def _oversized(world: World, route: Route, good: Asked) -> Iterable[Asked]:
    if not has_body(route):
        return
    yield good.with_body(b'{"zz":"' + b"x" * MOST_JSON + b'"}')
    yield good.with_header("content-length", str(10**12))
    for length in (None, "1", "-1", "many"):
        chunked = good.with_header("content-type", "application/json")
        chunked = chunked.with_header("content-length", length)
        yield Asked(
            chunked.method,
            chunked.target,
            chunked.headers,
            (b'{"zz":"', *(b"x" * 65_536 for _ in range(5))),
        )


REFUSALS = (
    Refusal("no key", 401, "UNAUTHORIZED", _no_key, authenticated=False),
    Refusal("a malformed key", 401, "UNAUTHORIZED", _malformed_key, authenticated=False),
    Refusal("an unknown key", 401, "UNAUTHORIZED", _key("unknown"), authenticated=False),
    Refusal("an expired key", 401, "UNAUTHORIZED", _key("expired"), authenticated=False),
    Refusal("a revoked key", 401, "UNAUTHORIZED", _key("revoked"), authenticated=False),
    Refusal("a wrong scope", 403, "INSUFFICIENT_SCOPE", _wrong_scope),
    Refusal("a key in the query", 400, "INVALID_REQUEST", _key_in_query, authenticated=False),
    Refusal("an unknown parameter", 400, "INVALID_REQUEST", _unknown_parameter, field="zz"),
    Refusal("a NUL in the query", 400, "INVALID_REQUEST", _nul_in_query),
    Refusal("too many parameters", 400, "INVALID_REQUEST", _many_parameters),
    Refusal("odd bytes in the query", 400, "INVALID_REQUEST", _odd_query),
    Refusal("an unknown field", 422, "VALIDATION_FAILED", _unknown_field, field="zz"),
    Refusal("a NUL in a field", 422, "VALIDATION_FAILED", _nul_in_field),
    Refusal("a body that is no object", 422, "VALIDATION_FAILED", _not_an_object),
    Refusal("malformed JSON", 400, "INVALID_REQUEST", _malformed_json),
    Refusal("a wrong media type", 415, "UNSUPPORTED_MEDIA_TYPE", _wrong_media_type),
    Refusal("an oversized body", 413, "PAYLOAD_TOO_LARGE", _oversized),
)


async def over(routes: Iterable[Route], check: Callable[[Route], Awaitable[Any]]) -> None:
    """Check every route, and tell of all that fail at once."""
    problems: list[str] = []
    checked = 0
    for route in routes:
        checked += 1
        try:
            await check(route)
        except AssertionError as problem:
            problems.append(f"{name_of(route)}: {problem}")
    assert checked
    assert not problems, "\n".join(problems)
