"""Links: to join, to make the first admin, to set a new password; each for one use."""

from urllib.parse import parse_qs, urlsplit

import pytest

from jump.caller import SYSTEM, Actor
from jump.errors import Conflict, Gone, NotFound, ValidationFailed
from jump.identity import invitations, organisations, sign_ins, users
from jump.identity.invitations import Given, Invitation, Link
from jump.identity.users import NewUser, User
from jump.kit.clock import DAY, HOUR, SECOND
from jump.sealing import Keyring
from jump.storage.database import Database
from jump.storage.sql import sql
from tests.identity.people import (
    ADA,
    BOB,
    HOME,
    KEYRING,
    NOW,
    PASSWORD,
    SECRET_KEY,
    actions,
    audit,
    enter,
    joined,
    operator,
    resume,
    second_practice,
)

NEW = "another four good words"
LATER = NOW + SECOND
FIRST = Given(PASSWORD, "Ada Lovelace", " Ada@Example.org")


async def invite(database: Database, email: str = BOB) -> tuple[User, Link]:
    caller = await operator(database)
    new = NewUser(email, "developer")
    return await database.write(lambda tx: invitations.invite(tx, KEYRING, caller, new, NOW))


async def renew(database: Database, user: User, at: int = NOW) -> Link:
    caller = await operator(database, user.organisation)
    return await database.write(lambda tx: invitations.renew(tx, KEYRING, caller, user.id, at))


async def first_admin(database: Database, at: int = NOW) -> Link | None:
    return await database.write(lambda tx: invitations.first_admin(tx, KEYRING, at))


async def look(
    database: Database, link: Link, at: int = LATER, keyring: Keyring = KEYRING
) -> Invitation:
    return await database.read(lambda tx: invitations.look(tx, keyring, link.token, at))


async def accept(
    database: Database, link: Link, given: Given | None = None, at: int = LATER
) -> User:
    given = given or Given(PASSWORD, "Bob Bobson")
    return await invitations.accept(
        database, KEYRING, link.token, given, at, address=HOME, request_id="req_1"
    )


async def outstanding(database: Database, user: User, at: int = LATER) -> list[Invitation]:
    return await database.read(lambda tx: invitations.outstanding(tx, user.organisation, at))


async def test_who_is_invited_joins_with_a_name_and_a_password(database: Database) -> None:
    bob, link = await invite(database)
    seen = await look(database, link)
    assert (seen.kind, seen.email, seen.role, seen.practice) == (
        "join", BOB, "developer", "Practice",
    )  # fmt: skip
    user = await accept(database, link)
    assert (user.id, user.name, user.status, user.role) == (
        bob.id, "Bob Bobson", "active", "developer",
    )  # fmt: skip
    begun = await enter(database, BOB, at=LATER)
    assert begun.sign_in.user.id == bob.id


async def test_who_is_only_invited_cannot_sign_in(database: Database) -> None:
    await invite(database)
    with pytest.raises(sign_ins.WrongSignIn):
        await enter(database, BOB)


async def test_a_link_leads_to_the_page_and_carries_256_bits(database: Database) -> None:
    _, link = await invite(database)
    address = urlsplit(link.address("https://jump.example.org"))
    assert (address.netloc, address.path) == ("jump.example.org", "/settings/developers/join")
    assert parse_qs(address.query) == {"token": [link.token]}
    assert len(link.token) == 43
    _, other = await invite(database, "carol@example.org")
    assert other.token != link.token


async def test_a_link_works_once(database: Database) -> None:
    _, link = await invite(database)
    await accept(database, link)
    for act in (look(database, link), accept(database, link)):
        with pytest.raises(Gone, match="used already"):
            await act


async def test_looking_at_a_link_does_not_use_it(database: Database) -> None:
    _, link = await invite(database)
    assert await look(database, link) == await look(database, link)
    await accept(database, link)


async def test_a_link_that_was_refused_may_be_tried_again(database: Database) -> None:
    _, link = await invite(database)
    with pytest.raises(ValidationFailed) as refused:
        await accept(database, link, Given("short", "a\tb"))
    assert [error.field for error in refused.value.details] == ["name", "password"]
    assert (await accept(database, link)).status == "active"


async def test_a_link_is_good_for_seven_days(database: Database) -> None:
    _, link = await invite(database)
    assert link.expires_at == NOW + 7 * DAY
    await look(database, link, link.expires_at - 1)
    for act in (look(database, link, link.expires_at), accept(database, link, None, NOW + 8 * DAY)):
        with pytest.raises(Gone, match="expired"):
            await act


async def test_a_link_of_nobody_is_not_found(database: Database) -> None:
    for token in ("", "x" * 43, "\ud800", "../" * 1_000):
        with pytest.raises(NotFound):
            await database.read(lambda tx, token=token: invitations.look(tx, KEYRING, token, NOW))


async def test_another_link_replaces_the_one_before(database: Database) -> None:
    bob, old = await invite(database)
    new = await renew(database, bob)
    with pytest.raises(Gone, match="replaced"):
        await accept(database, old)
    assert (await accept(database, new)).status == "active"


async def test_a_link_can_be_withdrawn_by_its_own_organisation_only(database: Database) -> None:
    bob, link = await invite(database)
    second = await second_practice(database)
    stranger, caller = (
        await operator(database, second.id),
        await operator(database, bob.organisation),
    )
    with pytest.raises(NotFound):
        await database.write(lambda tx: invitations.revoke(tx, stranger, link.invitation_id, NOW))
    await database.write(lambda tx: invitations.revoke(tx, caller, link.invitation_id, NOW))
    with pytest.raises(Gone, match="withdrawn"):
        await accept(database, link)
    with pytest.raises(NotFound):
        await database.write(lambda tx: invitations.revoke(tx, caller, link.invitation_id, NOW))
    assert await outstanding(database, bob) == []


