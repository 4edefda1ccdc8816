"""Signing in, being known again, and the end of it."""

import asyncio

import argon2
import pytest

from jump.caller import SYSTEM, Actor
from jump.errors import NotFound
from jump.identity import sign_ins, users
from jump.identity.sign_ins import SignInFacts, WrongSignIn
from jump.identity.users import User
from jump.kit.clock import HOUR, MINUTE, SECOND
from jump.sealing import Keyring
from jump.storage.database import Database
from jump.storage.sql import sql
from tests.databases import Store
from tests.identity.people import (
    ADA,
    BOB,
    BROWSER,
    ELSEWHERE,
    HOME,
    NOW,
    PASSWORD,
    SECRET_KEY,
    actions,
    audit,
    enter,
    invited,
    joined,
    resume,
    second_practice,
)

LATER = NOW + SECOND
HASH_OF = sql("SELECT password_hash FROM users WHERE id = :id")


async def of_user(database: Database, user: User, at: int = NOW) -> list[SignInFacts]:
    return await sign_ins.of_user(database, user.organisation, user.id, at)


async def end(database: Database, by: User, user: User, sign_in_id: str) -> None:
    caller = users.caller_of(by, "test")
    await database.write(lambda tx: sign_ins.end(tx, caller, user.id, sign_in_id, LATER))


async def test_who_signs_in_is_known_again_by_the_token(database: Database) -> None:
    ada = await joined(database)
    begun = await enter(database, " ADA@Example.org ")
    again = await resume(database, begun.token)
    assert again == begun.sign_in
    assert again is not None
    assert (again.user.id, again.practice) == (ada.id, "Practice")
    assert (again.address, again.agent) == (HOME, BROWSER)
    assert again.began_at == again.seen_at == again.confirmed_at == again.user.signed_in_at == NOW


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (ADA, PASSWORD + "!"),
        (ADA, PASSWORD.upper()),
        (ADA, ""),
        (ADA, "x" * 100_000),
        ("nobody@example.org", PASSWORD),
        ("", PASSWORD),
        (BOB, PASSWORD),
        (BOB, ""),
        ("' OR 1=1 --\x01\ud800", PASSWORD),
    ],
)
async def test_whatever_is_wrong_is_refused_with_the_same_words(
    database: Database, email: str, password: str
) -> None:
    await joined(database)
    await invited(database)
    with pytest.raises(WrongSignIn) as refused:
        await enter(database, email, password=password)
    assert refused.value.message == "The e-mail address, the password or the code is wrong."
    assert refused.value.details == ()


async def test_each_sign_in_has_tokens_of_its_own(database: Database) -> None:
    await joined(database)
    one, other = await enter(database), await enter(database)
    assert one.token != other.token
    assert one.sign_in.id != other.sign_in.id
    assert one.sign_in.csrf != other.sign_in.csrf
    for begun in (one, other):
        assert await resume(database, begun.token) == begun.sign_in


async def test_a_form_is_accepted_with_its_own_token_only(database: Database) -> None:
    await joined(database)
    one, other = (await enter(database)).sign_in, (await enter(database)).sign_in
    assert one.accepts(one.csrf)
    for wrong in (other.csrf, "", one.csrf[:-1], "\ud800"):
        assert not one.accepts(wrong)


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "é" * 43, "\ud800" * 43, "x" * 100_000])
async def test_a_made_up_token_is_nobody_s(database: Database, token: str) -> None:
    await joined(database)
    await enter(database)
    assert await resume(database, token) is None


async def test_tokens_outlive_a_change_of_the_secret_key_by_one(database: Database) -> None:
    await joined(database)
    begun = await enter(database)
    newer = "the secret key that came after that"
    changed = Keyring(newer, SECRET_KEY)
    again = await sign_ins.resume(database, changed, begun.token, NOW)
    assert again == begun.sign_in
    assert await sign_ins.resume(database, Keyring(newer), begun.token, NOW) is None


async def test_a_sign_in_unused_for_an_hour_has_ended(database: Database) -> None:
    await joined(database)
    begun = await enter(database)
    assert await resume(database, begun.token, NOW + HOUR - 1) is not None
    assert await resume(database, begun.token, NOW + 2 * HOUR - 2) is not None
    assert await resume(database, begun.token, NOW + 3 * HOUR - 2) is None


async def test_a_sign_in_has_ended_after_twelve_hours_however_busy(database: Database) -> None:
    await joined(database)
    begun = await enter(database)
    for half_hours in range(1, 24):
        at = NOW + half_hours * 30 * MINUTE
        assert await resume(database, begun.token, at) is not None
    assert await resume(database, begun.token, NOW + 12 * HOUR - 1) is not None
    assert await resume(database, begun.token, NOW + 12 * HOUR) is None


