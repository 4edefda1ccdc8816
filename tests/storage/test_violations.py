"""A constraint has one name on both databases, whichever statement it refuses and however."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from jump.storage.database import Database, Tx, Violated
from jump.storage.migrate import migrations
from jump.storage.sql import Sql, sql
from tests.databases import PostgresStore, Store

# Tables whose constraints are tried; every other one in the schema is a mistake here.
SINGLE_ROW = {"event_sequence": {"id": 1}}
# Where tables refer to one another made-up rows will not do: test_*_constraints try those.
REFERS = "FOREIGN KEY"
# An index over part of the primary key refuses every row that the key would.
UNIQUE_BY_LESS = {"api_keys": "api_keys_id"}

TABLE = re.compile(r"CREATE TABLE (\w+) \((.*?)\n\)", re.DOTALL)
COLUMN = re.compile(r"^  ([a-z_]+) (TEXT|BIGINT|BOOLEAN|BYTEA)( NOT NULL)?", re.MULTILINE)
PRIMARY = re.compile(r"^  PRIMARY KEY \(([^)]+)\)", re.MULTILINE)
INLINE_PRIMARY = re.compile(r"^  ([a-z_]+) \w+ NOT NULL PRIMARY KEY", re.MULTILINE)
CHECK = re.compile(r"^  ([a-z_]+) .*?CONSTRAINT (\w+) CHECK", re.MULTILINE)
UNIQUE = re.compile(r"CREATE UNIQUE INDEX (\w+) ON (\w+) \(([^)]+)\)")


ONE_OF = re.compile(r"CHECK \((\w+) IN \('(\w+)'")


def schema() -> str:
    return "\n".join(each.text for each in migrations() if REFERS not in each.text)


def tables() -> dict[str, str]:
    """The name of each table and what stands between its parentheses."""
    return dict(TABLE.findall(schema()))


def counters() -> set[str]:
    """The tables that SQLite keeps in a file of their own."""
    return {table for each in migrations() for table, _ in TABLE.findall(each.counters())}


def primary_key(body: str) -> list[str]:
    found = PRIMARY.search(body) or INLINE_PRIMARY.search(body)
    assert found is not None
    return found[1].split(", ")


def row(table: str, organisation: str, number: int, *filled: str) -> dict[str, Any]:
    """A row that nothing refuses, and that differs from one of another number in every column.

    Columns that may be null are, but for those to be filled.
    """
    values: dict[str, Any] = {}
    allowed = dict(ONE_OF.findall(tables()[table]))
    for name, kind, required in COLUMN.findall(tables()[table]):
        if name == "organisation_id":
            values[name] = organisation
        elif name in allowed or name == "mode":
            values[name] = allowed.get(name, "test")
        elif required or name in filled:
            kinds = {
                "TEXT": f"x{number}",
                "BIGINT": number,
                "BOOLEAN": True,
                "BYTEA": f"x{number}".encode(),
            }
            values[name] = kinds[kind]
        else:
            values[name] = None
    if table == "organisations":
        values["id"] = f"{organisation}{number}"
        values["name"] = f"Practice {number}"
    return values


def insert(table: str, values: dict[str, Any]) -> Sql:
    holders = ", ".join(f":{name}" for name in values)
    return sql(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({holders})")


async def refused(database: Database, table: str, *rows: dict[str, Any]) -> str:
    """The name of the constraint that the last of these rows meets."""

    async def work(tx: Tx) -> None:
        for values in rows:
            await tx.run(insert(table, values), **values)

    run = database.count if table in counters() else database.write
    with pytest.raises(Violated) as violated:
        await run(work)
    return violated.value.constraint


async def an_organisation(database: Database) -> str:
    found = await database.read(lambda tx: tx.one(sql("SELECT id FROM organisations")))
    assert found is not None
    return str(found["id"])


def tried_tables() -> Iterator[tuple[str, str]]:
    for table, body in tables().items():
        if table not in SINGLE_ROW:
            yield table, body


async def test_a_primary_key_has_the_name_of_its_table(database: Database) -> None:
    organisation = await an_organisation(database)
    for table, body in tried_tables():
        if table in UNIQUE_BY_LESS:
            continue
        first, second = row(table, organisation, 1), row(table, organisation, 2)
        second |= {name: first[name] for name in primary_key(body)}
        assert await refused(database, table, first, second) == f"{table}_pkey"


async def test_a_unique_index_goes_by_its_name(database: Database) -> None:
    organisation = await an_organisation(database)
    another = f"{organisation}2"
    values = {**row("organisations", organisation, 2), "name": "Next door"}
    await database.write(lambda tx: tx.run(insert("organisations", values), **values))
    found = UNIQUE.findall(schema())
    assert {name for name, *_ in found} >= {"patients_nhs_number", "api_keys_id"}
    for name, table, columns in found:
        guarded = columns.split(", ")
        first, second = row(table, organisation, 1, *guarded), row(table, another, 2, *guarded)
        second |= {column: first[column] for column in guarded}
        assert await refused(database, table, first, second) == name


async def test_a_check_goes_by_its_name(database: Database) -> None:
    organisation = await an_organisation(database)
    named = 0
    for table, body in tables().items():
        assert body.count("CHECK (") == len(CHECK.findall(body)), f"{table}: name every CHECK"
        for column, name in CHECK.findall(body):
            named += 1
            wrong = row(table, organisation, 3)
            wrong[column] = 3 if column == "id" else "zz"
            assert await refused(database, table, wrong) == name
    assert named >= 9


@pytest.mark.parametrize(
    ("table", "constraint"),
    [
        ("audit", "audit_append_only"),
        ("access_log", "access_log_append_only"),
        ("access_log_patients", "access_log_append_only"),
        ("attempts", "attempts_append_only"),
    ],
)
@pytest.mark.parametrize("verb", ["UPDATE", "DELETE", "REPLACE"])
async def test_what_is_append_only_says_so(
    database: Database, table: str, constraint: str, verb: str
) -> None:
    organisation = await an_organisation(database)
    now = await database.read(lambda tx: tx.one(sql("SELECT jump_now() AS now")))
    assert now is not None
    values = row(table, organisation, 1)
    values |= {name: now["now"] for name in ("at", "ended_at") if name in values}
    await database.write(lambda tx: tx.run(insert(table, values), **values))
    if table == "access_log_patients":
        log = {**row("access_log", organisation, 1), "id": "x1", "at": now["now"]}
        await database.write(lambda tx: tx.run(insert("access_log", log), **log))
    change = {
        "UPDATE": f"UPDATE {table} SET mode = 'live'",
        "DELETE": f"DELETE FROM {table}",
        "REPLACE": f"INSERT INTO {table} ({', '.join(values)}) SELECT {', '.join(values)}"
        f" FROM {table} WHERE TRUE ON CONFLICT ({', '.join(primary_key(tables()[table]))})"
        " DO UPDATE SET mode = excluded.mode",
    }[verb]
    with pytest.raises(Violated) as violated:
        await database.write(lambda tx: tx.run(sql(change)))
    assert violated.value.constraint == constraint
    left = await database.read(lambda tx: tx.all(sql(f"SELECT * FROM {table}")))
    assert len(left) == 1


async def test_a_violated_transaction_is_over_even_if_its_function_goes_on(
    database: Database,
) -> None:
    twice = sql("INSERT INTO upkeep (job, due_at) VALUES ('a', 1), ('a', 2)")
    after = sql("INSERT INTO upkeep (job, due_at) VALUES ('b', 1)")

    async def swallow(tx: Tx) -> str:
        try:
            await tx.run(twice)
        except Violated:
            return "as if nothing had happened"
        return ""

    async def go_on(tx: Tx) -> None:
        await swallow(tx)
        await tx.run(after)

    for work in (swallow, go_on):
        with pytest.raises(Violated) as violated:
            await database.write(work)
        assert violated.value.constraint == "upkeep_pkey"
    assert await database.read(lambda tx: tx.all(sql("SELECT * FROM upkeep"))) == []


async def test_the_constraints_tried_here_are_all_there_are(store: Store) -> None:
    """PostgreSQL's catalogue has no other name of a key or a check than those above."""
    if not isinstance(store, PostgresStore):
        return
    database = store.open()
    rows = await database.read(
        lambda tx: tx.all(
            sql("""
            SELECT con.conname AS name FROM pg_constraint con
            JOIN pg_class rel ON rel.oid = con.conrelid
            WHERE con.contype IN ('p', 'u', 'c') AND NOT rel.relispartition
              AND rel.relnamespace = 'public'::regnamespace AND rel.relname <> 'schema_migrations'
            """)
        )
    )
    await database.close()
    named = {f"{table}_pkey" for table in tables()}
    named |= {name for body in tables().values() for _, name in CHECK.findall(body)}
    elsewhere = "\n".join(each.text for each in migrations() if REFERS in each.text)
    named |= {f"{table}_pkey" for table in re.findall(r"CREATE TABLE (\w+)", elsewhere)}
    named |= set(re.findall(r"CONSTRAINT (\w+) CHECK", elsewhere))
    assert {row["name"] for row in rows} == named
