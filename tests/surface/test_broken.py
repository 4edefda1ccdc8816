"""Every route on a database that is away or damaged: 503 or 500, in words, and nothing kept."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from jump.clinical.registry import RESOURCES
from jump.rest.routes import Route
from jump.storage.database import Database
from jump.storage.postgresql import open_postgres
from jump.storage.sql import sql
from tests.databases import PostgresStore, Store
from tests.gate import gate_to
from tests.pooler import Pooler
from tests.postgres import PostgresServer, database_name
from tests.surface.asking import Asked
from tests.surface.shapes import assert_answered, assert_refused
from tests.surface.table import over
from tests.surface.world import PATIENT, World, open_world

CHANGED = ("patients", "patient_words", "audit", "events", "replays", "access_log")
BEHIND = "behind_the_programs_back"


@contextmanager
def missing(store: Store, *tables: str) -> Iterator[None]:
    """Somebody has renamed tables, and then names them back."""
    for table in tables:
        store.execute(f"ALTER TABLE {table} RENAME TO {table}_{BEHIND}")
    yield
    for table in tables:
        store.execute(f"ALTER TABLE {table}_{BEHIND} RENAME TO {table}")


async def rows(database: Database) -> dict[str, int]:
    """How many rows stand in what a change writes to."""
    found: dict[str, int] = {}
    for table in CHANGED:
        counted = await database.read(
            lambda tx, t=table: tx.one(sql(f"SELECT count(*) n FROM {t}"))
        )  # type: ignore[misc]
        found[table] = counted["n"]
    return found


async def test_a_fault_of_ours_is_a_500_that_tells_a_request_id_and_nothing_else(
    world: World, store: Store
) -> None:
    async def check(route: Route) -> None:
        reply = await world.send(world.good(route))
        error = assert_refused(reply, 500, "INTERNAL_ERROR")
        request_id = reply.headers["x-request-id"]
        assert error["message"] == f"Something failed here. Tell us the request id {request_id}."
        assert error["details"] == []
        assert BEHIND.encode() not in reply.body

    await world.api.settle()
    routes = [route for route in world.routes if route.path != "/me"]
    records = [each.resource.table for each in RESOURCES]
    with missing(store, *records, "webhooks", "events", "deliveries"):
        await over(routes, check)
    assert_answered(await world.send(Asked("GET", "/api/v1/patients").with_key(world.key)))


async def test_a_database_that_is_away_is_a_503_on_every_route(world: World) -> None:
    async def check(route: Route) -> None:
        reply = await world.send(world.good(route))
        error = assert_refused(reply, 503, "UNAVAILABLE", authenticated=False)
        assert error["details"] == []

    await world.api.database.close()
    await over(world.routes, check)
    assert (await world.send(Asked("GET", "/healthz"))).status == 200
    ready = await world.send(Asked("GET", "/readyz"))
    assert (ready.status, ready.json["reason"]) == (503, "The database was closed.")


@pytest.mark.parametrize("table", ["audit", "events", "access_log", "patient_words"])
async def test_a_change_that_fails_in_the_middle_leaves_nothing_and_can_be_repeated(
    world: World, store: Store, table: str
) -> None:
    post = Asked("POST", "/api/v1/patients").with_key(world.key).with_json(PATIENT)
    post = post.with_header("idempotency-key", "once")
    await world.api.settle()
    before = await rows(world.api.database)
    with missing(store, table):
        assert_refused(await world.send(post), 500, "INTERNAL_ERROR")
    assert await rows(world.api.database) == before
    reply = await world.send(post)
    assert_answered(reply, 201)
    assert "idempotent-replayed" not in reply.headers
    assert_answered(await world.send(post), 201)
    after = await rows(world.api.database)
    assert after["patients"] == before["patients"] + 1
    assert after["events"] == before["events"] + 1


async def test_a_server_that_goes_away_under_the_api_is_a_503_until_it_is_back(
    postgres_server: PostgresServer, postgres_store: PostgresStore
) -> None:
    name = database_name(postgres_store.url)
    async with gate_to(postgres_server.port) as gate:
        url = f"postgresql://jump@127.0.0.1:{gate.port}/{name}"
        database = open_postgres(url, connections=4)
        world = await open_world(database)
        get = Asked("GET", "/api/v1/patients").with_key(world.key)
        post = Asked("POST", "/api/v1/patients").with_key(world.key).with_json(PATIENT)
        before = await rows(database)
        await gate.shut()
        for asked in (get, post, get):
            reply = await world.send(asked)
            assert_refused(reply, 503, "UNAVAILABLE", authenticated=False)
        ready = await world.send(Asked("GET", "/readyz"))
        assert (ready.status, ready.json["reason"]) == (503, "The database does not answer.")
        await gate.open()
        assert_answered(await world.send(get))
        assert (await world.send(Asked("GET", "/readyz"))).status == 200
        assert await rows(database) == before
        assert_answered(await world.send(post), 201)
        await database.close()


async def test_a_database_that_lets_nobody_write_is_a_503_for_changes_that_keeps_nothing(
    postgres_server: PostgresServer, postgres_store: PostgresStore
) -> None:
    database = open_postgres(postgres_store.url)
    world = await open_world(database)
    before = await rows(database)
    name = database_name(postgres_store.url)
    # Counting a request takes no right to write patients.
    postgres_server.execute("REVOKE INSERT, UPDATE ON patients FROM jump", database=name)
    post = Asked("POST", "/api/v1/patients").with_key(world.key).with_json(PATIENT)
    assert_refused(await world.send(post), 503, "UNAVAILABLE")
    assert_answered(await world.send(Asked("GET", "/api/v1/patients").with_key(world.key)))
    assert await rows(database) == before
    postgres_server.execute("GRANT INSERT, UPDATE ON patients TO jump", database=name)
    assert_answered(await world.send(post), 201)
    await database.close()


async def test_every_route_works_behind_a_pooler_in_transaction_mode(
    transaction_pooler: Pooler, postgres_store: PostgresStore
) -> None:
    database = open_postgres(transaction_pooler.url(postgres_store.url))
    world = await open_world(database)

    async def check(route: Route) -> None:
        reply = await world.send(world.good(route))
        assert_answered(reply, 201 if "location" in reply.headers else 200)

    await over(world.routes_by_need(), check)
    await database.close()
