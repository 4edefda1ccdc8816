"""The secret key beside an SQLite database: made once, at the first start, and never again.

Two processes that start at once agree on one key. Which key is used is the settings' word.
"""

import base64
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from jump.sealing import Keyring
from jump.settings.places import SqliteFile
from jump.settings.reading import Settings
from jump.settings.values import secret_in_file
from jump.settings.variables import KEY_NAME, SettingsError

_SUFFIX: Final = ".secret-key"
_ONLY_OWNER: Final = 0o600
_RANDOM_BYTES: Final = 32


def keyring(settings: Settings, random: Callable[[int], bytes] = os.urandom) -> Keyring:
    """The keys of the settings; makes the file of the secret key if this is the first start.

    Call it before the SQLite database is made: one without its key is taken for a loss, and
    SettingsError says so, as it does of a file that cannot be read or made.
    """
    secret = settings.secret_key
    if secret is None:
        assert isinstance(settings.database, SqliteFile)
        secret = _beside(settings.database.path, random)
    return Keyring(secret, settings.secret_key_previous, random)


def path_beside(database: Path) -> Path:
    """Where the secret key of an SQLite database lies."""
    return database.with_name(database.name + _SUFFIX)


def _beside(database: Path, random: Callable[[int], bytes]) -> str:
    path = path_beside(database)
    # Looked at first: another process may make the key, and then the database, in between.
    is_first_start = not database.exists()
    try:
        if not path.exists():
            if not is_first_start:
                raise ValueError(
                    f"The database {database} is there, but its secret key {path} is gone. "
                    f"Put the file back, or set {KEY_NAME} to what it held."
                )
            _make(path, random)
        return secret_in_file(path)
    except ValueError as wrong:
        raise SettingsError(KEY_NAME, str(wrong)) from None
    except OSError as failure:
        raise SettingsError(
            KEY_NAME,
            f"The file {path} cannot be made ({failure.filename}: {failure.strerror}). "
            f"Make its folder writable, or set {KEY_NAME}.",
        ) from None


def _make(path: Path, random: Callable[[int], bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{random(8).hex()}")
    text = base64.urlsafe_b64encode(random(_RANDOM_BYTES)).rstrip(b"=") + b"\n"
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _ONLY_OWNER)
    try:
        with os.fdopen(file, "wb") as writing:
            writing.write(text)
            writing.flush()
            os.fsync(file)
        # A link appears whole or not at all, and never over another process's key.
        os.link(draft, path)
        _sync_folder(path.parent)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _sync_folder(folder: Path) -> None:
    # The database may outlive a power cut; so must the name of its key.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
