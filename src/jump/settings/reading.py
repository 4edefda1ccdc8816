"""Reads the settings from an environment: every name, its default, and what is wrong with it.

Writes nothing: a secret key that has to be made is made in `secret_key`.
"""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from jump.settings import places, values
from jump.settings.places import DatabasePlace, DocumentsPlace, PostgresqlServer
from jump.settings.values import IPNetwork
from jump.settings.variables import KEY_FILE_NAME, KEY_NAME, VARIABLES, SettingsError
from jump.webhooks.engine.retry_schedule import parse_schedule

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that an operator may set. Paths are absolute; waits are seconds.

    `secret_key` is None if it lies, or is yet to be made, beside the SQLite database: ask
    `keyring`. `warnings` are lines to print at the start; `given` are the names that were set.
    """

    database: DatabasePlace
    host: str
    port: int
    public_url: str
    trusted_proxies: tuple[IPNetwork, ...]
    secret_key: str | None = field(repr=False)
    secret_key_previous: str | None = field(repr=False)
    documents: DocumentsPlace
    webhook_allow_networks: tuple[IPNetwork, ...]
    webhook_allow_ports: frozenset[int]
    webhook_ca_file: Path | None
    retry_schedule: tuple[int, ...]
    retention_days: int
    access_log_days: int
    work_port: int | None
    warnings: tuple[str, ...]
    given: frozenset[str]


def load(environ: Mapping[str, str], cwd: Path) -> Settings:
    """The settings of an environment; relative paths count from `cwd`. An empty value is none.

    SettingsError, one line that names the variable, for the first value that is not good.
    """
    given = {name: environ[name] for name in VARIABLES if environ.get(name)}
    read = _Reader(given)
    database = read.one("JUMP_DATABASE_URL", lambda text: places.database(text, cwd))
    host = read.one("JUMP_HOST", values.host)
    port = read.one("JUMP_PORT", values.port)
    public_url = read.maybe("JUMP_PUBLIC_URL", values.public_url)
    return Settings(
        database=database,
        host=host,
        port=port,
        public_url=public_url or values.url_of(host, port),
        trusted_proxies=read.one("JUMP_TRUSTED_PROXIES", values.networks),
        secret_key=_secret_key(read, database, cwd),
        secret_key_previous=read.maybe("JUMP_SECRET_KEY_PREVIOUS", values.secret),
        documents=read.one("JUMP_DOCUMENTS_URL", lambda text: places.documents(text, cwd)),
        webhook_allow_networks=read.one("JUMP_WEBHOOK_ALLOW_NETWORKS", values.private_networks),
        webhook_allow_ports=read.one("JUMP_WEBHOOK_ALLOW_PORTS", values.ports),
        webhook_ca_file=read.maybe(
            "JUMP_WEBHOOK_CA_FILE", lambda text: values.certificates(cwd / text)
        ),
        retry_schedule=read.one("JUMP_RETRY_SCHEDULE", parse_schedule),
        retention_days=read.one("JUMP_RETENTION_DAYS", values.days),
        access_log_days=read.one("JUMP_ACCESS_LOG_DAYS", values.days),
        work_port=read.maybe("JUMP_WORK_PORT", values.port),
        warnings=_warnings(environ),
        given=frozenset(given),
    )


class _Reader:
    """Reads values by name, and names the variable of what is wrong with one."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given

    def one(self, name: str, parse: Callable[[str], T]) -> T:
        """The value, or else the default."""
        try:
            return parse(self._given.get(name, VARIABLES[name].default))
        except ValueError as wrong:
            raise SettingsError(name, str(wrong)) from None

    def maybe(self, name: str, parse: Callable[[str], T]) -> T | None:
        """The value, or None."""
        return self.one(name, parse) if name in self._given else None


def _secret_key(read: _Reader, database: DatabasePlace, cwd: Path) -> str | None:
    given = read.maybe(KEY_NAME, values.secret)
    in_file = read.maybe(KEY_FILE_NAME, lambda text: values.secret_in_file(cwd / text))
    if given is not None and in_file is not None:
        raise SettingsError(KEY_NAME, f"Set this or {KEY_FILE_NAME}, not both.")
    if given is None and in_file is None and isinstance(database, PostgresqlServer):
        raise SettingsError(
            KEY_NAME,
            "PostgreSQL needs one, the same for every process. "
            "Write any text of at least 32 characters.",
        )
    return given or in_file


def _warnings(environ: Mapping[str, str]) -> tuple[str, ...]:
    unknown = sorted(name for name in environ if name.startswith("JUMP_") and name not in VARIABLES)
    return tuple(_warning(name) for name in unknown)


def _warning(name: str) -> str:
    near = difflib.get_close_matches(name, VARIABLES, n=1, cutoff=0.75)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f"{name} is not a setting and is ignored.{hint}"
