"""The order of two locks in numbering: the sequencer's row first, and events only by who has it."""

import asyncio

from jump.caller import Tenant
from jump.events import record
from jump.identity import organisations
from tests.databases import PostgresStore
from tests.events.numbering import begin_numbering
from tests.events.test_sequence import happened, number, places
from tests.patience import PATIENCE
from tests.postgres import PostgresServer, database_name

# What makes it look cheap to read the events first, if the statement leaves that to the planner: it
# takes the sequencer's one row for thousands, and may not keep the events at hand for them.
_MISLEADING = (
    "ALTER TABLE event_sequence DROP CONSTRAINT event_sequence_pkey",
    "UPDATE pg_class SET reltuples = 1000000, relpages = 1 WHERE oid = 'event_sequence'::regclass",
    "ALTER DATABASE {name} SET enable_material = off",
)


async def test_who_finds_another_numbering_waits_for_no_event_whatever_the_planner_believes(
    postgres_store: PostgresStore, postgres_server: PostgresServer
) -> None:
    name = database_name(postgres_store.url)
    for statement in _MISLEADING:
        postgres_server.execute(statement.format(name=name), database=name)
    database, go = postgres_store.open(), asyncio.Event()
    try:
        (practice,) = await database.read(organisations.everyone)
        tenant = Tenant(practice.id, "test")
        await database.write(lambda tx: record.record(tx, tenant, happened("a")))
        numbering = await begin_numbering(database, go)
        try:
            async with asyncio.timeout(PATIENCE):
                assert await number(database) == []
        finally:
            go.set()
            await numbering
        assert await places(database) == [("a", 1)]
    finally:
        await database.close()
