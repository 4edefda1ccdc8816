"""Second factors: confirmed before they count, asked for afterwards, and no code good twice."""

import asyncio

import pytest

from jump.errors import Conflict, NotFound, RateLimited, ValidationFailed
from jump.identity import recovery_codes, sign_ins, totp, users
from jump.identity.sign_ins import Begun, CodeNeeded, WrongSignIn
from jump.identity.users import User
from jump.kit.clock import MINUTE, SECOND
from jump.sealing import Keyring
from jump.storage.database import Database
from tests.databases import Store
from tests.identity.people import (
    BOB,
    BROWSER,
    HOME,
    KEYRING,
    NOW,
    SECRET_KEY,
    actions,
    code,
    enter,
    joined,
    operator,
    resume,
    second_practice,
    with_totp,
)

# The secret and the codes of RFC 6238, appendix B (SHA-1), cut to six digits.
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
STEP = 30 * SECOND
NEXT = NOW + STEP
NEWER = "the secret key that came after that"


async def set_up(database: Database, user: User) -> totp.SetUp:
    caller = users.caller_of(user, "test")
    return await database.write(lambda tx: totp.begin_setup(tx, KEYRING, caller, user.id))


async def confirm(database: Database, user: User, shown: str, at: int = NOW) -> tuple[str, ...]:
    caller = users.caller_of(user, "test")
    return await database.write(
        lambda tx: totp.confirm_setup(tx, KEYRING, caller, user.id, shown, at)
    )


async def fetched(database: Database, user: User) -> User:
    return await database.read(lambda tx: users.fetch(tx, user.organisation, user.id))


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_the_rfc(seconds: int, shown: str) -> None:
    at = seconds * SECOND
    assert totp.matching_step(RFC_SECRET, shown, at) == seconds // 30
    assert totp.matching_step(RFC_SECRET, f" {shown[:3]} {shown[3:]} ", at) == seconds // 30


def test_a_code_fits_its_own_step_and_the_neighbours() -> None:
    shown, step = code(RFC_SECRET, NOW), NOW // STEP
    for off, fits in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
        found = totp.matching_step(RFC_SECRET, shown, NOW + off * STEP)
        assert found == (step if fits else None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12345",
        "1234567",
        "abcdef",
        "\uff11\uff12\uff13\uff14\uff15\uff16",
        "-12345",
        "1" * 9_999,
    ],
)
def test_what_is_no_code_fits_never(text: str) -> None:
    assert totp.matching_step(RFC_SECRET, text, NOW) is None


async def test_the_address_for_the_app_names_the_user_and_us(database: Database) -> None:
    ada = await joined(database)
    shown = await set_up(database, ada)
    assert shown.uri.startswith("otpauth://totp/Jump:ada%40example.org?")
    assert f"secret={shown.secret}" in shown.uri
    assert "issuer=Jump" in shown.uri
    assert len(shown.secret) == 32
    assert shown.grouped.replace(" ", "") == shown.secret
    waiting = await database.read(lambda tx: totp.waiting_setup(tx, KEYRING, ada))
    assert waiting == shown


async def test_a_set_up_counts_only_once_a_code_has_confirmed_it(database: Database) -> None:
    ada = await joined(database)
    shown = await set_up(database, ada)
    await enter(database)
    with pytest.raises(ValidationFailed, match="code"):
        await confirm(database, ada, code(RFC_SECRET, NOW))
    await enter(database)
    codes = await confirm(database, ada, code(shown.secret, NOW))
    assert len(set(codes)) == 10
    assert (await fetched(database, ada)).totp_since == NOW
    with pytest.raises(CodeNeeded):
        await enter(database)
    assert await database.read(lambda tx: totp.waiting_setup(tx, KEYRING, ada)) is None


async def test_only_the_last_set_up_begun_can_be_confirmed(database: Database) -> None:
    ada = await joined(database)
    old, new = await set_up(database, ada), await set_up(database, ada)
    with pytest.raises(ValidationFailed):
        await confirm(database, ada, code(old.secret, NOW))
    await confirm(database, ada, code(new.secret, NOW))


async def test_nothing_can_be_confirmed_that_was_not_begun(database: Database) -> None:
    ada = await joined(database)
    with pytest.raises(Conflict, match="Begin"):
        await confirm(database, ada, "123456")
    await with_totp(database, ada)
    with pytest.raises(Conflict, match="already"):
        await set_up(database, ada)


async def test_signing_in_takes_the_code_in_a_second_step(database: Database) -> None:
    ada = await joined(database)
    secret, _ = await with_totp(database, ada)
    with pytest.raises(CodeNeeded) as asked:
        await enter(database, at=NEXT)
    begun = await sign_ins.finish(
        database, KEYRING, asked.value.ticket, code(secret, NEXT), HOME, BROWSER, NEXT
    )
    assert await resume(database, begun.token, NEXT) == begun.sign_in
    assert begun.sign_in.user.has_totp


async def test_password_and_code_may_come_together(database: Database) -> None:
    ada = await joined(database)
    secret, _ = await with_totp(database, ada)
    begun = await enter(database, code=code(secret, NEXT), at=NEXT)
    assert begun.sign_in.user.id == ada.id


async def test_no_code_is_accepted_twice(database: Database) -> None:
    ada = await joined(database)
    secret, _ = await with_totp(database, ada)  # which took the code of NOW
    fitting = []
    for shown, at in ((NOW, NOW), (NOW, NEXT), (NEXT, NEXT), (NEXT, NEXT), (NOW, NEXT)):
        try:
            await enter(database, code=code(secret, shown), at=at)
            fitting.append((shown, at))
        except WrongSignIn:
            pass
    assert fitting == [(NEXT, NEXT)]


