"""The settings: read once from the environment, refused in one clear line, frozen from then on.

Only the composition root and the command line import this; every other part is given values.
"""

from jump.settings.description import Row, describe
from jump.settings.places import DocumentBucket, DocumentFolder, PostgresqlServer, SqliteFile
from jump.settings.reading import Settings, load
from jump.settings.secret_key import keyring
from jump.settings.variables import VARIABLES, SettingsError, Variable

__all__ = [
    "VARIABLES",
    "DocumentBucket",
    "DocumentFolder",
    "PostgresqlServer",
    "Row",
    "Settings",
    "SettingsError",
    "SqliteFile",
    "Variable",
    "describe",
    "keyring",
    "load",
]
