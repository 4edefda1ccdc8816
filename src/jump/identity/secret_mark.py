"""Which secret key a database is used with, so that nobody works on it with another by mistake.

Keeps a keyed hash, which tells nothing of the key. What to say to whoever comes with another one is
left to the application.
"""

from typing import Final

from jump.sealing import Keyring
from jump.storage.database import Database, Tx
from jump.storage.sql import sql

_PURPOSE: Final = "secret-key-mark"

_READ = sql("SELECT mark FROM secret_key_mark WHERE id = 1")
_FIRST = sql("INSERT INTO secret_key_mark (id, mark) VALUES (1, :mark) ON CONFLICT DO NOTHING")
_REPLACE = sql("UPDATE secret_key_mark SET mark = :mark WHERE id = 1 AND mark = :known")


async def is_known(database: Database, keyring: Keyring) -> bool:
    """Whether these are the keys of this database; the first that come are.

    Keys that include the one it was used with replace it, as when the secret key is changed.
    """
    current, *older = _marks(keyring)
    known = await database.read(_read)
    if known == current:
        return True
    if known is not None and known not in older:
        return False
    return await database.write(lambda tx: _take(tx, current, known)) == current


async def take_over(database: Database, keyring: Keyring) -> None:
    """Let the database be used with these keys from now on, whichever it was used with."""
    current = _marks(keyring)[0]

    async def work(tx: Tx) -> None:
        await _take(tx, current, await _read(tx))

    await database.write(work)


async def _read(tx: Tx) -> str | None:
    row = await tx.one(_READ)
    return None if row is None else str(row["mark"])


async def _take(tx: Tx, mark: str, known: str | None) -> str | None:
    """Set the mark, unless another process was quicker; what it is then."""
    if known is None:
        await tx.run(_FIRST, mark=mark)
    else:
        await tx.run(_REPLACE, mark=mark, known=known)
    return await _read(tx)


def _marks(keyring: Keyring) -> list[str]:
    return [each.hex() for each in keyring.keyed_hashes(_PURPOSE, b"")]
