"""Opens the database that the settings name, and derives the keys from the secret key."""

from dataclasses import dataclass

from jump import settings as configuration
from jump.kit.clock import Clock, system_clock
from jump.sealing import Keyring
from jump.settings import PostgresqlServer, Settings, SqliteFile
from jump.storage import migrate
from jump.storage.database import Database, StorageUnavailable
from jump.storage.postgresql import open_postgres
from jump.storage.readiness import readiness
from jump.storage.sqlite import SqliteDatabase


@dataclass(frozen=True, slots=True)
class Storage:
    """An open database and the keys derived from the secret key."""

    database: Database
    keyring: Keyring
    clock: Clock = system_clock


async def open_storage(settings: Settings, clock: Clock = system_clock) -> Storage:
    """Open the database; an empty one is migrated. Raises StorageUnavailable in one clear line."""
    # The keys come first: a database is never made without the key that its hashes need.
    keyring = configuration.keyring(settings)
    await migrate_database(settings, clock, only_if_empty=True)
    database = _open(settings, clock)
    problem = await readiness(database)
    if problem is not None:
        await database.close()
        raise StorageUnavailable(problem)
    return Storage(database, keyring, clock)


async def migrate_database(
    settings: Settings, clock: Clock = system_clock, *, only_if_empty: bool = False
) -> list[str]:
    """Apply the migrations that are missing; their names. Raises StorageUnavailable."""
    configuration.keyring(settings)
    if isinstance(settings.database, SqliteFile):
        path = settings.database.path
        return migrate.migrate_sqlite(path, clock, only_if_empty=only_if_empty)
    url = settings.database.url
    return await migrate.migrate_postgres(url, clock, only_if_empty=only_if_empty)


def _open(settings: Settings, clock: Clock) -> Database:
    if isinstance(settings.database, PostgresqlServer):
        return open_postgres(settings.database.url)
    return SqliteDatabase(settings.database.path, clock)
