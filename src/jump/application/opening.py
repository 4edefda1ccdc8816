"""Opens the database that the settings name, and derives the keys from the secret key."""

from dataclasses import dataclass

from jump import settings as configuration
from jump.identity import secret_mark
from jump.kit.clock import Clock, system_clock
from jump.sealing import Keyring
from jump.settings import PostgresqlServer, Settings, SettingsError, SqliteFile
from jump.settings.variables import KEY_NAME
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


_ANOTHER_KEY = (
    "This database was used with another secret key: with this one no key of the API would work and"
    " nothing sealed could be opened. Set that one, alone or as JUMP_SECRET_KEY_PREVIOUS beside the"
    " new one. If it is lost, see `jump migrate --help`."
)


async def open_storage(settings: Settings, clock: Clock = system_clock) -> Storage:
    """Open the database; an empty one is migrated.

    Raises StorageUnavailable or SettingsError in one clear line.
    """
    # The keys come first: a database is never made without the key that its hashes need.
    keyring = configuration.keyring(settings)
    await migrate_database(settings, clock, only_if_empty=True)
    database = _open(settings, clock)
    try:
        problem = await readiness(database)
        if problem is not None:
            raise StorageUnavailable(problem)
        if not await secret_mark.is_known(database, keyring):
            raise SettingsError(KEY_NAME, _ANOTHER_KEY)
    except BaseException:
        await database.close()
        raise
    return Storage(database, keyring, clock)


async def take_secret_key(settings: Settings, clock: Clock = system_clock) -> None:
    """Use the database with the secret key of the settings from now on."""
    database = _open(settings, clock)
    try:
        await secret_mark.take_over(database, configuration.keyring(settings))
    finally:
        await database.close()


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
