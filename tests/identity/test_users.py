"""Users: made, found, changed and removed, within their organisation, and never the last admin."""

import pytest

from jump.caller import OPERATOR, Actor
from jump.errors import Conflict, NotFound, ValidationFailed
from jump.identity import sign_ins, users
from jump.identity.roles import ROLES
from jump.identity.users import NewUser, User
from jump.kit.clock import SECOND
from jump.storage.database import Database
from jump.storage.sql import sql
from tests.identity.people import (
    ADA,
    BOB,
    NOW,
    PASSWORD,
    actions,
    audit,
    enter,
    invited,
    joined,
    operator,
    resume,
    second_practice,
    with_totp,
)

LATER = NOW + SECOND
TABLES = ("sign_ins", "recovery_codes", "known_addresses", "invitations")
ROWS = sql(
    " UNION ALL ".join(
        f"SELECT '{table}' AS held FROM {table} WHERE organisation_id = :organisation"
        for table in TABLES
    )
)

EVERY = {table: sql(f"SELECT * FROM {table}") for table in ("users", *TABLES)}


async def listed(database: Database, organisation: str) -> list[User]:
    return await database.read(lambda tx: users.everyone(tx, organisation))


async def change_role(database: Database, user: User, role: str) -> User:
    caller = await operator(database, user.organisation)
    return await database.write(lambda tx: users.change_role(tx, caller, user.id, role, LATER))


async def remove(database: Database, user: User) -> User:
    caller = await operator(database, user.organisation)
    return await database.write(lambda tx: users.remove(tx, caller, user.id, LATER))


async def test_a_new_user_is_invited_and_read_back_as_made(database: Database) -> None:
    made = await invited(database, "  Bob@Example.org")
    assert (made.email, made.name, made.role, made.status) == (BOB, "bob", "developer", "invited")
    assert made.id.startswith("usr_")
    assert made.created_by == "operator"
    assert await database.read(lambda tx: users.fetch(tx, made.organisation, made.id)) == made


async def test_users_are_listed_oldest_first(database: Database) -> None:
    ada, bob = await joined(database), await invited(database)
    assert await listed(database, ada.organisation) == [ada, bob]


@pytest.mark.parametrize("text", [ADA, " Ada@Example.org", "id"])
async def test_a_user_is_found_by_id_and_by_address(database: Database, text: str) -> None:
    ada = await joined(database)
    wanted = ada.id if text == "id" else text
    found = await database.read(lambda tx: users.find(tx, ada.organisation, wanted))
    assert found == ada


async def test_another_organisation_s_user_is_not_found(database: Database) -> None:
    ada = await joined(database)
    second = await second_practice(database)
    for wanted in (ada.id, ada.email):
        with pytest.raises(NotFound):
            await database.read(lambda tx, wanted=wanted: users.find(tx, second.id, wanted))
    caller = await operator(database, second.id)
    with pytest.raises(NotFound):
        await database.write(lambda tx: users.change_role(tx, caller, ada.id, "viewer", LATER))
    with pytest.raises(NotFound):
        await database.write(lambda tx: users.remove(tx, caller, ada.id, LATER))
    assert await listed(database, second.id) == []


async def test_an_address_is_taken_once_over_all_organisations(database: Database) -> None:
    await joined(database)
    second = await second_practice(database)
    with pytest.raises(ValidationFailed) as refused:
        await joined(database, "ADA@example.org", org=second.id)
    assert [error.field for error in refused.value.details] == ["email"]


async def test_every_wrong_field_is_named_at_once(database: Database) -> None:
    caller = await operator(database)
    wrong = NewUser("nowhere@", "owner", "a\tb")
    with pytest.raises(ValidationFailed) as refused:
        await database.write(lambda tx: users.create(tx, caller, wrong, NOW))
    assert [error.field for error in refused.value.details] == ["email", "role", "name"]
    assert "owner" not in str(refused.value.details)


async def test_a_role_counts_from_the_next_request_on(database: Database) -> None:
    await joined(database)
    bob = await joined(database, BOB, "viewer")
    begun = await enter(database, BOB)
    changed = await change_role(database, bob, "developer")
    assert (changed.role, changed.version) == ("developer", bob.version + 1)
    again = await resume(database, begun.token)
    assert again is not None
    assert users.caller_of(again.user, "test").scopes == ROLES["developer"].scopes


async def test_the_same_role_changes_nothing(database: Database) -> None:
    ada = await joined(database)
    assert await change_role(database, ada, "admin") == ada
    assert "role_changed" not in await actions(database, ada)


async def test_an_unknown_role_is_refused(database: Database) -> None:
    ada = await joined(database)
    with pytest.raises(ValidationFailed, match="role"):
        await change_role(database, ada, "owner")


