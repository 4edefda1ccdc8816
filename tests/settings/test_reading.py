"""Every setting of the contract is read; a bad one stops the start with one line that names it."""

import re
from ipaddress import ip_network
from pathlib import Path

import pytest
import trustme

from jump.settings import (
    VARIABLES,
    DocumentBucket,
    DocumentFolder,
    PostgresqlServer,
    Settings,
    SettingsError,
    SqliteFile,
    load,
)

CWD = Path("/srv/jump")
SECRET = "a secret key that is long enough to be one"
POSTGRESQL = "postgresql://jump:hunter2@db.example.org/jump"

# Section 6 of the contract, and JUMP_WORK_PORT of section 2.
CONTRACT = """
JUMP_DATABASE_URL JUMP_HOST JUMP_PORT JUMP_PUBLIC_URL JUMP_TRUSTED_PROXIES JUMP_SECRET_KEY
JUMP_SECRET_KEY_FILE JUMP_SECRET_KEY_PREVIOUS JUMP_DOCUMENTS_URL JUMP_WEBHOOK_ALLOW_NETWORKS
JUMP_WEBHOOK_ALLOW_PORTS JUMP_WEBHOOK_CA_FILE JUMP_RETRY_SCHEDULE JUMP_RETENTION_DAYS
JUMP_ACCESS_LOG_DAYS JUMP_WORK_PORT
"""


def settings(cwd: Path = CWD, **environ: str) -> Settings:
    return load({f"JUMP_{name}": value for name, value in environ.items()}, cwd)


def refusal(cwd: Path = CWD, **environ: str) -> str:
    with pytest.raises(SettingsError) as refused:
        settings(cwd, **environ)
    return str(refused.value)


def test_the_settings_are_those_of_the_contract() -> None:
    assert list(VARIABLES) == CONTRACT.split()


def test_an_empty_environment_gives_the_defaults() -> None:
    assert settings() == Settings(
        database=SqliteFile(CWD / "var/jump.db"),
        host="127.0.0.1",
        port=8000,
        public_url="http://127.0.0.1:8000",
        trusted_proxies=(),
        secret_key=None,
        secret_key_previous=None,
        documents=DocumentFolder(CWD / "var/documents"),
        webhook_allow_networks=(),
        webhook_allow_ports=frozenset(),
        webhook_ca_file=None,
        retry_schedule=(60, 300, 1500, 7500, 37500),
        retention_days=30,
        access_log_days=365,
        work_port=None,
        warnings=(),
        given=frozenset(),
    )


def test_an_empty_value_is_none() -> None:
    assert settings(CWD, **{name.removeprefix("JUMP_"): "" for name in VARIABLES}) == settings()


def test_reading_writes_nothing(tmp_path: Path) -> None:
    settings(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("sqlite:///data/jump.db", SqliteFile(CWD / "data/jump.db")),
        ("sqlite:////var/lib/jump.db", SqliteFile(Path("/var/lib/jump.db"))),
        (POSTGRESQL, PostgresqlServer(POSTGRESQL)),
        ("postgres://jump@db/jump", PostgresqlServer("postgresql://jump@db/jump")),
        (f"{POSTGRESQL}?pooler=transaction", PostgresqlServer(f"{POSTGRESQL}?pooler=transaction")),
        ("postgresql:///jump?host=/run/pg", PostgresqlServer("postgresql:///jump?host=/run/pg")),
    ],
)
def test_a_database(url: str, place: SqliteFile | PostgresqlServer) -> None:
    assert settings(DATABASE_URL=url, SECRET_KEY=SECRET).database == place


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("file://files", DocumentFolder(CWD / "files")),
        ("file:///srv/files", DocumentFolder(Path("/srv/files"))),
        ("s3://practice-documents", DocumentBucket("s3://practice-documents")),
        ("s3://practice-documents/live/", DocumentBucket("s3://practice-documents/live")),
    ],
)
def test_a_place_for_documents(url: str, place: DocumentFolder | DocumentBucket) -> None:
    assert settings(DOCUMENTS_URL=url).documents == place


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({"PORT": "9000"}, "http://127.0.0.1:9000"),
        ({"HOST": "0.0.0.0"}, "http://127.0.0.1:8000"),
        ({"HOST": "::"}, "http://[::1]:8000"),
        ({"HOST": "jump.local"}, "http://jump.local:8000"),
        ({"PUBLIC_URL": "https://Jump.example.org/"}, "https://jump.example.org"),
        ({"PUBLIC_URL": "https://[2001:db8::1]:8443"}, "https://[2001:db8::1]:8443"),
    ],
)
def test_the_public_url_is_given_or_follows_from_host_and_port(
    environ: dict[str, str], url: str
) -> None:
    assert settings(CWD, **environ).public_url == url


