"""What a transaction leaves for later is done by when it can be seen, and whole or not at all."""

import pytest

from jump.storage.database import Database, StorageUnavailable, Tx, Violated
from jump.storage.sql import bulk, sql
from tests.storage.scratch import ADD, ALL, MOVE, Unwelcome, adding, jobs

ADD_ALL = bulk(
    "INSERT INTO upkeep (job, due_at) SELECT :job, :due /*rows*/ WHERE TRUE",
    job="TEXT",
    due="BIGINT",
)
SOME = ({"job": "b", "due": 2}, {"job": "c", "due": 3})


async def leave_all(tx: Tx) -> None:
    await tx.later(ADD_ALL, *SOME)
    await tx.later(ADD_ALL)
    await tx.later(MOVE, {"job": "a", "due": 7})
    await tx.later(ADD, {"job": "d", "due": 4})


async def test_what_is_left_is_there_for_the_next_statement_and_after_the_commit(
    database: Database,
) -> None:
    async def work(tx: Tx) -> tuple[int, int, int]:
        await leave_all(tx)
        seen = len(await tx.all(ALL))
        await tx.later(ADD, {"job": "e", "due": 5})
        moved = await tx.run(MOVE, job="e", due=6)
        await tx.later(ADD, {"job": "f", "due": 5})
        await tx.many(ADD, [{"job": "g", "due": 5}])
        row = await tx.one(sql("SELECT count(*) AS n FROM upkeep"))
        assert row is not None
        await tx.later(MOVE, {"job": "g", "due": 8})
        return seen, moved, row["n"]

    await database.write(adding("a"))
    assert await database.write(work) == (4, 1, 7)
    assert await jobs(database) == {"a": 7, "b": 2, "c": 3, "d": 4, "e": 6, "f": 5, "g": 8}


async def test_what_is_left_goes_with_a_transaction_that_fails(database: Database) -> None:
    async def fail(tx: Tx) -> None:
        await leave_all(tx)
        raise Unwelcome

    async def go_wrong(tx: Tx) -> str:
        await leave_all(tx)
        await tx.later(ADD_ALL, {"job": "e", "due": 1}, {"job": "b", "due": 1})
        return "as if nothing had happened"

    with pytest.raises(Unwelcome):
        await database.write(fail)
    with pytest.raises(Violated) as violated:
        await database.write(go_wrong)
    assert violated.value.constraint == "upkeep_pkey"
    assert await jobs(database) == {}


class InWords(Exception):
    """What a constraint's violation is to people."""


async def test_a_violation_of_what_is_left_is_told_in_its_words_whenever_it_shows(
    database: Database,
) -> None:
    def in_words(violated: Violated) -> Exception | None:
        return InWords(violated.constraint) if violated.constraint == "upkeep_pkey" else None

    async def add_again(tx: Tx) -> None:
        await tx.later(ADD, {"job": "a", "due": 1}, refused=in_words)

    async def add_again_and_look(tx: Tx) -> int:
        await add_again(tx)
        await tx.later(ADD_ALL, *SOME)
        return len(await tx.all(ALL))

    async def break_another(tx: Tx) -> None:
        await tx.later(ADD, {"job": "d", "due": None}, refused=in_words)

    await database.write(adding("a"))
    for work in (add_again, add_again_and_look):
        with pytest.raises(InWords, match="upkeep_pkey"):
            await database.write(work)
    with pytest.raises(Violated):
        await database.write(break_another)
    assert await jobs(database) == {"a": 1}


async def test_a_read_cannot_leave_what_writes(database: Database) -> None:
    with pytest.raises(StorageUnavailable, match="read-only"):
        await database.read(leave_all)


async def test_counters_may_leave_something_too(database: Database) -> None:
    count = sql("INSERT INTO address_failures (minute, address, refused) VALUES (1, :address, 1)")
    await database.count(lambda tx: tx.later(count, {"address": "192.0.2.1"}))
    rows = await database.count(lambda tx: tx.all(sql("SELECT address FROM address_failures")))
    assert [row["address"] for row in rows] == ["192.0.2.1"]


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
async def test_all_that_is_left_is_one_statement_on_postgresql_but_nothing_twice(
    database: Database,
) -> None:
    async def work(tx: Tx) -> None:
        await leave_all(tx)
        await tx.later(ADD, {"job": "e", "due": 5})

    await database.write(adding("a"))
    await database.write(work)
    # The number of the statement within its transaction.
    of = sql(
        "SELECT job, CAST(CAST(cmin AS TEXT) AS INTEGER) AS statement FROM upkeep ORDER BY job"
    )
    rows = await database.read(lambda tx: tx.all(of))
    assert {row["job"]: row["statement"] for row in rows} == {
        "a": 0, "b": 0, "c": 0, "d": 0, "e": 1
    }  # fmt: skip
