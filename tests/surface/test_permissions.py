"""What a key may do and may not: every address, each scope alone, in either mode."""

from typing import Any

import pytest

from jump.caller import Mode
from jump.keys.scopes import ALL_SCOPES
from jump.rest.routes import Route
from jump.storage.database import Database
from tests.office import Office
from tests.rest.api import all_routes, open_api
from tests.surface.asking import BASE, Asked, Reply, send
from tests.surface.permissions import (
    EVENTS,
    FEED,
    FOR_EVERY_KEY,
    OLDER_EVENTS,
    PERMISSIONS,
    TOLD_A_WRITER,
    VERBS,
    opened_by,
    scopes,
)
from tests.surface.shapes import assert_answered, assert_refused
from tests.surface.table import over
from tests.surface.world import MANY, World, name_of, open_world, unknown_ids

OPENED_BY = opened_by()
READ_WITH_A_SCOPE = {name for name, scope in OPENED_BY.items() if scope.startswith("read_")}
URL = "https://hooks.example.com/jump"
MODES: tuple[Mode, ...] = ("test", "live")

in_each_mode = pytest.mark.parametrize("mode", MODES)


def assert_missing(reply: Reply, scope: str) -> None:
    """403, with the scope in the message and in the challenge."""
    error = assert_refused(reply, 403, "INSUFFICIENT_SCOPE")
    assert scope in error["message"]
    assert f'scope="{scope}"' in reply.headers["www-authenticate"]


def test_every_address_stands_in_the_table_and_every_scope_is_one_of_the_programs() -> None:
    assert {name_of(route) for route in all_routes()} == {*OPENED_BY, *FOR_EVERY_KEY, *FEED}
    assert scopes() == list(ALL_SCOPES)


@in_each_mode
async def test_a_scope_alone_opens_its_own_addresses_and_no_other(
    database: Database, mode: Mode
) -> None:
    world = await open_world(database, mode)
    keys = {scope: await world.api.make_key(scope, mode=mode, limit=MANY) for scope in scopes()}
    nothing = unknown_ids()

    async def check(route: Route) -> None:
        # Of records that are not there, so that whoever may, changes nothing.
        good = world.good(route, nothing)
        for scope, key in keys.items():
            reply = await world.send(good.with_key(key))
            needed = OPENED_BY[name_of(route)]
            if scope != needed:
                assert_missing(reply, needed)
            elif reply.status == 403:
                # Open, but what the body says of others takes another scope beside it.
                named = reply.headers["www-authenticate"]
                assert any(f'"{each}"' in named for each in beside(needed)), named

    for scope, key in keys.items():
        me = assert_answered(await world.send(Asked("GET", f"{BASE}/me").with_key(key)))
        assert (me["mode"], me["scopes"]) == (mode, [scope])
    await over([route for route in world.routes if name_of(route) in OPENED_BY], check)


def beside(scope: str) -> tuple[str, ...]:
    return next(row.beside for row in PERMISSIONS if scope in (row.read, row.write))


@in_each_mode
async def test_a_reader_reads_all_there_is_of_the_records(database: Database, mode: Mode) -> None:
    world = await open_world(database, mode)
    keys = {
        scope: await world.api.make_key(scope, *beside(scope), mode=mode, limit=MANY)
        for scope in scopes()
    }

    async def check(route: Route) -> None:
        asked = world.good(route)
        seen = assert_answered(await world.send(asked.with_key(keys[OPENED_BY[name_of(route)]])))
        assert seen
        # A link is another one each time.
        if not route.path.endswith(("access-log", "/download")):
            assert seen == assert_answered(await world.send(asked))

    await over([each for each in world.routes if name_of(each) in READ_WITH_A_SCOPE], check)


@in_each_mode
async def test_a_writer_writes_and_is_told_no_more_than_that_it_did(
    database: Database, mode: Mode
) -> None:
    world = await open_world(database, mode)
    rows = {row.write: row for row in PERMISSIONS if row.write}
    keys = {
        scope: await world.api.make_key(scope, *row.beside, mode=mode, limit=MANY)
        for scope, row in rows.items()
    }
    await make_holds(world, keys["write_holds"])

    async def check(route: Route) -> None:
        scope = OPENED_BY[name_of(route)]
        reply = await world.send(world.good(route).with_key(keys[scope]))
        done = assert_answered(reply, 201 if "location" in reply.headers else 200)
        if name_of(route) == "POST /holds/{id}/confirm":
            assert set(done) == TOLD_A_WRITER  # of the appointment
        elif scope != "write_holds":
            assert set(done) <= rows[scope].told_a_writer
        else:
            assert "expires_at" in done

    written = [r for r in world.routes_by_need() if OPENED_BY.get(name_of(r), "") in rows]
    await over(written, check)


async def make_holds(world: World, key: str) -> None:
    """Holds of this key's own, in the places of the world's: nobody else may see them."""
    create = next(route for route in world.routes if name_of(route) == "POST /holds")
    for name in ("holds", "holds/confirm"):
        made = assert_answered(await world.send(world.good(create).with_key(key)), 201)
        world.ids[name] = made["id"]


