"""The tests' own PostgreSQL: shared while it is wanted, and gone for certain afterwards."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from tests import postgres
from tests.pooler import Pooler
from tests.postgres import PostgresServer


def table_names(server: PostgresServer, url: str) -> list[str]:
    query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    return [row["tablename"] for row in server.fetch(query, database=postgres.database_name(url))]


def make_a_table(url: str) -> None:
    postgres.run_apart(url, "execute", "CREATE TABLE thing (id bigint PRIMARY KEY)")


def test_whoever_names_the_same_folder_shares_one_server(tmp_path: Path) -> None:
    with postgres.running(tmp_path) as first, postgres.running(tmp_path) as second:
        assert second == first


def test_the_server_stays_until_the_last_holder_leaves_and_then_leaves_nothing(
    tmp_path: Path,
) -> None:
    with postgres.running(tmp_path) as last:
        with postgres.running(tmp_path):
            pass
        assert last.fetch("SELECT 1")
        assert last.socket_directory.exists()
    assert not last.socket_directory.parent.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(last.server_pid, 0)


@pytest.fixture
def temporary_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place for clusters that no other keeper cleans up, and that the server's user may enter."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        monkeypatch.setenv("TMPDIR", name)
        yield Path(name)


def test_a_killed_keeper_takes_its_server_along_and_the_next_one_cleans_up(
    tmp_path: Path, temporary_folder: Path
) -> None:
    with postgres.running(tmp_path) as server:
        process = psutil.Process(server.server_pid)
        os.kill(server.keeper_pid, signal.SIGKILL)
        process.wait(timeout=30)
        left = list(temporary_folder.iterdir())
        assert left == [server.socket_directory.parent]
        with postgres.running(tmp_path) as next_one:
            assert next_one.server_pid != server.server_pid
            assert list(temporary_folder.iterdir()) == [next_one.socket_directory.parent]


def test_a_database_is_a_copy_of_its_template_and_shares_nothing(
    postgres_server: PostgresServer,
) -> None:
    template = postgres_server.template("copied", make_a_table)
    urls = [postgres_server.create_database(template) for _ in range(2)]
    postgres.run_apart(urls[0], "execute", "DROP TABLE thing")
    assert [table_names(postgres_server, url) for url in urls] == [[], ["thing"]]
    for url in urls:
        postgres_server.drop(url)


def test_a_template_is_prepared_once(postgres_server: PostgresServer) -> None:
    calls: list[str] = []
    names = [postgres_server.template("once", calls.append) for _ in range(2)]
    assert names[0] == names[1]
    assert len(calls) == 1


def test_a_template_that_could_not_be_prepared_is_tried_again(
    postgres_server: PostgresServer,
) -> None:
    def fail(_url: str) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        postgres_server.template("repaired", fail)
    url = postgres_server.create_database(postgres_server.template("repaired", make_a_table))
    assert table_names(postgres_server, url) == ["thing"]
    postgres_server.drop(url)


async def test_the_program_under_test_is_no_superuser(empty_postgres: str) -> None:
    connection = await asyncpg.connect(empty_postgres)
    assert await connection.fetchval("SHOW is_superuser") == "off"
    await connection.execute("CREATE EXTENSION btree_gist")
    await connection.close()


def test_a_missing_postgresql_is_told_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTGRES_BIN", str(tmp_path))
    with (
        pytest.raises(postgres.PostgresUnavailable, match=r"apt-get install postgresql\."),
        postgres.running(tmp_path),
    ):
        pass


async def test_the_pooler_gives_idle_clients_the_same_server_connection(
    transaction_pooler: Pooler, empty_postgres: str
) -> None:
    url = transaction_pooler.url(empty_postgres).partition("?")[0]
    clients = [await asyncpg.connect(url, statement_cache_size=0) for _ in range(2)]
    backends = {await client.fetchval("SELECT pg_backend_pid()") for client in clients}
    for client in clients:
        await client.close()
    assert len(backends) == 1
