"""A delivery is moved on by as little work of the database as can be."""

import apsw
import pytest

from jump.storage.sql import Sql
from jump.webhooks.engine import bookkeeping, claims
from tests.databases import SqliteStore


@pytest.mark.parametrize("statement", [claims._START, bookkeeping._MOVE_ON])
def test_sqlite_makes_no_table_to_move_a_delivery_on(
    sqlite_store: SqliteStore, statement: Sql
) -> None:
    connection = apsw.Connection(str(sqlite_store.path))
    args = dict.fromkeys(statement.names)
    operations = [row[1] for row in connection.execute(f"EXPLAIN {statement.sqlite}", args)]
    connection.close()
    assert "IdxInsert" in operations
    assert "OpenEphemeral" not in operations