async def test_when_it_was_seen_is_noted_once_a_minute(database: Database) -> None:
    ada = await joined(database)
    begun = await enter(database)
    for at, noted in [
        (NOW + MINUTE - 1, NOW),
        (NOW + MINUTE, NOW + MINUTE),
        (NOW + 2 * MINUTE - 1, NOW + MINUTE),
        (NOW + 5 * MINUTE, NOW + 5 * MINUTE),
        (NOW + 4 * MINUTE, NOW + 5 * MINUTE),  # a process whose clock is behind
    ]:
        seen = await resume(database, begun.token, at)
        assert seen is not None
        [listed] = await of_user(database, ada, at)
        assert listed.seen_at == seen.seen_at == noted


async def test_a_user_sees_every_sign_in_that_is_still_good_newest_first(
    store: Store, database: Database
) -> None:
    ada = await joined(database)
    await joined(database, BOB)
    idle = await enter(database, at=NOW - HOUR)
    old = await enter(database, at=NOW - 2 * MINUTE, address=ELSEWHERE, agent="curl\n\x00\u202e/8")
    other = store.open()
    new = await enter(other)
    await enter(database, BOB)
    listed = await of_user(other, ada)
    await other.close()
    assert [each.id for each in listed] == [new.sign_in.id, old.sign_in.id]
    assert idle.sign_in.id not in {each.id for each in listed}
    assert (listed[1].address, listed[1].agent) == (ELSEWHERE, "curl/8")


async def test_a_long_name_of_a_browser_is_cut(database: Database) -> None:
    await joined(database)
    assert len((await enter(database, agent="x" * 5_000)).sign_in.agent) == 200


async def test_after_signing_out_the_token_is_good_for_nothing_in_any_process(
    store: Store, database: Database
) -> None:
    ada = await joined(database)
    begun, kept = await enter(database), await enter(database)
    other = store.open()
    await end(database, ada, ada, begun.sign_in.id)
    assert await resume(other, begun.token) is None
    assert await resume(other, kept.token) is not None
    with pytest.raises(NotFound):
        await end(other, ada, ada, begun.sign_in.id)
    await other.close()


async def test_nobody_ends_a_sign_in_of_another_user_or_organisation(database: Database) -> None:
    ada, bob = await joined(database), await joined(database, BOB)
    second = await second_practice(database)
    carol = await joined(database, "carol@example.org", org=second.id)
    begun = await enter(database)
    for by, user in ((bob, bob), (carol, ada), (carol, carol)):
        with pytest.raises(NotFound):
            await end(database, by, user, begun.sign_in.id)
    assert await resume(database, begun.token) is not None


async def test_all_but_one_are_ended_at_once(database: Database) -> None:
    ada, bob = await joined(database), await joined(database, BOB)
    kept, *others = [await enter(database) for _ in range(3)]
    bobs = await enter(database, BOB)
    caller = users.caller_of(ada, "live")
    keep = kept.sign_in.id
    ended = await database.write(
        lambda tx: sign_ins.end_others(tx, caller, ada.id, LATER, keep=keep)
    )
    assert ended == 2
    assert await resume(database, kept.token) is not None
    assert await resume(database, bobs.token) is not None
    assert [await resume(database, each.token) for each in others] == [None, None]
    assert bob.id != ada.id


async def test_a_hash_of_older_parameters_is_made_anew_at_the_next_sign_in(
    store: Store, database: Database
) -> None:
    ada = await joined(database)
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    store.execute(f"UPDATE users SET password_hash = '{weak}'")
    await enter(database)
    row = await database.read(lambda tx: tx.one(HASH_OF, id=ada.id))
    assert row is not None
    assert row["password_hash"] != weak
    assert "m=19456,t=2" in row["password_hash"]
    await enter(database)


async def test_signing_in_and_out_is_in_the_audit_as_the_user_s_own_act(
    database: Database,
) -> None:
    ada = await joined(database)
    begun = await enter(database, request_id="req_1")
    await end(database, ada, ada, begun.sign_in.id)
    entries = [e for e in await audit(database, ada.organisation) if e.at >= NOW]
    assert [(e.change.action, e.change.record_id, e.actor) for e in entries] == [
        ("user.signed_in", ada.id, Actor("user", ada.id)),
        ("user.signed_out", ada.id, Actor("user", ada.id)),
    ]
    assert (entries[0].address, entries[0].request_id) == (HOME, "req_1")


async def test_a_refused_try_is_in_the_audit_as_nobody_s_act(database: Database) -> None:
    ada = await joined(database)
    with pytest.raises(WrongSignIn):
        await enter(database, password="not the right words", address=ELSEWHERE)
    [*_, entry] = await audit(database, ada.organisation)
    assert (entry.change.action, entry.change.record_id) == ("user.sign_in_refused", ada.id)
    assert (entry.actor, entry.address) == (SYSTEM, ELSEWHERE)
    with pytest.raises(WrongSignIn):
        await enter(database, "nobody@example.org")
    assert (await actions(database, ada)).count("sign_in_refused") == 1


async def test_many_may_sign_in_at_once(database: Database) -> None:
    await joined(database)
    begun = await asyncio.gather(*(enter(database) for _ in range(5)))
    assert len({each.token for each in begun}) == 5
