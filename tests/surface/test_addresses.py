"""Every route has one address and its own methods; everything beside it is refused alike."""

import re
from collections.abc import Iterable
from dataclasses import replace

import pytest

from jump.rest.routes import BASES, Route
from tests.surface.asking import Asked, Reply, encoded
from tests.surface.shapes import assert_answered, assert_refused
from tests.surface.table import over
from tests.surface.world import World, fill, make_records, unknown_ids

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get")
ODD_IDS = {
    "very long": "pat_" + "0" * 7_000,
    "a NUL": "%00",
    "a NUL within": "pat_0%00",
    "bytes that are no text": "%ff%fe",
    "half a surrogate": "%ed%a0%80",
    "dots": "..",
    "encoded dots": "%2e%2e",
    "an encoded slash": "pat_1%2Faccess-log",
    "a quote": encoded("' OR 1=1 --"),
    "braces": "%7B%7D",
    "a template": "%7Bid%7D",
    "a star": "*",
    "beyond ASCII": encoded("p\N{LATIN SMALL LETTER A WITH RING ABOVE}t_\N{GRINNING FACE}"),
    "a percent": "%",
    "a line break": "a%0d%0ax-evil:%201",
}
# What differs between two answers that say the same.
OF_ONE_ANSWER = {"x-request-id", "x-response-time", "x-ratelimit-remaining", "x-ratelimit-reset"}


def with_ids(routes: Iterable[Route]) -> list[Route]:
    return [route for route in routes if "{" in route.path]


def same(one: Reply, other: Reply) -> bool:
    """Byte for byte, but for the request's own."""
    return _without_its_own(one) == _without_its_own(other)


def _without_its_own(reply: Reply) -> tuple[object, ...]:
    dropped = OF_ONE_ANSWER | {"ratelimit"}
    headers = {name: text for name, text in reply.headers.items() if name not in dropped}
    body = reply.body.replace(reply.headers["x-request-id"].encode(), b"req")
    return reply.status, headers, body


async def test_a_method_that_is_not_offered_is_refused_with_those_that_are(world: World) -> None:
    offered: dict[str, set[str]] = {}
    for route in world.routes:
        offered.setdefault(route.path, set()).add(route.method)

    async def check(route: Route) -> None:
        allowed = offered[route.path]
        for method in set(METHODS) - allowed:
            reply = await world.send(replace(world.good(route), method=method))
            assert_refused(reply, 405, "METHOD_NOT_ALLOWED")
            named = set(reply.headers["allow"].split(", "))
            assert named == allowed | ({"HEAD"} if "GET" in allowed else set())

    await over(world.routes, check)


async def test_head_answers_what_get_does(world: World) -> None:
    async def check(route: Route) -> None:
        asked = world.good(route)
        got, head = await world.send(asked), await world.send(replace(asked, method="HEAD"))
        assert_answered(got)
        assert head.status == 200
        lists_itself = route.path.endswith("access-log") or route.path == "/me"
        differing = {"content-length"} if lists_itself else set()
        assert set(head.headers) == set(got.headers)
        for name in set(got.headers) - OF_ONE_ANSWER - {"ratelimit"} - differing:
            assert head.headers[name] == got.headers[name]

    await over([route for route in world.routes if route.method == "GET"], check)


async def test_a_slash_too_many_or_an_address_by_detours_is_another_address(world: World) -> None:
    async def check(route: Route) -> None:
        good = world.good(route)
        path = fill(route.path, world.ids)
        for wrong in (
            f"{path}/",
            f"/{path}",
            path.replace("/", "//"),
            f"/me/..{path}",
            f"/me/%2e%2e{path}",
            f"/.{path}",
            f"{path};v=1",
            f"{path}%2F",
            f"{path}%00",
            f"{path}%20",
            path.upper(),
            f"/%2F{path[1:]}",
        ):
            assert_nothing_there(await world.send(good.at(wrong)))
        if path.count("/") > 1:
            first, _, rest = path[1:].partition("/")
            for slash in ("%2F", "%2f", "%5C", "%252F"):
                wrong = f"/{first}{slash}{rest}"
                assert_nothing_there(await world.send(good.at(wrong)))

    await over(world.routes, check)


