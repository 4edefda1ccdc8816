"""Every statement of the program is understood by both databases, and stays within one tenant."""

import re
from pathlib import Path

import apsw
import asyncpg
import pytest

from jump.kit.clock import system_clock
from jump.storage import sqlite
from tests.databases import PostgresStore, SqliteStore
from tests.storage import statements
from tests.storage.statements import Statement, every_statement

MOST_TWINS = 12

# A table behind FROM, JOIN, INTO or UPDATE, or the second one of a FROM.
_TABLE = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE)\s+(?:\w+,\s*)?(\w+)")
_NO_TABLE = re.compile(r"\bFOR\s+(?:NO\s+KEY\s+)?(?:UPDATE|SHARE)\b|\bDO\s+UPDATE\b")

# Statements on tables of tenants that name no tenant, each with its reason. Every other one does.
OF_NO_TENANT = {
    "keys.admit._COUNT": "admission: the key alone says whose request it is",
    "keys.admit._LOOK": "admission: the key alone says whose request it is",
    "identity.credentials._BY_EMAIL": "signing in: the address alone says whose user it is",
    "identity.sign_ins._RESUME": "signing in: the cookie alone says whose user it is",
    "identity.invitation_record._BY_TOKEN": "joining: the link alone says whose invitation it is",
    "identity.invitation_record._ANYONE": "the first start: whether anyone has joined at all",
    "identity.retention._SIGN_INS": "upkeep of every tenant, by age",
    "identity.retention._LINKS": "upkeep of every tenant, by age",
    "identity.retention._ADDRESSES": "upkeep of every tenant, by age",
    "audit.retention._DELETE_ROWS": "upkeep of every tenant, by age",
    "audit.retention._DELETE_LINKS": "upkeep of every tenant, by age",
    "clinical.scheduling.calendar_claims._PURGE": "upkeep of every tenant, by age",
    "clinical.records.document_uploads._ABANDON_OLD": "upkeep of every tenant, by age",
    "clinical.records.document_uploads._ABANDONED": "upkeep of every tenant, by age",
    "replays.replay._PURGE": "upkeep of every tenant, by age",
    "webhooks.retention._ENDED": "upkeep of every tenant, by age",
    "webhooks.retention._LONG_PAUSED": "upkeep of every tenant, by age",
    "webhooks.retention._EMPTY_AND_DELETED": "upkeep of every tenant, by age",
    "webhooks.signing_secrets._FORGET": "upkeep of every tenant, by age",
    "events.sequence._IS_BEHIND": "one sequence for the events of all tenants",
    "events.sequence._NUMBER_FRESH": "one sequence for the events of all tenants",
    "events.sequence._LEFT_BEHIND": "one sequence for the events of all tenants",
    "webhooks.engine.claims._FIND": "the engine finds its work by webhook",
    "webhooks.engine.lanes._DUE": "the engine finds its work by webhook",
    "webhooks.engine.lanes._HELD": "the engine finds its work by webhook",
    "webhooks.engine.lanes._OWNERS": "the engine finds its work by webhook",
    "webhooks.engine.lanes._LOCK": "the engine finds its work by webhook",
    "webhooks.engine.numbering._NUMBER": "one sequence for the events of all tenants",
    "webhooks.engine.recovery._LEFT_IN_AIR": "the engine finds its work by webhook",
    "webhooks.pausing._ANY_RELEASING": "the engine finds its work by webhook",
    "webhooks.pausing._NEXT_RELEASING": "the engine finds its work by webhook",
}


def test_statements_are_made_at_import_or_by_the_generators_known_here() -> None:
    assert statements.made_inside_functions() == statements.GENERATORS
    assert len(every_statement()) > 300


def test_a_dozen_statements_at_most_are_said_differently() -> None:
    assert 0 < statements.calls_of("twin") <= MOST_TWINS


def test_twins_take_the_same_parameters() -> None:
    for each in every_statement():
        taken = set(re.findall(r"(?<![:\w]):([a-z_][a-z0-9_]*)", each.sql.sqlite))
        assert taken == set(each.sql.names), each.name


async def test_postgresql_prepares_every_statement(postgres_store: PostgresStore) -> None:
    connection = await asyncpg.connect(postgres_store.url)
    wrong: list[str] = []
    try:
        for each in every_statement():
            try:
                await connection.prepare(each.sql.postgresql)
            except asyncpg.PostgresError as problem:
                wrong.append(f"{each.name}: {problem}")
    finally:
        await connection.close()
    assert wrong == []


def test_sqlite_prepares_every_statement(sqlite_store: SqliteStore) -> None:
    connections = [
        sqlite._connect(sqlite_store.path, system_clock),
        sqlite._connect_counters(sqlite_store.path, system_clock),
    ]
    wrong = [each.name for each in every_statement() if not _prepares(each, connections)]
    for connection in connections:
        connection.close()
    assert wrong == []


def _prepares(each: Statement, connections: list[apsw.Connection]) -> bool:
    """On the database, or else on the counters, which lie in a file of their own."""
    for connection in connections:
        try:
            connection.execute(f"EXPLAIN {each.sql.sqlite}", dict.fromkeys(each.sql.names))
        except apsw.SQLError:
            continue
        return True
    return False


def test_every_statement_on_a_table_of_tenants_names_organisation_and_mode(
    sqlite_store: SqliteStore,
) -> None:
    tables = _tables_of_tenants(sqlite_store.path)
    assert {"patients", "events", "audit", "replays", "key_uses"} <= set(tables)
    naming_none = {each.name for each in every_statement() if not _names_tenant(each, tables)}
    assert naming_none == set(OF_NO_TENANT)


def _tables_of_tenants(path: Path) -> dict[str, set[str]]:
    """Table -> which of the two columns it has, for those that belong to an organisation."""
    connection = apsw.Connection(str(path))
    found: dict[str, set[str]] = {}
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
        columns = {row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')}
        if "organisation_id" in columns:
            found[table] = columns & {"organisation_id", "mode"}
    connection.close()
    return found


def _names_tenant(each: Statement, tables: dict[str, set[str]]) -> bool:
    text = _NO_TABLE.sub("", each.sql.postgresql)
    read = [tables[name] for name in _TABLE.findall(text) if name in tables]
    for column, parameters in (
        ("organisation_id", {"organisation", "organisations"}),
        ("mode", {"mode", "modes"}),
    ):
        having = sum(column in columns for columns in read)
        # As often as there are tables: each is narrowed, or joined to one that is.
        if len(re.findall(rf"\b{column}\b", text)) < having:
            return False
        both_modes = column == "mode" and "mode IN ('test', 'live')" in text
        if having and not parameters & set(each.sql.names) and not both_modes:
            return False
    return True


@pytest.mark.parametrize("name", sorted(OF_NO_TENANT))
def test_every_exception_is_a_statement_of_today(name: str) -> None:
    assert name in {each.name for each in every_statement()}
