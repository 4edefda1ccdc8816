"""Changing one's own password: with the old one, and every other sign-in ends."""

import asyncio

import pytest

from jump.errors import Conflict, RateLimited, ValidationFailed
from jump.identity import own_password, sign_ins
from jump.identity.sign_ins import Begun, CodeNeeded, WrongSignIn
from jump.kit.clock import MINUTE, SECOND
from jump.storage.database import Database
from tests.databases import Store
from tests.identity.people import (
    BROWSER,
    HOME,
    KEYRING,
    NOW,
    PASSWORD,
    actions,
    code,
    enter,
    joined,
    resume,
    with_totp,
)

NEW = "another four good words"
LATER = NOW + 30 * SECOND


async def change(database: Database, begun: Begun, old: str = PASSWORD, new: str = NEW) -> int:
    return await own_password.change(database, KEYRING, begun.sign_in, old, new, LATER)


async def test_the_new_one_is_good_and_the_old_one_no_more(database: Database) -> None:
    await joined(database)
    await change(database, await enter(database))
    with pytest.raises(WrongSignIn):
        await enter(database, at=LATER)
    user = (await enter(database, password=NEW, at=LATER)).sign_in.user
    assert user.password_changed_at == LATER


async def test_every_sign_in_ends_but_the_current_one(database: Database) -> None:
    await joined(database)
    begun, *others = [await enter(database) for _ in range(3)]
    assert await change(database, begun) == 2
    assert await resume(database, begun.token, LATER) is not None
    assert [await resume(database, each.token, LATER) for each in others] == [None, None]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("not the right words", NEW, "old_password"),
        (PASSWORD, "short", "new_password"),
        (PASSWORD, PASSWORD, "new_password"),
        (PASSWORD, "ada@example.org", "new_password"),
        (PASSWORD, "practice practice", "new_password"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_changes(
    database: Database, old: str, new: str, field: str
) -> None:
    await joined(database)
    begun = await enter(database)
    with pytest.raises(ValidationFailed) as refused:
        await change(database, begun, old, new)
    assert [error.field for error in refused.value.details] == [field]
    await enter(database)


async def test_whoever_has_the_browser_cannot_guess_the_old_one_for_long(store: Store) -> None:
    database = store.open(connections=1)
    ada = await joined(database)
    begun = await enter(database)
    for number in range(10):
        await store.set_clock(database, NOW + 5 * number * MINUTE)
        with pytest.raises(ValidationFailed):
            await change(database, begun, "not the right words")
    with pytest.raises(RateLimited):
        await change(database, begun)
    told = await actions(database, ada)
    await database.close()
    assert told.count("password_change_refused") == 10


async def test_a_ticket_from_before_is_good_no_more(database: Database) -> None:
    ada = await joined(database)
    begun = await enter(database)
    secret, _ = await with_totp(database, ada)
    with pytest.raises(CodeNeeded) as asked:
        await enter(database)
    await change(database, begun)
    shown = code(secret, LATER)
    with pytest.raises(WrongSignIn):
        await sign_ins.finish(database, KEYRING, asked.value.ticket, shown, HOME, BROWSER, LATER)


async def test_of_two_changes_at_once_one_is_told_of_the_other(
    store: Store, database: Database
) -> None:
    await joined(database)
    begun, other = await enter(database), store.open()
    outcomes = await asyncio.gather(
        change(database, begun, new="the first of two changes"),
        change(other, begun, new="the second of two changes"),
        return_exceptions=True,
    )
    await other.close()
    refused = [each for each in outcomes if isinstance(each, Exception)]
    assert len(refused) == 1
    assert isinstance(refused[0], Conflict | ValidationFailed)


async def test_who_signs_in_with_the_old_one_meanwhile_does_not_stay(
    store: Store, database: Database
) -> None:
    await joined(database)
    begun, other = await enter(database), store.open()
    changed, entered = await asyncio.gather(
        change(database, begun), enter(other), return_exceptions=True
    )
    assert isinstance(changed, int)
    if isinstance(entered, Begun):
        assert await resume(other, entered.token, LATER) is None
    await other.close()


async def test_it_is_in_the_audit(database: Database) -> None:
    ada = await joined(database)
    await change(database, await enter(database))
    assert (await actions(database, ada))[-1] == "password_changed"
