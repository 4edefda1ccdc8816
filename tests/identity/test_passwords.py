"""Passwords are hashed slowly, off the loop, and nobody waits for that in a transaction."""

import asyncio

import argon2
import pytest

from jump.errors import RateLimited
from jump.identity import passwords
from jump.storage.database import Database, Tx

GOOD = "four words in any order"


async def test_only_the_same_password_fits() -> None:
    kept = await passwords.hash_password(GOOD)
    assert await passwords.verify(kept, GOOD)
    assert not await passwords.verify(kept, GOOD + " ")
    assert not await passwords.verify(kept, GOOD.upper())
    assert GOOD not in kept


async def test_the_same_password_is_kept_differently_each_time() -> None:
    assert await passwords.hash_password(GOOD) != await passwords.hash_password(GOOD)


async def test_the_parameters_are_those_of_the_cheat_sheet() -> None:
    kept = argon2.extract_parameters(await passwords.hash_password(GOOD))
    assert kept.type is argon2.Type.ID
    assert kept.memory_cost >= 19 * 1024
    assert kept.time_cost >= 2


async def test_a_password_is_the_same_however_its_letters_are_put_together() -> None:
    kept = await passwords.hash_password("Ærøskøbing für café")
    assert await passwords.verify(kept, "Ærøskøbing fu\u0308r cafe\u0301")


@pytest.mark.parametrize("odd", ["\x00" * 12, "\ud800" * 12, "🐎" * 1_024])
async def test_any_text_can_be_a_password(odd: str) -> None:
    assert await passwords.verify(await passwords.hash_password(odd), odd)


@pytest.mark.parametrize("kept", [None, "", "$argon2id$not-a-hash", "plain"])
async def test_nothing_fits_where_nothing_good_is_kept(kept: str | None) -> None:
    assert not await passwords.verify(kept, GOOD)


async def test_where_nothing_is_kept_the_same_work_is_done() -> None:
    nobody = argon2.extract_parameters(passwords._NOBODY)
    somebody = argon2.extract_parameters(await passwords.hash_password(GOOD))
    assert nobody == somebody
    assert not passwords.is_outdated(passwords._NOBODY)


async def test_a_hash_of_weaker_parameters_is_outdated_and_still_fits() -> None:
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(GOOD)
    assert await passwords.verify(weak, GOOD)
    assert passwords.is_outdated(weak)
    assert not passwords.is_outdated(await passwords.hash_password(GOOD))


async def test_a_crowd_is_told_to_come_back_and_those_before_it_are_served() -> None:
    many = passwords.MOST_WAITING + 5
    ended = await asyncio.gather(
        *(passwords.verify(None, GOOD) for _ in range(many)), return_exceptions=True
    )
    refused = [each for each in ended if isinstance(each, RateLimited)]
    assert len(refused) == 5
    assert [each for each in ended if each is False] == [False] * passwords.MOST_WAITING
    assert not await passwords.verify(None, GOOD)


async def test_the_loop_goes_on_meanwhile() -> None:
    hashing = asyncio.create_task(passwords.hash_password(GOOD))
    turns = 0
    while not hashing.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 20


async def test_hashing_within_a_transaction_is_impossible(database: Database) -> None:
    async def work(tx: Tx) -> str:
        return await passwords.hash_password(GOOD)

    if database.kind == "sqlite":
        with pytest.raises(RuntimeError, match="transaction"):
            await database.write(work)
    await asyncio.gather(*(passwords.verify(None, GOOD) for _ in range(2)))
