"""What every test may ask for, and the rule that no test is skipped; the parts are beside this."""

import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from jump.storage.database import Database
from tests import bucket as buckets
from tests import databases, pooler, postgres, processes, temporary
from tests.webhooks import languages

# What asserts says what it saw, in modules that help tests too, but for those imported above.
_BESIDE = {f"tests.{each.stem}" for each in Path(__file__).parent.iterdir()}
pytest.register_assert_rewrite(*(_BESIDE - sys.modules.keys()))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of `pytest` and of `make test ARGS=...`."""
    parser.addoption(
        "--postgres-fsync",
        choices=("on", "off"),
        default="on",
        help="whether the tests' PostgreSQL waits for the disk, as a real one does (default: on)",
    )


def pytest_configure() -> None:
    """Before anybody asks where temporary files lie."""
    temporary.use_memory()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more worker than there are cores: some tests mostly wait, for a lease or a process."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What needs a program that is not there is left out, and the run says so; CI needs it all."""
    has_pooler = pooler.is_installed() or bool(os.environ.get("CI"))
    left_out = [item for item in items if not has_pooler and _uses(item, "transaction_pooler")]
    left_out += [item for item in items if _language(item) in languages.left_out()]
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


def _uses(item: pytest.Item, fixture: str) -> bool:
    return fixture in getattr(item, "fixturenames", ())


def _language(item: pytest.Item) -> str | None:
    callspec = getattr(item, "callspec", None)
    return callspec.params.get("language") if callspec else None


def _languages_that_ran(reporter: Any) -> list[str]:
    """Those whose sample was compiled, where it is, and tried in this run."""
    passed = {report.nodeid for report in reporter.stats.get("passed", ())}
    test = "test_a_sample_takes_ours_and_refuses_all_else"
    return [
        name for name in languages.LANGUAGES if any(f"{test}[{name}]" in each for each in passed)
    ]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what was left out."""
    if not pooler.is_installed() and not os.environ.get("CI"):
        terminalreporter.section(
            "PgBouncer is not installed: the tests behind a pooler were left out"
        )
        terminalreporter.line("To run them too: apt-get install pgbouncer")
    if ran := _languages_that_ran(terminalreporter):
        terminalreporter.section(f"The samples that receivers paste ran in {', '.join(ran)}")
    if names := languages.left_out():
        terminalreporter.section(
            f"The samples in {', '.join(names)} were left out: this machine cannot run them"
        )
        packages = " ".join(languages.LANGUAGES[name].package for name in names)
        terminalreporter.line(f"To run them too: apt-get install {packages}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run with a skipped test has failed: what nobody ran, nobody knows to hold."""
    reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and reporter.stats.get("skipped") and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter.section("a test was skipped, so this run has failed", red=True)


@pytest.fixture(scope="session")
def postgres_server(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str, pytestconfig: pytest.Config
) -> Iterator[postgres.PostgresServer]:
    """The run's PostgreSQL, the same for all workers; it starts for the first test that asks."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    with ExitStack() as stack:
        try:
            server = postgres.running(shared, fsync=pytestconfig.option.postgres_fsync == "on")
            yield stack.enter_context(server)
        except postgres.PostgresUnavailable as problem:
            pytest.fail(str(problem), pytrace=False)


@pytest.fixture
def empty_postgres(postgres_server: postgres.PostgresServer) -> Iterator[str]:
    """The URL of a database of this test's own, with nothing in it."""
    url = postgres_server.create_database()
    yield url
    postgres_server.drop(url)


@pytest.fixture(params=databases.KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[databases.Store]:
    """A migrated database of this test's own; the test runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        yield databases.SqliteStore(tmp_path)
        return
    server: postgres.PostgresServer = request.getfixturevalue("postgres_server")
    made = databases.PostgresStore(server)
    yield made
    server.drop(made.url)


@pytest.fixture
def sqlite_store(tmp_path: Path) -> databases.SqliteStore:
    """The same on SQLite only, for what is SQLite's alone."""
    return databases.SqliteStore(tmp_path)


@pytest.fixture
def postgres_store(
    postgres_server: postgres.PostgresServer,
) -> Iterator[databases.PostgresStore]:
    """The same on PostgreSQL only."""
    made = databases.PostgresStore(postgres_server)
    yield made
    postgres_server.drop(made.url)


@pytest.fixture
async def database(store: databases.Store) -> AsyncIterator[Database]:
    """The store, opened."""
    opened = store.open()
    yield opened
    await opened.close()


@pytest.fixture
def transaction_pooler(postgres_server: postgres.PostgresServer) -> Iterator[pooler.Pooler]:
    """A connection pooler in transaction mode in front of the run's PostgreSQL."""
    with ExitStack() as stack:
        try:
            yield stack.enter_context(pooler.transaction_pooler(postgres_server))
        except pooler.PoolerUnavailable as problem:
            pytest.fail(str(problem), pytrace=False)


@pytest.fixture(scope="session")
def bucket() -> Iterator[buckets.Bucket]:
    """A bucket of a server that speaks S3; what a test puts there, others of its worker see."""
    with buckets.running() as started:
        yield started


@pytest.fixture
def jump_on(tmp_path: Path) -> Iterator[Callable[..., processes.Jump]]:
    """Makes a `Jump` to run commands with: `jump_on(JUMP_DATABASE_URL=url)`.

    Each is given the settings named, and stopped at the end of the test.
    """
    made: list[processes.Jump] = []

    def make(**settings: str) -> processes.Jump:
        made.append(processes.Jump(settings, tmp_path))
        return made[-1]

    yield make
    for jump in made:
        jump.stop()
