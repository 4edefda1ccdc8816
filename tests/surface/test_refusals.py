"""Every route refuses what is wrong with a request, in the same words and shape as every other."""

from dataclasses import replace

import pytest

from jump.keys import revoke
from jump.keys.scopes import ALL_SCOPES
from jump.kit.clock import HOUR
from jump.rest.routes import Route
from tests.surface.shapes import assert_answered, assert_refused
from tests.surface.table import REFUSALS, Refusal, over
from tests.surface.world import MANY, World, name_of, unknown_key


@pytest.fixture
async def world(world: World) -> World:
    """The world with keys that are good for nothing, or not for everything."""
    api = world.api
    now = api.parts.clock()
    world.keys["unknown"] = unknown_key()
    world.keys["expired"] = await api.make_key(at=now - 2 * HOUR, expires_at=now - HOUR)
    record, world.keys["revoked"] = await api.new_key()
    await api.database.write(lambda tx: revoke.revoke(tx, api.operator(), record.id, now))
    for scope in sorted({route.scope for route in world.routes if route.scope is not None}):
        others = [each for each in ALL_SCOPES if each != scope]
        world.keys[f"without {scope}"] = await api.make_key(*others, limit=MANY)
    return world


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.name)
async def test_every_route_refuses(world: World, refusal: Refusal) -> None:
    asked_of: set[str] = set()

    async def check(route: Route) -> None:
        for number, asked in enumerate(refusal.spoil(world, route, world.good(route))):
            asked_of.add(name_of(route))
            # Failures are counted by address: each request has its own.
            address = f"2001:db8:{len(asked_of):x}:{number:x}::1"
            reply = await world.send(replace(asked, client=address))
            error = assert_refused(
                reply, refusal.status, refusal.code, authenticated=refusal.authenticated
            )
            if refusal.field is not None:
                assert refusal.field in reply.fields
            if refusal.status == 403:
                assert f'scope="{route.scope}"' in reply.headers["www-authenticate"]
            assert error["message"].isprintable()

    await over(world.routes, check)
    assert asked_of


async def test_every_route_answers_a_request_with_nothing_wrong_in_it(world: World) -> None:
    async def check(route: Route) -> None:
        reply = await world.send(world.good(route))
        created = route.method == "POST" and "location" in reply.headers
        assert_answered(reply, 201 if created else 200)

    await over(world.routes_by_need(), check)


async def test_the_feed_is_closed_to_a_key_that_may_read_none_of_the_records(world: World) -> None:
    """No scope opens `/events`: each event takes the read scope of its record."""
    feeds = [route for route in world.routes if route.scope is None and route.path != "/me"]
    assert {name_of(route) for route in feeds} == {"GET /events", "GET /events/{id}"}
    reads = {each for each in ALL_SCOPES if each.startswith("read_")}
    blind = await world.api.make_key(*sorted(set(ALL_SCOPES) - reads), "read_webhooks")
    other = await world.api.make_key("read_documents")
    for route in feeds:
        reply = await world.send(world.good(route).with_key(blind))
        assert_refused(reply, 403, "INSUFFICIENT_SCOPE")
    one = next(route for route in feeds if "{id}" in route.path)
    reply = await world.send(world.good(one).with_key(other))
    assert_refused(reply, 403, "INSUFFICIENT_SCOPE")
    assert 'scope="read_patients"' in reply.headers["www-authenticate"]
    everything = next(route for route in feeds if "{id}" not in route.path)
    assert assert_answered(await world.send(world.good(everything).with_key(other))) == []
