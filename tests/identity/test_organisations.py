"""Organisations: made by an operator, found by id or name."""

import pytest

from jump.audit import trail
from jump.caller import OPERATOR, Tenant
from jump.errors import Conflict, NotFound, ValidationFailed
from jump.identity import organisations
from jump.identity.organisations import Organisation
from jump.kit.clock import SECOND
from jump.storage.database import Database
from jump.storage.sql import sql

LATER = 4_000_000_000 * SECOND


async def make(database: Database, name: str) -> Organisation:
    return await database.write(lambda tx: organisations.create(tx, OPERATOR, name, LATER))


async def test_a_database_begins_with_one_practice(database: Database) -> None:
    only = await database.read(organisations.only)
    assert only.name == "Practice"
    assert await database.read(organisations.everyone) == [only]


async def test_a_new_one_is_found_by_id_and_by_name(database: Database) -> None:
    made = await make(database, "  Ærøskøbing Lægehus ")
    assert made.name == "Ærøskøbing Lægehus"
    assert made.id.startswith("org_")
    for text in (made.id, made.name):
        assert await database.read(lambda tx, text=text: organisations.find(tx, text)) == made
    listed = await database.read(organisations.everyone)
    assert [each.name for each in listed] == ["Practice", made.name]


async def test_one_must_be_named_where_there_are_several(database: Database) -> None:
    await make(database, "Second")
    with pytest.raises(Conflict, match="--org"):
        await database.read(organisations.only)


async def test_none_at_all_is_said_to_be_none(database: Database) -> None:
    await database.write(lambda tx: tx.run(sql("DELETE FROM organisations")))
    with pytest.raises(Conflict, match="jump orgs create"):
        await database.read(organisations.only)


async def test_an_unknown_one_is_not_found(database: Database) -> None:
    with pytest.raises(NotFound):
        await database.read(lambda tx: organisations.find(tx, "practice"))


async def test_a_name_is_given_once(database: Database) -> None:
    with pytest.raises(Conflict, match="name"):
        await make(database, "Practice")


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\tb", "a\u2028b", "\x00"])
async def test_a_name_is_one_line_of_text(database: Database, name: str) -> None:
    with pytest.raises(ValidationFailed, match="name"):
        await make(database, name)


async def test_making_one_is_in_its_audit(database: Database) -> None:
    made = await make(database, "Second")
    [entry] = await database.read(lambda tx: trail.page(tx, Tenant(made.id, "live")))
    assert entry.change.action == "organisation.created"
    assert entry.change.record_id == made.id
    assert entry.actor == OPERATOR