def test_networks_and_ports_are_lists() -> None:
    read = settings(
        TRUSTED_PROXIES="10.0.0.0/8, ::1",
        WEBHOOK_ALLOW_NETWORKS="127.0.0.0/8",
        WEBHOOK_ALLOW_PORTS="9443, 8443",
    )
    assert read.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("::1/128"))
    assert read.webhook_allow_networks == (ip_network("127.0.0.0/8"),)
    assert read.webhook_allow_ports == {8443, 9443}


def test_numbers_and_the_schedule() -> None:
    read = settings(
        RETRY_SCHEDULE="1,1,2", RETENTION_DAYS="1", ACCESS_LOG_DAYS="7", WORK_PORT="9001"
    )
    assert read.retry_schedule == (1, 1, 2)
    assert (read.retention_days, read.access_log_days, read.work_port) == (1, 7, 9001)


def test_a_file_of_certificates(tmp_path: Path) -> None:
    file = tmp_path / "more.pem"
    trustme.CA().cert_pem.write_to_path(file)
    assert settings(tmp_path, WEBHOOK_CA_FILE="more.pem").webhook_ca_file == file


def test_a_secret_key_is_given_or_lies_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{SECRET}\n")
    assert settings(SECRET_KEY=SECRET).secret_key == SECRET
    assert settings(tmp_path, SECRET_KEY_FILE="key").secret_key == SECRET
    assert settings(SECRET_KEY_PREVIOUS=SECRET).secret_key_previous == SECRET


BAD = [
    ("DATABASE_URL", "mysql://root:hunter2@db/jump", "Write sqlite:///relative"),
    ("DATABASE_URL", "var/jump.db", "Write sqlite:///relative"),
    ("DATABASE_URL", "sqlite://var/jump.db", "three slashes"),
    ("DATABASE_URL", "sqlite:///", "names no file"),
    ("DATABASE_URL", "sqlite:///var/", "names no file"),
    ("DATABASE_URL", "sqlite:////", "names no file"),
    ("DATABASE_URL", "sqlite:////tmp", "names no file"),
    ("DATABASE_URL", "sqlite:///:memory:", "must be a file"),
    ("DATABASE_URL", "sqlite:///jump.db?mode=ro", "takes no options"),
    ("DATABASE_URL", f"{POSTGRESQL}?pooler=session", "may only be transaction"),
    ("DATABASE_URL", f"{POSTGRESQL}?pooler=", "may only be transaction"),
    ("DATABASE_URL", "postgresql://jump:hunt/er2@db/jump", "percent-encoded"),
    ("DATABASE_URL", "postgresql://jump:hunt?er2@db/jump", "percent-encoded"),
    ("DATABASE_URL", "postgresql://jump:hunt#er2@db/jump", "percent-encoded"),
    ("DATABASE_URL", "postgresql://jump:hunter2@[::1/jump", "It is no URL"),
    ("DATABASE_URL", "postgresql://jump:hunt\u2100er2@db/jump", "It is no URL"),
    ("DATABASE_URL", "postgresql://jump:hunt er2@db/jump", "percent-encoded"),
    ("DATABASE_URL", "postgresql://jump:hunt\ner2@db/jump", "percent-encoded"),
    ("HOST", "http://localhost", "an address or a host name alone"),
    ("HOST", "localhost:8000", "an address or a host name alone"),
    ("HOST", "[::1]", "an address or a host name alone"),
    ("HOST", "999.1.1.1", "an address or a host name alone"),
    ("HOST", "my host", "an address or a host name alone"),
    ("PORT", "0", "from 1 to 65535"),
    ("PORT", "65536", "from 1 to 65535"),
    ("PORT", "http", "from 1 to 65535"),
    ("PORT", "8_000", "from 1 to 65535"),
    ("PORT", "+8000", "from 1 to 65535"),
    ("PORT", "\u0668000", "from 1 to 65535"),
    ("PORT", "9" * 5000, "from 1 to 65535"),
    ("WORK_PORT", "-1", "from 1 to 65535"),
    ("PUBLIC_URL", "jump.example.org", "Write http:// or https://"),
    ("PUBLIC_URL", "ftp://jump.example.org", "Write http:// or https://"),
    ("PUBLIC_URL", "https://", "Write http:// or https://"),
    ("PUBLIC_URL", "https://jump.example.org:99999", "Write http:// or https://"),
    ("PUBLIC_URL", "https://jump example.org", "Write http:// or https://"),
    ("PUBLIC_URL", "https://[::1", "Write http:// or https://"),
    ("PUBLIC_URL", "https://user:hunter2@jump.example.org", "no user name"),
    ("PUBLIC_URL", "https://jump.example.org/app", "no path"),
    ("PUBLIC_URL", "https://jump.example.org?x=1", "no path"),
    ("TRUSTED_PROXIES", "10.0.0.0/8,proxy", "Entry 2 is no network"),
    ("TRUSTED_PROXIES", "10.0.0.0/33", "Entry 1 is no network"),
    ("TRUSTED_PROXIES", "10.0.0.0/8,", "Entry 2 is no network"),
    ("TRUSTED_PROXIES", "10.1.2.3/8", "Write 10.0.0.0/8"),
    ("SECRET_KEY", "hunter2", "at least 32 characters"),
    ("SECRET_KEY_FILE", "nowhere", "cannot be read: No such file"),
    ("SECRET_KEY_FILE", "/", "cannot be read: Is a directory"),
    ("SECRET_KEY_FILE", "/dev/null", "at least 32 characters"),
    ("SECRET_KEY_PREVIOUS", "hunter2", "at least 32 characters"),
    ("DOCUMENTS_URL", "var/documents", "Write file://folder"),
    ("DOCUMENTS_URL", "file://", "names no folder"),
    ("DOCUMENTS_URL", "file:///", "names no folder"),
    ("DOCUMENTS_URL", "file://files?x=1", "names no folder"),
    ("DOCUMENTS_URL", "s3://", "Write file://folder"),
    ("DOCUMENTS_URL", "s3://key:hunter2@bucket", "Write file://folder"),
    ("WEBHOOK_ALLOW_NETWORKS", "localhost", "Entry 1 is no network"),
    ("WEBHOOK_ALLOW_NETWORKS", "169.254.169.254", "link-local"),
    ("WEBHOOK_ALLOW_NETWORKS", "10.0.0.0/8,fe80::/10", "link-local"),
    ("WEBHOOK_ALLOW_PORTS", "8443;9443", "Write ports"),
    ("WEBHOOK_ALLOW_PORTS", "0", "Write ports"),
    ("WEBHOOK_ALLOW_PORTS", "8443,", "Write ports"),
    ("WEBHOOK_CA_FILE", "nowhere.pem", "cannot be read: No such file"),
    ("WEBHOOK_CA_FILE", "/dev/null", "holds no certificate"),
    ("RETRY_SCHEDULE", "1,2,3,4,5,6", "at most 5"),
    ("RETRY_SCHEDULE", "60,30", "must not be shorter"),
    ("RETRY_SCHEDULE", "0,1", "from 1 to"),
    ("RETRY_SCHEDULE", "1m", "whole numbers"),
    ("RETENTION_DAYS", "0", "from 1 to"),
    ("RETENTION_DAYS", "forever", "from 1 to"),
    ("ACCESS_LOG_DAYS", "0", "from 1 to"),
]


