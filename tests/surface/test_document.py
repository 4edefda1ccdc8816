"""The OpenAPI document is public and the same everywhere; what it says of If-Match is so.

That every answer in these tests is as it says, `World.send` sees to.
"""

from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

from click.testing import CliRunner

from jump.application import endpoints
from jump.cli.main import main
from jump.rest.routes import BASES, Route
from tests.surface.asking import Asked
from tests.surface.described import described, resolved
from tests.surface.shapes import assert_headers, assert_refused
from tests.surface.table import over
from tests.surface.world import World


async def test_the_document_is_for_everybody_and_the_same_below_each_base(world: World) -> None:
    for base in BASES:
        asked = Asked("GET", f"{base}/openapi.json")
        for each in (asked, asked.with_key(world.key), asked.with_key("pk_test_x")):
            reply = await world.send(each)
            assert (reply.status, reply.body) == (200, endpoints.document())
            assert_headers(reply, authenticated=False)
        head = await world.send(replace(asked, method="HEAD"))
        assert head.status == 200


def test_the_command_prints_what_is_served() -> None:
    printed = CliRunner().invoke(main, ["openapi"])
    assert (printed.exit_code, printed.stdout_bytes) == (0, endpoints.document())


async def test_the_document_refuses_what_every_address_refuses(world: World) -> None:
    asked = Asked("GET", "/api/v1/openapi.json")
    for wrong, status, code in (
        (asked.with_query(f"key={world.key}"), 400, "INVALID_REQUEST"),
        (asked.with_query("zz=1"), 400, "INVALID_REQUEST"),
        (replace(asked, method="POST"), 405, "METHOD_NOT_ALLOWED"),
        (replace(asked, method="OPTIONS"), 405, "METHOD_NOT_ALLOWED"),
    ):
        reply = await world.send(wrong)
        assert_refused(reply, status, code, authenticated=False)
        if status == 405:
            assert reply.headers["allow"] == "GET, HEAD"


async def test_if_match_is_honoured_where_it_is_documented_and_only_there(world: World) -> None:
    async def check(route: Route) -> None:
        told = described()["paths"][route.path][route.method.lower()]
        parameters = {resolved(each)["name"] for each in told.get("parameters", [])}
        assert ("If-Match" in parameters) == ("412" in told["responses"])
        reply = await world.send(world.good(route).with_header("if-match", '"4711"'))
        assert (reply.status == 412) == ("412" in told["responses"]), reply.status

    await over(world.routes_by_need(), check)


async def test_a_request_is_repeated_once_where_it_is_documented_and_only_there(
    world: World,
) -> None:
    async def check(route: Route) -> None:
        told = described()["paths"][route.path][route.method.lower()]
        parameters = {resolved(each)["name"] for each in told.get("parameters", [])}
        asked = world.good(route).with_header("idempotency-key", "once")
        assert (await world.send(asked)).status < 300
        another = asked.with_body(b" " + (b"".join(asked.chunks) or b"{}"))
        assert ((await world.send(another)).status == 409) == ("Idempotency-Key" in parameters)

    await over([r for r in world.routes_by_need() if r.method in ("POST", "PATCH")], check)


async def test_a_query_without_what_it_is_documented_to_need_is_refused(world: World) -> None:
    async def check(route: Route) -> None:
        told = described()["paths"][route.path][route.method.lower()]
        asked = world.good(route)
        path, _, query = asked.target.partition("?")
        pairs = parse_qsl(query)
        for each in map(resolved, told.get("parameters", [])):
            if each["in"] != "query" or not each.get("required"):
                continue
            rest = [pair for pair in pairs if pair[0] != each["name"]]
            assert len(rest) < len(pairs)
            reply = await world.send(replace(asked, target=f"{path}?{urlencode(rest)}"))
            error = assert_refused(reply, 400, "INVALID_REQUEST")
            assert [detail["field"] for detail in error["details"]] == [each["name"]]

    await over(world.routes, check)
