"""`jump settings` shows every setting, where it comes from, and no secret."""

from pathlib import Path

from jump.settings import VARIABLES, Row, describe, load

SECRET = "a secret key that is long enough to be one"
CWD = Path("/srv/jump")


def described(**environ: str) -> dict[str, Row]:
    read = load({f"JUMP_{name}": value for name, value in environ.items()}, CWD)
    return {row.name.removeprefix("JUMP_"): row for row in describe(read)}


def test_every_setting_has_a_row_in_order() -> None:
    read = load({}, CWD)
    assert [row.name for row in describe(read)] == list(VARIABLES)
    assert all(row.meaning.endswith(".") for row in describe(read))


def test_a_row_says_where_its_value_comes_from() -> None:
    rows = described(PORT="9000")
    assert (rows["PORT"].value, rows["PORT"].origin) == ("9000", "environment")
    assert (rows["HOST"].value, rows["HOST"].origin) == ("127.0.0.1", "default")
    assert rows["PUBLIC_URL"].value == "http://127.0.0.1:9000"
    assert rows["PUBLIC_URL"].origin == "from host and port"
    assert (rows["WORK_PORT"].value, rows["WORK_PORT"].origin) == ("", "")


def test_values_are_shown_as_they_would_be_written() -> None:
    written = {
        "DATABASE_URL": "sqlite:////data/jump.db",
        "TRUSTED_PROXIES": "10.0.0.0/8,::1/128",
        "DOCUMENTS_URL": "s3://practice/live",
        "WEBHOOK_ALLOW_NETWORKS": "127.0.0.0/8",
        "WEBHOOK_ALLOW_PORTS": "8443,9443",
        "RETRY_SCHEDULE": "1,2,3",
        "RETENTION_DAYS": "10",
        "ACCESS_LOG_DAYS": "20",
        "WORK_PORT": "9001",
        "PUBLIC_URL": "https://jump.example.org",
        "HOST": "0.0.0.0",
    }
    rows = described(**written)
    assert {name: rows[name].value for name in written} == written


def test_relative_places_are_shown_whole() -> None:
    rows = described()
    assert rows["DATABASE_URL"].value == "sqlite:////srv/jump/var/jump.db"
    assert rows["DOCUMENTS_URL"].value == "file:///srv/jump/var/documents"


def test_of_a_secret_only_whether_it_is_set_is_shown() -> None:
    rows = described(SECRET_KEY=SECRET)
    assert rows["SECRET_KEY"].value == "set"
    assert rows["SECRET_KEY_PREVIOUS"].value == "not set"
    assert SECRET not in repr(rows)


def test_a_secret_key_that_is_made_is_shown_by_its_place() -> None:
    row = described()["SECRET_KEY"]
    assert row.value == "in /srv/jump/var/jump.db.secret-key"
    assert row.origin == "made at first start"


def test_a_database_is_shown_without_its_password_and_options() -> None:
    rows = described(
        SECRET_KEY=SECRET,
        DATABASE_URL="postgresql://jump:hunter2@a:1,b:2/jump?password=hunter3&pooler=transaction",
    )
    shown = rows["DATABASE_URL"].value
    assert shown == "postgresql://jump@a:1,b:2/jump?pooler=transaction"
