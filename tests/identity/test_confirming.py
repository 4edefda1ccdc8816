"""Someone signed in gives the password again, and is believed for a quarter of an hour."""

import pytest

from jump.caller import Actor
from jump.errors import RateLimited
from jump.identity import sign_ins, users
from jump.identity.sign_ins import Begun, CodeNeeded, SignIn, WrongSignIn
from jump.kit.clock import MINUTE, SECOND
from jump.storage.database import Database
from tests.databases import Store
from tests.identity.people import (
    BOB,
    KEYRING,
    NOW,
    PASSWORD,
    actions,
    audit,
    code,
    enter,
    joined,
    resume,
    with_totp,
)

LATER = NOW + 20 * MINUTE
NEXT = LATER + 30 * SECOND


async def confirm(
    database: Database,
    begun: Begun,
    password: str = PASSWORD,
    given: str | None = None,
    at: int = LATER,
) -> SignIn:
    return await sign_ins.confirm(
        database, KEYRING, begun.sign_in, password, given, at, request_id="req_1"
    )


async def test_who_has_just_signed_in_is_believed_for_fifteen_minutes(database: Database) -> None:
    await joined(database)
    sign_in = (await enter(database)).sign_in
    assert sign_in.is_confirmed(NOW + 15 * MINUTE - 1)
    assert not sign_in.is_confirmed(NOW + 15 * MINUTE)


async def test_the_password_again_confirms_that_sign_in_alone(database: Database) -> None:
    await joined(database)
    begun, other = await enter(database), await enter(database)
    confirmed = await confirm(database, begun)
    assert confirmed.is_confirmed(LATER + 15 * MINUTE - 1)
    again, elsewhere = [await resume(database, each.token, LATER) for each in (begun, other)]
    assert again is not None
    assert elsewhere is not None
    assert (again.confirmed_at, elsewhere.confirmed_at) == (LATER, NOW)


async def test_a_wrong_password_confirms_nothing_and_is_told_in_the_audit(
    database: Database,
) -> None:
    ada = await joined(database)
    begun = await enter(database)
    with pytest.raises(WrongSignIn) as refused:
        await confirm(database, begun, "not the right words")
    assert refused.value.message == "The password or the code is wrong."
    again = await resume(database, begun.token, LATER)
    assert again is not None
    assert again.confirmed_at == NOW
    assert (await actions(database, ada))[-1] == "confirmation_refused"


async def test_whoever_has_the_browser_cannot_guess_for_long(store: Store) -> None:
    database = store.open(connections=1)
    await joined(database)
    begun = await enter(database)
    forward = 0
    for _ in range(10):
        forward += 5 * MINUTE
        await store.set_clock(database, NOW + forward)
        with pytest.raises(WrongSignIn):
            await confirm(database, begun, "not the right words")
    with pytest.raises(RateLimited):
        await confirm(database, begun)
    # Nobody is kept from signing in by that.
    await enter(database)
    await store.set_clock(database, NOW + forward + 5 * MINUTE)
    confirmed = await confirm(database, begun)
    await database.close()
    assert confirmed.confirmed_at == LATER


async def test_with_a_second_factor_it_takes_a_code_of_now(database: Database) -> None:
    ada = await joined(database)
    begun = await enter(database)
    secret, codes = await with_totp(database, ada)
    with pytest.raises(CodeNeeded):
        await confirm(database, begun)
    with pytest.raises(WrongSignIn):
        await confirm(database, begun, given=code(secret, NOW))
    await confirm(database, begun, given=code(secret, LATER))
    with pytest.raises(WrongSignIn):
        await confirm(database, begun, given=code(secret, LATER))
    confirmed = await confirm(database, begun, given=codes[0], at=NEXT)
    assert confirmed.confirmed_at == NEXT


async def test_guessed_codes_wait_here_too(store: Store) -> None:
    database = store.open(connections=1)
    ada = await joined(database)
    begun = await enter(database)
    secret, _ = await with_totp(database, ada)
    for number in range(10):
        await store.set_clock(database, NOW + 5 * number * MINUTE)
        with pytest.raises(WrongSignIn):
            await confirm(database, begun, given="000000")
    with pytest.raises(RateLimited):
        await confirm(database, begun, given=code(secret, LATER))
    await database.close()


async def test_an_ended_sign_in_cannot_be_confirmed(database: Database) -> None:
    ada = await joined(database)
    begun = await enter(database)
    caller = users.caller_of(ada, "live")
    await database.write(lambda tx: sign_ins.end(tx, caller, ada.id, begun.sign_in.id, NOW))
    with pytest.raises(WrongSignIn):
        await confirm(database, begun)
    assert await resume(database, begun.token, NOW) is None


async def test_a_removed_user_confirms_nothing(database: Database) -> None:
    ada, bob = await joined(database), await joined(database, BOB)
    begun = await enter(database, BOB)
    caller = users.caller_of(ada, "live")
    await database.write(lambda tx: users.remove(tx, caller, bob.id, NOW))
    with pytest.raises(WrongSignIn):
        await confirm(database, begun)


async def test_confirming_is_in_the_audit(database: Database) -> None:
    ada = await joined(database)
    await confirm(database, await enter(database))
    entry = (await audit(database, ada.organisation))[-1]
    assert (entry.change.action, entry.actor) == ("user.confirmed", Actor("user", ada.id))
    assert entry.request_id == "req_1"
