"""Codes on paper stand in for the app, each once."""

import re

import pytest

from jump.errors import Conflict
from jump.identity import recovery_codes, users
from jump.identity.sign_ins import WrongSignIn
from jump.identity.users import User
from jump.kit.clock import SECOND
from jump.sealing import Keyring
from jump.storage.database import Database
from tests.identity.people import (
    BOB,
    KEYRING,
    NOW,
    SECRET_KEY,
    actions,
    enter,
    joined,
    with_totp,
)

LATER = NOW + SECOND


async def left(database: Database, user: User) -> int:
    return await database.read(lambda tx: recovery_codes.left(tx, user))


async def use(database: Database, user: User, code: str, keyring: Keyring = KEYRING) -> bool:
    return await database.write(lambda tx: recovery_codes.use(tx, keyring, user, code))


async def test_there_are_ten_and_they_can_be_copied_from_paper(database: Database) -> None:
    ada = await joined(database)
    _, codes = await with_totp(database, ada)
    assert len(set(codes)) == 10
    assert all(
        re.fullmatch(r"(?:[0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}", c) for c in codes
    )
    assert all(recovery_codes.looks_like_one(c) for c in codes)
    assert await left(database, ada) == 10


async def test_each_signs_its_user_in_once(database: Database) -> None:
    ada = await joined(database)
    _, codes = await with_totp(database, ada)
    begun = await enter(database, code=codes[3], at=LATER)
    assert begun.sign_in.user.id == ada.id
    assert await left(database, ada) == 9
    with pytest.raises(WrongSignIn):
        await enter(database, code=codes[3], at=LATER)
    await enter(database, code=codes[4], at=LATER)
    assert (await actions(database, ada)).count("recovery_code_used") == 2


async def test_a_code_is_the_same_however_it_is_typed(database: Database) -> None:
    ada = await joined(database)
    _, codes = await with_totp(database, ada)
    for code, typed in [
        (codes[0], codes[0].upper()),
        (codes[1], codes[1].replace("-", "")),
        (codes[2], f" {codes[2].replace('-', ' ')}\n"),
        (codes[3], codes[3].replace("0", "O").replace("1", "l")),
    ]:
        assert await use(database, ada, typed), code


async def test_a_code_of_another_user_is_none(database: Database) -> None:
    ada, bob = await joined(database), await joined(database, BOB)
    _, codes = await with_totp(database, ada)
    await with_totp(database, bob)
    assert not await use(database, bob, codes[0])
    assert await left(database, ada) == 10


async def test_new_codes_replace_the_old_ones(database: Database) -> None:
    ada = await joined(database)
    _, old = await with_totp(database, ada)
    user = await database.read(lambda tx: users.fetch(tx, ada.organisation, ada.id))
    caller = users.caller_of(user, "live")
    new = await database.write(lambda tx: recovery_codes.renew(tx, KEYRING, caller, user, LATER))
    assert set(new).isdisjoint(old)
    assert not await use(database, ada, old[0])
    assert await use(database, ada, new[0])


async def test_there_are_none_without_an_app(database: Database) -> None:
    ada = await joined(database)
    caller = users.caller_of(ada, "live")
    with pytest.raises(Conflict, match="set one up"):
        await database.write(lambda tx: recovery_codes.renew(tx, KEYRING, caller, ada, NOW))


async def test_codes_outlive_a_change_of_the_secret_key_by_one(database: Database) -> None:
    ada = await joined(database)
    _, codes = await with_totp(database, ada)
    newer = "the secret key that came after that"
    assert not await use(database, ada, codes[0], Keyring(newer))
    assert await use(database, ada, codes[0], Keyring(newer, SECRET_KEY))