@pytest.mark.parametrize(
    ("body", "needed"),
    [
        ("a patient who is known", "read_patients"),
        ("a patient who is new", "write_patients"),
    ],
)
@in_each_mode
async def test_who_confirms_a_hold_needs_the_scope_of_the_patient(
    database: Database, mode: Mode, body: str, needed: str
) -> None:
    world = await open_world(database, mode)
    confirm = f"{BASE}/holds/{{}}/confirm"
    new = {"first_name": "Eve", "last_name": "Moneypenny", "date_of_birth": "1970-01-01"}
    sent = {"patient_id": world.ids["patients"]} if body.endswith("known") else new
    others = [scope for scope in scopes() if scope != needed]
    without = await world.api.make_key(*others, mode=mode, limit=MANY)
    holder = await world.api.make_key("write_holds", needed, mode=mode, limit=MANY)
    for key in (without, holder):
        await make_holds(world, key)
        asked = Asked("POST", confirm.format(world.ids["holds"])).with_key(key).with_json(sent)
        reply = await world.send(asked)
        if key == without:
            assert_missing(reply, needed)
        else:
            assert_answered(reply, 201)


async def test_what_no_permission_opens_no_key_may_do(world: World) -> None:
    every = [
        (verb.format(path=path), path)
        for row in PERMISSIONS
        for path in row.paths
        for verb in VERBS.values()
    ]
    refused = [(address, path) for address, path in every if address not in OPENED_BY]
    assert len(refused) >= 20
    for address, path in refused:
        method, _, template = address.partition(" ")
        target = BASE + template.replace("{id}", world.ids.get(path[1:], "x"))
        reply = await world.send(Asked(method, target).with_key(world.key).with_json({}))
        assert reply.status in (404, 405), address
        assert_refused(reply, reply.status, ("NOT_FOUND", "METHOD_NOT_ALLOWED")[reply.status - 404])


async def test_a_test_key_sees_nothing_of_live_nor_the_other_way_round(database: Database) -> None:
    here, there = await open_world(database, "test"), await open_world(database, "live")
    lists = {f"GET {path}" for row in PERMISSIONS for path in row.paths} & OPENED_BY.keys()

    async def check(route: Route) -> None:
        for mine, theirs in ((here, there), (there, here)):
            if "{" not in route.path and name_of(route) in lists | FEED:
                listed = [
                    assert_answered(await world.send(world.good(route))) for world in (mine, theirs)
                ]
                ids = [ids_in(each) for each in listed]
                assert ids[0]
                assert not ids[0] & ids[1]
            if "{" in route.path:
                reply = await mine.send(theirs.good(route).with_key(mine.key))
                assert_refused(reply, 404, "NOT_FOUND")

    await over([r for r in here.routes if r.path != "/availability"], check)


def ids_in(listed: list[dict[str, Any]]) -> set[str]:
    return {each["id"] for each in listed}


@in_each_mode
async def test_the_feed_shows_the_types_whose_records_the_key_may_read(
    database: Database, mode: Mode
) -> None:
    api = await open_api(database)
    office = Office(database, api.operator(mode))
    happened = {name: await office.happens(name) for name in EVENTS}
    for scope in scopes():
        key = await api.make_key(scope, mode=mode)
        seen = await send(api.app, Asked("GET", f"{BASE}/events").with_key(key))
        mine = {name for name, needed in EVENTS.items() if needed == scope}
        if mine:
            assert {each["type"] for each in assert_answered(seen)} == mine
        else:
            assert_refused(seen, 403, "INSUFFICIENT_SCOPE")
        for name, event in happened.items():
            one = await send(api.app, Asked("GET", f"{BASE}/events/{event}").with_key(key))
            if name in mine:
                assert assert_answered(one)["type"] == name
            else:
                assert_missing(one, EVENTS[name])


@in_each_mode
async def test_a_webhook_takes_the_read_scope_of_the_resource_of_each_event(
    database: Database, mode: Mode
) -> None:
    api = await open_api(database)
    both = ("read_webhooks", "write_webhooks")
    needed = {**EVENTS, **OLDER_EVENTS}
    create = Asked("POST", f"{BASE}/webhooks")
    for scope in sorted(set(needed.values())):
        others = [each for each in scopes() if each != scope]
        without = await api.make_key(*others, mode=mode)
        reader = await api.make_key(*both, scope, mode=mode)
        for name in (each for each in needed if needed[each] == scope):
            asked = create.with_json({"url": URL, "events": [name]})
            assert_missing(await send(api.app, asked.with_key(without)), scope)
            made = assert_answered(await send(api.app, asked.with_key(reader)), 201)
            assert made["mode"] == mode
            one = Asked("PATCH", f"{BASE}/webhooks/{made['id']}").with_json({"name": "Front desk"})
            assert_missing(await send(api.app, one.with_key(without)), scope)
            assert_answered(await send(api.app, one.with_key(reader)))
        everything = create.with_json({"url": URL, "events": list(EVENTS)})
        assert_missing(await send(api.app, everything.with_key(without)), scope)