def assert_nothing_there(reply: Reply) -> None:
    """No such address, or it is taken for an unknown id, which has other methods."""
    assert_refused(reply, reply.status, {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}[reply.status])


@pytest.mark.parametrize("odd", ODD_IDS.values(), ids=ODD_IDS)
async def test_an_odd_id_is_an_unknown_one(world: World, odd: str) -> None:
    async def check(route: Route) -> None:
        good = world.good(route)
        for name in world.ids:
            wrong = fill(route.path, {**world.ids, name: odd})
            if wrong == fill(route.path, world.ids):
                continue
            reply = await world.send(good.at(wrong))
            assert_refused(reply, 404, "NOT_FOUND")
            assert odd not in reply.body.decode()

    await over(with_ids(world.routes), check)


@pytest.mark.parametrize("whose", ["the other mode's", "another organisation's"])
async def test_a_record_of_others_looks_like_one_that_never_was(world: World, whose: str) -> None:
    api = world.api
    if whose == "the other mode's":
        key = await api.make_key(mode="live")
    else:
        key = await api.make_key(organisation=await api.new_organisation("Next door"))
    theirs = await make_records(api, key)
    before = await everything(world)

    async def check(route: Route) -> None:
        asked = world.good(route).with_key(key)
        wanted = re.findall(r"\{(\w+)\}", route.path)
        # Also below a record of one's own: another's delivery of my webhook.
        holders = [theirs, world.ids] if len(wanted) > 1 else [world.ids]
        for ids in holders:
            inner = wanted[-1] if wanted[-1] != "id" else route.path.split("/")[1]
            known = {**ids, inner: world.ids[inner]}
            unknown = {**known, inner: unknown_ids()[inner]}
            one = await world.send(asked.at(fill(route.path, known)))
            other = await world.send(asked.at(fill(route.path, unknown)))
            assert_refused(one, 404, "NOT_FOUND")
            assert same(one, other)

    await over(with_ids(world.routes), check)
    assert await everything(world) == before


async def test_lists_hold_nothing_of_others(world: World) -> None:
    api = world.api
    live = await api.make_key(mode="live")
    elsewhere = await api.make_key(organisation=await api.new_organisation("Next door"))
    lists = [r for r in world.routes if r.listing is not None and "{" not in r.path]

    async def check(route: Route) -> None:
        for key in (live, elsewhere):
            assert assert_answered(await world.send(world.good(route).with_key(key))) == []
        assert assert_answered(await world.send(world.good(route))) != []

    await over(lists, check)


async def everything(world: World) -> list[object]:
    """What can be read of the world's records, but not who has read them."""
    changing = ("access-log", "/download")
    readable = [r for r in world.routes if r.method == "GET" and not r.path.endswith(changing)]
    return [(await world.send(world.good(route))).data for route in readable if route.path != "/me"]


async def test_the_api_answers_alike_below_each_of_its_bases(world: World) -> None:
    async def check(route: Route) -> None:
        asked = world.good(route)
        first = await world.send(asked)
        for base in BASES:
            target = asked.target.replace(BASES[0], base, 1)
            assert (await world.send(replace(asked, target=target))).status == first.status

    readable = [route for route in world.routes if route.method == "GET"]
    await over(readable, check)


@pytest.mark.parametrize("path", ["", "/", "/nothing", "/patients/a/b/c", "/patients/search/x"])
async def test_an_unknown_address_below_a_base_takes_a_key_and_is_not_found(
    world: World, path: str
) -> None:
    for base in BASES:
        asked = Asked("GET", base + path)
        assert_refused(await world.send(asked), 401, "UNAUTHORIZED", authenticated=False)
        assert_refused(await world.send(asked.with_key(world.key)), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/api",
        "/api/v1x/patients",
        "/api/v2/patients",
        "/API/V1/patients",
        "/x?a=b",
        "/metricsx",
    ],
)
async def test_an_address_outside_the_api_is_not_found_in_the_same_shape(
    world: World, target: str
) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        reply = await world.send(Asked(method, target).with_key(world.key))
        assert_refused(reply, 404, "NOT_FOUND", authenticated=False)
