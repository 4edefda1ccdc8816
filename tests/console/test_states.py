"""What the console says when something is wrong: nothing there, a database away, our faults."""

from typing import Any

import pytest

from jump.console import places
from jump.console.page import Page
from jump.console.tables import Found, table
from jump.errors import InsufficientScope
from jump.storage.database import Database, StorageUnavailable
from tests.console import practice, visiting
from tests.console.practice import Practice
from tests.console.visiting import Site

SECRET = "a value of a patient"


@pytest.fixture
async def made(database: Database) -> Practice:
    return await practice.bare(database)


@pytest.fixture
async def site(database: Database, made: Practice) -> Site:
    return Site(database)


class Away:
    """A database that does not answer; what was read before is forgotten."""

    kind = "sqlite"

    async def read(self, work: Any) -> Any:
        raise StorageUnavailable("The database is locked by another process.")

    write = count = read


async def test_a_database_that_is_away_is_a_page_with_a_way_to_try_again(
    site: Site, made: Practice
) -> None:
    visitor = await site.signed_in()
    page = await visitor.get("/keys/create")
    site.database = Away()  # type: ignore[assignment]
    away = site.visitor()
    away.client.cookies = visitor.client.cookies
    seen = await away.get("/keys?status=active")
    assert seen.status_code == 503
    assert "The database does not answer" in seen.text
    assert "Try again" in seen.text
    assert "locked by another" not in seen.text
    sent = await away.send(page, "create", name="Front desk", patients="read")
    assert sent.status_code == 503


async def test_a_fault_of_ours_tells_a_number_and_no_more(
    site: Site, made: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(visit: object) -> dict[str, object]:
        raise RuntimeError(SECRET)

    broken = (Page("keys", "/keys", "see_keys", fails, section="keys"),)
    others = tuple(place for place in places.PLACES if place.name != "keys")
    monkeypatch.setattr(visiting, "PLACES", (*others, *broken))
    visitor = await site.signed_in()
    page = await visitor.get("/keys")
    assert page.status_code == 500
    assert "req_" in page.text
    assert SECRET not in page.text
    assert "RuntimeError" not in page.text
    assert "Traceback" not in page.text


async def test_an_unknown_address_is_told_in_the_same_look(site: Site) -> None:
    visitor = await site.signed_in()
    page = await visitor.get("/nowhere")
    assert page.status_code == 404
    assert "There is nothing here" in page.text
    assert (await site.visitor().get("/nowhere")).status_code == 404


async def test_the_parts_are_shown_in_development_only(site: Site) -> None:
    visitor = await site.signed_in()
    assert (await visitor.get("/_parts")).status_code == 404
    builder = site.visitor(development=True)
    builder.client.cookies = visitor.client.cookies
    assert (await builder.get("/_parts")).status_code == 200


@pytest.mark.parametrize("path", ["/", "/settings", "/settings/", "/settings/developers/"])
async def test_short_addresses_lead_to_the_console(site: Site, path: str) -> None:
    answer = await site.visitor().client.get(path)
    assert answer.status_code == 307
    assert answer.headers["location"].startswith("/settings/developers")


async def found(*rows: int, first: str = "") -> Found[int]:
    return Found(rows, first=first)


async def raises(error: Exception) -> Found[int]:
    raise error


async def test_a_table_is_in_one_of_five_states() -> None:
    assert (await table(lambda: found(1))).state == "content"
    assert (await table(lambda: found())).state == "empty"
    assert (await table(lambda: found(), is_filtered=True)).state == "filtered"
    assert (await table(lambda: found(first="/x"))).state == "filtered"
    assert (await table(lambda: raises(StorageUnavailable("away")))).state == "error"
    assert (await table(lambda: raises(InsufficientScope("read_patients")))).state == "forbidden"
    assert (await table(lambda: found(1), allowed=False)).state == "forbidden"
