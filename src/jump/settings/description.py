"""The settings as `jump settings` shows them: value, where it comes from, and its meaning."""

from collections.abc import Mapping
from dataclasses import dataclass

from jump.settings.places import (
    DatabasePlace,
    DocumentFolder,
    DocumentsPlace,
    SqliteFile,
    without_password,
)
from jump.settings.reading import Settings
from jump.settings.secret_key import path_beside
from jump.settings.variables import KEY_FILE_NAME, KEY_NAME, VARIABLES


@dataclass(frozen=True, slots=True)
class Row:
    """One setting as text. Of a secret, `value` says only whether it is set."""

    name: str
    value: str
    origin: str
    meaning: str


def describe(settings: Settings) -> list[Row]:
    """One row for each setting, in the contract's order, with no secret in any of them."""
    shown = _values(settings)
    return [
        Row(variable.name, shown[variable.name], _origin(variable.name, settings), variable.meaning)
        for variable in VARIABLES.values()
    ]


def _values(settings: Settings) -> Mapping[str, str]:
    return {
        "JUMP_DATABASE_URL": _database(settings.database),
        "JUMP_HOST": settings.host,
        "JUMP_PORT": str(settings.port),
        "JUMP_PUBLIC_URL": settings.public_url,
        "JUMP_TRUSTED_PROXIES": ",".join(map(str, settings.trusted_proxies)),
        KEY_NAME: _secret_key(settings),
        KEY_FILE_NAME: _whether_set(KEY_FILE_NAME, settings),
        "JUMP_SECRET_KEY_PREVIOUS": _whether_set("JUMP_SECRET_KEY_PREVIOUS", settings),
        "JUMP_DOCUMENTS_URL": _documents(settings.documents),
        "JUMP_WEBHOOK_ALLOW_NETWORKS": ",".join(map(str, settings.webhook_allow_networks)),
        "JUMP_WEBHOOK_ALLOW_PORTS": ",".join(map(str, sorted(settings.webhook_allow_ports))),
        "JUMP_WEBHOOK_CA_FILE": str(settings.webhook_ca_file or ""),
        "JUMP_RETRY_SCHEDULE": ",".join(map(str, settings.retry_schedule)),
        "JUMP_RETENTION_DAYS": str(settings.retention_days),
        "JUMP_ACCESS_LOG_DAYS": str(settings.access_log_days),
        "JUMP_WORK_PORT": str(settings.work_port or ""),
    }


def _origin(name: str, settings: Settings) -> str:
    if name in settings.given:
        return "environment"
    if name == "JUMP_PUBLIC_URL":
        return "from host and port"
    if name == KEY_NAME and settings.secret_key is None:
        return "made at first start"
    return "default" if VARIABLES[name].default else ""


def _secret_key(settings: Settings) -> str:
    if settings.secret_key is None and isinstance(settings.database, SqliteFile):
        return f"in {path_beside(settings.database.path)}"
    return _whether_set(KEY_NAME, settings)


def _whether_set(name: str, settings: Settings) -> str:
    return "set" if name in settings.given else "not set"


def _database(place: DatabasePlace) -> str:
    return f"sqlite:///{place.path}" if isinstance(place, SqliteFile) else without_password(place)


def _documents(place: DocumentsPlace) -> str:
    return f"file://{place.path}" if isinstance(place, DocumentFolder) else place.url