async def test_a_name_may_be_anything_on_one_line(database: Database) -> None:
    ada, caller = await joined(database), await operator(database)
    named = await database.write(
        lambda tx: users.change_name(tx, caller, ada.id, "  Ada Ærø ", LATER)
    )
    assert named.name == "Ada Ærø"
    with pytest.raises(ValidationFailed, match="name"):
        await database.write(lambda tx: users.change_name(tx, caller, ada.id, "a\nb", LATER))


async def test_the_last_admin_can_be_neither_removed_nor_demoted(database: Database) -> None:
    ada = await joined(database)
    await joined(database, BOB, "developer")
    await invited(database, "carol@example.org", "admin")  # who cannot sign in yet
    with pytest.raises(Conflict, match="last admin"):
        await remove(database, ada)
    with pytest.raises(Conflict, match="last admin"):
        await change_role(database, ada, "viewer")


async def test_with_another_admin_the_first_may_go(database: Database) -> None:
    ada = await joined(database)
    bob = await joined(database, BOB, "developer")
    await change_role(database, bob, "admin")
    assert (await change_role(database, ada, "viewer")).role == "viewer"
    with pytest.raises(Conflict):
        await remove(database, bob)
    assert (await remove(database, ada)).status == "removed"


async def test_an_admin_of_another_organisation_does_not_count(database: Database) -> None:
    ada = await joined(database)
    second = await second_practice(database)
    await joined(database, BOB, org=second.id)
    with pytest.raises(Conflict):
        await remove(database, ada)


async def test_an_invited_admin_may_be_removed(database: Database) -> None:
    carol = await invited(database, "carol@example.org", "admin")
    assert (await remove(database, carol)).status == "removed"


async def test_a_removed_user_has_nothing_left_to_come_in_with(database: Database) -> None:
    await joined(database)
    bob = await joined(database, BOB, "developer")
    begun = await enter(database, BOB)
    await with_totp(database, bob)
    await remove(database, bob)
    assert await resume(database, begun.token) is None
    with pytest.raises(sign_ins.WrongSignIn):
        await enter(database, BOB)
    left = await database.read(lambda tx: tx.all(ROWS, organisation=bob.organisation))
    assert left == []
    with pytest.raises(NotFound):
        await remove(database, bob)


async def test_a_removed_user_s_name_stays_for_the_audit_and_the_address_is_free(
    database: Database,
) -> None:
    ada, bob = await joined(database), await joined(database, BOB)
    await remove(database, bob)
    again = await joined(database, BOB, at=LATER)
    assert again.id != bob.id
    assert await listed(database, ada.organisation) == [ada, again]
    ids = [ada.id, bob.id, "usr_unknown"]
    names = await database.read(lambda tx: users.names(tx, ada.organisation, ids))
    assert names == {ada.id: "ada", bob.id: "bob"}


async def test_every_change_is_in_the_audit_with_who_made_it(database: Database) -> None:
    ada, bob = await joined(database), await joined(database, BOB, "viewer")
    caller = users.caller_of(ada, "test", address="203.0.113.7", request_id="req_1")
    await database.write(lambda tx: users.change_role(tx, caller, bob.id, "developer", LATER))
    await database.write(lambda tx: users.change_name(tx, caller, bob.id, "Bobby", LATER + SECOND))
    await database.write(lambda tx: users.remove(tx, caller, bob.id, LATER + 2 * SECOND))
    entries = [e for e in await audit(database, bob.organisation) if e.change.record_id == bob.id]
    assert [(e.change.action, tuple(e.change.fields)) for e in entries] == [
        ("user.created", ("email", "name", "role")),
        ("user.role_changed", ("role",)),
        ("user.name_changed", ("name",)),
        ("user.removed", ("status",)),
    ]
    assert [e.actor for e in entries] == [OPERATOR, *[Actor("user", ada.id)] * 3]
    assert {(e.address, e.request_id) for e in entries[1:]} == {("203.0.113.7", "req_1")}
    assert PASSWORD not in repr(entries)
    assert ADA not in repr(entries)


async def test_nothing_of_a_user_s_secrets_is_kept_as_it_is(database: Database) -> None:
    ada = await joined(database)
    begun = await enter(database)
    secret, codes = await with_totp(database, ada)
    kept = []
    for table in ("users", *TABLES):
        rows = await database.read(lambda tx, table=table: tx.all(EVERY[table]))
        kept += [repr(dict(row)) for row in rows]
    for hidden in (PASSWORD, begun.token, begun.sign_in.csrf, secret, *codes):
        assert not [row for row in kept if hidden in row]