async def test_links_still_open_are_listed(database: Database) -> None:
    bob, link = await invite(database)
    [listed] = await outstanding(database, bob)
    assert listed == await look(database, link)
    assert await outstanding(database, bob, link.expires_at) == []
    await accept(database, link)
    assert await outstanding(database, bob) == []


async def test_who_has_joined_gets_a_link_to_set_a_new_password(database: Database) -> None:
    ada = await joined(database)
    begun = await enter(database)
    link = await renew(database, ada)
    assert (await look(database, link)).kind == "reset"
    assert await resume(database, begun.token) is not None  # until the link is used
    user = await accept(database, link, Given(NEW, "Someone Else"))
    assert user.name == ada.name
    assert await resume(database, begun.token, LATER) is None
    with pytest.raises(sign_ins.WrongSignIn):
        await enter(database, at=LATER)
    await enter(database, password=NEW, at=LATER)


async def test_a_link_of_a_removed_user_is_good_for_nothing(database: Database) -> None:
    ada = await joined(database)
    bob, link = await invite(database)
    caller = users.caller_of(ada, "live")
    await database.write(lambda tx: users.remove(tx, caller, bob.id, NOW))
    with pytest.raises(NotFound):
        await accept(database, link)


async def test_where_nobody_has_joined_a_link_makes_the_first_admin(database: Database) -> None:
    link = await first_admin(database)
    assert link is not None
    assert link.expires_at == NOW + 24 * HOUR
    seen = await look(database, link)
    assert (seen.kind, seen.email, seen.user_id, seen.role) == ("first_admin", None, None, "admin")
    ada = await accept(database, link, FIRST)
    assert (ada.email, ada.name, ada.role, ada.status) == (ADA, "Ada Lovelace", "admin", "active")
    assert ada.created_by == ada.id
    assert (await enter(database)).sign_in.practice == "Practice"
    assert await first_admin(database) is None


async def test_an_invited_user_alone_does_not_end_the_first_admin_s_link(
    database: Database,
) -> None:
    await invite(database)
    assert await first_admin(database) is not None


async def test_several_starts_make_several_links_of_which_one_is_used(database: Database) -> None:
    one, other = await first_admin(database), await first_admin(database)
    assert one is not None
    assert other is not None
    await accept(database, other, FIRST)
    for act in (look(database, one), accept(database, one, FIRST)):
        with pytest.raises(Conflict, match="There is an admin already"):
            await act


async def test_the_first_admin_fills_in_everything_rightly(database: Database) -> None:
    link = await first_admin(database)
    assert link is not None
    with pytest.raises(ValidationFailed) as refused:
        await accept(database, link, Given("practice", "", "nowhere@"))
    assert [error.field for error in refused.value.details] == ["name", "email", "password"]


async def test_there_is_no_first_admin_without_an_organisation(database: Database) -> None:
    await database.write(lambda tx: tx.run(sql("DELETE FROM organisations")))
    assert await first_admin(database) is None


async def test_the_first_admin_belongs_to_the_first_organisation(database: Database) -> None:
    first = await database.read(organisations.only)
    await second_practice(database)
    link = await first_admin(database)
    assert link is not None
    assert (await look(database, link)).organisation == first.id


async def test_links_outlive_a_change_of_the_secret_key(database: Database) -> None:
    _, link = await invite(database)
    changed = Keyring("the secret key that came after that", SECRET_KEY)
    assert (await look(database, link, keyring=changed)).email == BOB
    with pytest.raises(NotFound):
        await look(database, link, keyring=Keyring("the secret key that came after that"))


async def test_joining_is_in_the_audit_as_the_user_s_own_act(database: Database) -> None:
    bob, link = await invite(database)
    await accept(database, link)
    assert sorted(await actions(database, bob)) == ["created", "invited", "joined"]
    entries = await audit(database, bob.organisation)
    [entry] = [each for each in entries if each.change.action == "user.joined"]
    assert (entry.actor, entry.address, entry.request_id) == (Actor("user", bob.id), HOME, "req_1")
    assert link.token not in repr(entries)


async def test_the_first_admin_s_link_is_in_the_audit(database: Database) -> None:
    link = await first_admin(database)
    assert link is not None
    practice = await database.read(organisations.only)
    [entry] = await audit(database, practice.id)
    assert (entry.change.action, entry.change.record_id) == (
        "invitation.created", link.invitation_id,
    )  # fmt: skip
    assert entry.actor == SYSTEM


async def test_resetting_is_in_the_audit(database: Database) -> None:
    ada = await joined(database)
    await enter(database, at=NOW - SECOND)
    link = await renew(database, ada)
    await accept(database, link, Given(NEW), LATER)
    done = await actions(database, ada)
    assert done[:3] == ["created", "signed_in", "reset_link_made"]
    assert sorted(done[3:]) == ["password_reset", "signed_out"]


async def test_where_somebody_joined_is_known_afterwards(database: Database) -> None:
    _, link = await invite(database)
    bob = await accept(database, link)
    rows = await database.read(lambda tx: tx.all(sql("SELECT * FROM known_addresses")))
    assert [(row["user_id"], row["address"]) for row in rows] == [(bob.id, HOME)]
