"""Two processes at once: an organisation keeps an admin, an address one user, a link one use."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from jump.errors import Conflict, Gone, NotFound, ValidationFailed
from jump.identity import invitations, users
from jump.identity.invitations import Given
from jump.identity.users import User
from jump.storage.database import Database, Tx
from jump.storage.sql import Sql, sql
from tests.databases import Store
from tests.identity.people import (
    BOB,
    HOME,
    KEYRING,
    NOW,
    PASSWORD,
    enter,
    invited,
    joined,
    operator,
    resume,
)

ROUNDS = 5
WAITING = sql("""
SELECT count(*) AS waiting FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND datname = current_database() HAVING count(*) >= :waiting
""")
ORGANISATION = sql("SELECT id FROM organisations FOR UPDATE")
INVITATION = sql("SELECT id FROM invitations FOR UPDATE")
TO_VIEWER = sql("UPDATE users SET role = 'viewer' WHERE organisation_id = :organisation")
Act = Callable[[Database], Awaitable[Any]]


@pytest.fixture
async def both(store: Store) -> AsyncIterator[tuple[Database, Database]]:
    """Two ways into one database, as two processes have them."""
    pair = store.open(), store.open()
    yield pair
    for database in pair:
        await database.close()


async def at_once(both: tuple[Database, Database], *acts: Act) -> list[Any]:
    """What each came to, done at the same time by one process or the other."""
    return await asyncio.gather(
        *(act(both[number % 2]) for number, act in enumerate(acts)), return_exceptions=True
    )


@asynccontextmanager
async def crowd(both: tuple[Database, Database], row: Sql, waiting: int) -> AsyncIterator[None]:
    """Keep a row from those who come, until so many wait for it; SQLite lets one in at a time.

    Otherwise they would come one after the other, as their passwords are hashed.
    """
    if both[0].kind == "sqlite":
        yield
        return
    has_it = asyncio.Event()

    async def hold(tx: Tx) -> None:
        await tx.one(row)
        has_it.set()
        async with asyncio.timeout(20):
            # In a transaction of its own each time: within one the answer stays the same.
            while await both[1].read(lambda other: other.one(WAITING, waiting=waiting)) is None:
                pass

    holding = asyncio.create_task(both[0].write(hold))
    await has_it.wait()
    yield
    await holding


def kinds(outcomes: list[Any], kind: type[BaseException]) -> int:
    return sum(isinstance(each, kind) for each in outcomes)


def demoting(user: User, by: User) -> Act:
    caller = users.caller_of(by, "live")

    async def act(database: Database) -> User:
        return await database.write(
            lambda tx: users.change_role(tx, caller, user.id, "viewer", NOW)
        )

    return act


def removing(user: User, by: User) -> Act:
    caller = users.caller_of(by, "live")

    async def act(database: Database) -> User:
        return await database.write(lambda tx: users.remove(tx, caller, user.id, NOW))

    return act


@pytest.mark.parametrize(
    ("first", "second"), [(demoting, demoting), (removing, removing), (demoting, removing)]
)
async def test_two_admins_who_put_each_other_out_leave_one(
    both: tuple[Database, Database],
    first: Callable[[User, User], Act],
    second: Callable[[User, User], Act],
) -> None:
    for number in range(ROUNDS):
        ada = await joined(both[0], f"ada{number}@example.org")
        bob = await joined(both[0], f"bob{number}@example.org")
        outcomes = await at_once(both, first(bob, ada), second(ada, bob))
        assert kinds(outcomes, Conflict) == 1, outcomes
        everyone = await both[0].read(lambda tx, ada=ada: users.everyone(tx, ada.organisation))
        assert [user.role for user in everyone].count("admin") == 1
        # The next round's two are the only admins again.
        await both[0].write(lambda tx, ada=ada: tx.run(TO_VIEWER, organisation=ada.organisation))


async def test_one_address_is_given_to_one_of_two(both: tuple[Database, Database]) -> None:
    outcomes = await at_once(both, *[invited] * 6)
    assert kinds(outcomes, User) == 1
    assert kinds(outcomes, ValidationFailed) == 5


def accepting(token: str, name: str, email: str = "") -> Act:
    given = Given(PASSWORD, name, email)

    async def act(database: Database) -> User:
        return await invitations.accept(database, KEYRING, token, given, NOW, address=HOME)

    return act


async def test_a_link_is_used_by_one_of_many(both: tuple[Database, Database]) -> None:
    bob, caller = await invited(both[0]), await operator(both[0])
    link = await both[0].write(lambda tx: invitations.renew(tx, KEYRING, caller, bob.id, NOW))
    async with crowd(both, INVITATION, 6):
        outcomes = await at_once(both, *(accepting(link.token, f"Bob {n}") for n in range(6)))
    assert kinds(outcomes, User) == 1
    assert kinds(outcomes, Gone) == 5
    [user] = [each for each in outcomes if isinstance(each, User)]
    [kept] = await both[1].read(lambda tx: users.everyone(tx, bob.organisation))
    assert kept == user


async def test_of_several_first_admins_there_is_one(both: tuple[Database, Database]) -> None:
    links = [
        await each.write(lambda tx: invitations.first_admin(tx, KEYRING, NOW))
        for each in (*both, *both)
    ]
    acts = [
        accepting(link.token, f"Ada {n}", f"ada{n}@example.org")
        for n, link in enumerate(links)
        if link is not None
    ]
    async with crowd(both, ORGANISATION, 4):
        outcomes = await at_once(both, *acts)
    assert len(acts) == 4
    assert kinds(outcomes, User) == 1
    assert kinds(outcomes, Conflict) == 3


async def test_who_joins_while_being_removed_is_either_gone_or_refused(
    both: tuple[Database, Database],
) -> None:
    ada, caller = await joined(both[0]), await operator(both[0])
    for number in range(ROUNDS):
        email = f"bob{number}@example.org"
        bob = await invited(both[0], email)
        link = await both[0].write(
            lambda tx, bob=bob: invitations.renew(tx, KEYRING, caller, bob.id, NOW)
        )
        outcomes = await at_once(both, accepting(link.token, "Bob"), removing(bob, ada))
        assert isinstance(outcomes[1], User)
        assert isinstance(outcomes[0], User | NotFound | Gone)
        with pytest.raises(ValidationFailed, match="wrong"):
            await enter(both[0], email)


async def test_who_signs_in_while_being_removed_is_not_signed_in(
    both: tuple[Database, Database],
) -> None:
    ada = await joined(both[0])
    for _ in range(ROUNDS):
        bob = await joined(both[0], BOB)
        outcomes = await at_once(both, lambda database: enter(database, BOB), removing(bob, ada))
        if not isinstance(outcomes[0], Exception):
            assert await resume(both[1], outcomes[0].token) is None
