"""Where records and documents are kept, as the URLs of the settings say it.

A ValueError is a sentence that says what to write and never repeats what was written.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """An SQLite database in one file, by its absolute path."""

    path: Path


@dataclass(frozen=True, slots=True)
class PostgresqlServer:
    """A PostgreSQL database by its URL, options included; no text of this object shows the URL."""

    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DocumentFolder:
    """A folder by its absolute path."""

    path: Path


@dataclass(frozen=True, slots=True)
class DocumentBucket:
    """`s3://bucket` or `s3://bucket/prefix`; how to reach it is in the usual AWS_* variables."""

    url: str


DatabasePlace: TypeAlias = SqliteFile | PostgresqlServer
DocumentsPlace: TypeAlias = DocumentFolder | DocumentBucket

_SQLITE: Final = "sqlite:///"
_POSTGRESQL: Final = re.compile(r"postgres(?:ql)?://")
# One of several, perhaps; with no host the driver takes the usual one.
_HOST_AND_PORT: Final = re.compile(
    r"(?:\[[^\]]*\]|[^:\[\]]*)"
    r"(?::(?:[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5]))?",
    re.ASCII,
)
_BUCKET: Final = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/[0-9A-Za-z._/-]*)?")
_DATABASE_WANTED: Final = (
    "Write sqlite:///relative/path.db, sqlite:////absolute/path.db or postgresql://user@host/name."
)
_DOCUMENTS_WANTED: Final = "Write file://folder, file:///absolute/folder or s3://bucket/prefix."


def database(text: str, cwd: Path) -> DatabasePlace:
    """The database that a URL names; a relative path counts from `cwd`."""
    if text.startswith(_SQLITE):
        return _sqlite(text.removeprefix(_SQLITE), cwd)
    if text.startswith("sqlite:"):
        raise ValueError("Write three slashes before a relative path, four before an absolute one.")
    if _POSTGRESQL.match(text):
        return _postgresql(_POSTGRESQL.sub("postgresql://", text, count=1))
    raise ValueError(_DATABASE_WANTED)


def documents(text: str, cwd: Path) -> DocumentsPlace:
    """The folder or bucket that a URL names; `file://folder` counts from `cwd`."""
    if text.startswith("file://"):
        path = text.removeprefix("file://")
        if path.strip("/") == "" or "?" in path or "#" in path:
            raise ValueError(f"It names no folder. {_DOCUMENTS_WANTED}")
        return DocumentFolder(cwd / path)
    if _BUCKET.fullmatch(text):
        return DocumentBucket(text.rstrip("/"))
    raise ValueError(_DOCUMENTS_WANTED)


def without_password(server: PostgresqlServer) -> str:
    """The URL as it may be shown: user, host, name and pooler; no password, no other option."""
    parts = urlsplit(server.url)
    userinfo, at, hosts = parts.netloc.rpartition("@")
    pooler = "?pooler=transaction" if ("pooler", "transaction") in parse_qsl(parts.query) else ""
    return f"postgresql://{userinfo.partition(':')[0]}{at}{hosts}{parts.path}{pooler}"


def _sqlite(path: str, cwd: Path) -> SqliteFile:
    if "?" in path or "#" in path:
        raise ValueError("An SQLite database takes no options. Write the path of its file alone.")
    if path == ":memory:":
        raise ValueError("The database must be a file, so that processes can share it.")
    if path.strip("/") == "" or path.endswith("/") or (cwd / path).is_dir():
        raise ValueError(f"It names no file. {_DATABASE_WANTED}")
    return SqliteFile(cwd / path)


def _postgresql(url: str) -> PostgresqlServer:
    try:
        parts = urlsplit(url)
    except ValueError:
        # Its own sentence may repeat the password.
        raise ValueError(f"It is no URL. {_DATABASE_WANTED}") from None
    if not url.isprintable() or " " in url:
        raise ValueError("Write spaces and control characters percent-encoded.")
    # Left as they are, these would cut the password in two, and its end would be shown as a name.
    if "#" in url or "@" in parts.path + parts.query:
        raise ValueError("Write the characters / ? # @ in a name or a password percent-encoded.")
    hosts = parts.netloc.rpartition("@")[2]
    if not all(_HOST_AND_PORT.fullmatch(host) for host in hosts.split(",")):
        raise ValueError("Write a port from 1 to 65535 behind the host and a colon, or none.")
    poolers = [value for name, value in parse_qsl(parts.query, True) if name == "pooler"]
    if poolers not in ([], ["transaction"]):
        raise ValueError("The option pooler may only be transaction.")
    return PostgresqlServer(url)