@pytest.mark.parametrize(("name", "value", "reason"), BAD)
def test_a_bad_value_stops_the_start_with_one_line(name: str, value: str, reason: str) -> None:
    line = refusal(CWD, **{name: value})
    assert line.startswith(f"JUMP_{name}: ")
    assert reason in line
    assert re.fullmatch(r"[^\n]+\.", line)
    assert "hunt" not in line


def test_every_setting_has_a_bad_value_in_the_table() -> None:
    assert {f"JUMP_{name}" for name, _, _ in BAD} == set(VARIABLES)


def test_a_secret_key_may_not_be_given_twice(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(SECRET)
    line = refusal(tmp_path, SECRET_KEY=SECRET, SECRET_KEY_FILE="key")
    assert line == "JUMP_SECRET_KEY: Set this or JUMP_SECRET_KEY_FILE, not both."


def test_a_secret_key_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xff" * 40)
    assert "must be text" in refusal(tmp_path, SECRET_KEY_FILE="key")


def test_postgresql_needs_a_secret_key() -> None:
    line = refusal(DATABASE_URL=POSTGRESQL)
    assert line.startswith("JUMP_SECRET_KEY: PostgreSQL needs one")
    assert "hunter2" not in line


def test_an_unknown_name_gets_a_warning_and_a_hint() -> None:
    read = settings(PROT="8001", SOMETHING_ELSE="x")
    assert read.warnings == (
        "JUMP_PROT is not a setting and is ignored. Did you mean JUMP_PORT?",
        "JUMP_SOMETHING_ELSE is not a setting and is ignored.",
    )


def test_names_of_others_get_no_warning() -> None:
    assert load({"PATH": "/bin", "jump_port": "1", "MYJUMP_X": "1"}, CWD).warnings == ()


def test_settings_show_no_secret() -> None:
    read = settings(DATABASE_URL=POSTGRESQL, SECRET_KEY=SECRET, SECRET_KEY_PREVIOUS=SECRET)
    assert SECRET not in repr(read)
    assert "hunter2" not in repr(read)