async def test_of_two_at_once_one_has_the_code(store: Store, database: Database) -> None:
    ada = await joined(database)
    secret, _ = await with_totp(database, ada)
    other, shown = store.open(), code(secret, NEXT)
    outcomes = await asyncio.gather(
        *(enter(each, code=shown, at=NEXT) for each in (database, other)), return_exceptions=True
    )
    await other.close()
    assert sum(isinstance(each, Begun) for each in outcomes) == 1
    assert sum(isinstance(each, WrongSignIn) for each in outcomes) == 1


async def test_a_wrong_code_is_refused_like_a_wrong_password(database: Database) -> None:
    ada = await joined(database)
    secret, _ = await with_totp(database, ada)
    for wrong in (code(RFC_SECRET, NEXT), code(secret, NEXT + 5 * MINUTE), "000", "x" * 16):
        with pytest.raises(WrongSignIn, match="the password or the code is wrong"):
            await enter(database, code=wrong, at=NEXT)
    assert (await actions(database, ada)).count("sign_in_refused") == 4


async def test_with_a_wrong_password_no_code_is_asked_for(database: Database) -> None:
    ada = await joined(database)
    secret, _ = await with_totp(database, ada)
    for given in (None, code(secret, NEXT)):
        with pytest.raises(WrongSignIn):
            await enter(database, password="not the right words", code=given, at=NEXT)


async def test_a_ticket_is_good_for_five_minutes_and_one_user(database: Database) -> None:
    ada, bob = await joined(database), await joined(database, BOB)
    secret, _ = await with_totp(database, ada)
    bobs, _ = await with_totp(database, bob)
    with pytest.raises(CodeNeeded) as asked:
        await enter(database)
    for ticket, shown, at in [
        (asked.value.ticket, secret, NOW + 5 * MINUTE),
        (asked.value.ticket, bobs, NEXT),
        (asked.value.ticket[:-4], secret, NEXT),
        ("", secret, NEXT),
        ("\ud800é", secret, NEXT),
        ("AAAA", secret, NEXT),
    ]:
        with pytest.raises(WrongSignIn):
            await sign_ins.finish(database, KEYRING, ticket, code(shown, at), HOME, BROWSER, at)
    later = NOW + 5 * MINUTE - 1
    good = await sign_ins.finish(
        database, KEYRING, asked.value.ticket, code(secret, later), HOME, BROWSER, later
    )
    assert good.sign_in.user.id == ada.id


async def test_guessed_codes_wait_even_from_a_known_address(store: Store) -> None:
    database = store.open(connections=1)
    ada = await joined(database)
    await enter(database)
    secret, codes = await with_totp(database, ada)
    forward = 0
    for _ in range(10):
        forward += 5 * MINUTE
        await store.set_clock(database, NOW + forward)
        with pytest.raises(WrongSignIn):
            await enter(database, code="000000", at=NEXT)
    with pytest.raises(RateLimited) as told:
        await enter(database, code=code(secret, NEXT), at=NEXT)
    assert int(told.value.headers["Retry-After"]) > 1
    # A recovery code is no guess: the way in that nobody can shut.
    begun = await enter(database, code=codes[0], at=NEXT)
    await database.close()
    assert begun.sign_in.user.id == ada.id


async def test_it_can_be_turned_off_by_the_user_or_for_the_user(database: Database) -> None:
    ada = await joined(database)
    for caller in (users.caller_of(ada, "test"), await operator(database)):
        await with_totp(database, ada)
        off = await database.write(lambda tx, caller=caller: totp.disable(tx, caller, ada.id, NEXT))
        assert not off.has_totp
        await enter(database, at=NEXT)
        assert await database.read(lambda tx: recovery_codes.left(tx, ada)) == 0
        again = await database.write(
            lambda tx, caller=caller: totp.disable(tx, caller, ada.id, NEXT)
        )
        assert again.version == off.version


async def test_nobody_of_another_organisation_turns_it_off(database: Database) -> None:
    ada = await joined(database)
    await with_totp(database, ada)
    second = await second_practice(database)
    caller = await operator(database, second.id)
    with pytest.raises(NotFound):
        await database.write(lambda tx: totp.disable(tx, caller, ada.id, NOW))


async def test_a_code_used_seals_the_secret_anew_with_the_secret_key_of_now(
    database: Database,
) -> None:
    ada = await joined(database)
    secret, _ = await with_totp(database, ada)
    after = Keyring(NEWER)
    for keyring, at, fits in [
        (after, NEXT, False),
        (Keyring(NEWER, SECRET_KEY), NEXT, True),
        (after, NEXT + STEP, True),
    ]:
        used = await database.write(
            lambda tx, keyring=keyring, at=at: totp.use_code(tx, keyring, ada, code(secret, at), at)
        )
        assert used is fits


async def test_turning_it_on_and_off_is_in_the_audit(database: Database) -> None:
    ada = await joined(database)
    await with_totp(database, ada)
    caller = users.caller_of(ada, "test")
    await database.write(lambda tx: totp.disable(tx, caller, ada.id, NEXT))
    done = await actions(database, ada)
    assert sorted(done[1:3]) == ["recovery_codes_made", "totp_turned_on"]
    assert done[3:] == ["totp_turned_off"]
