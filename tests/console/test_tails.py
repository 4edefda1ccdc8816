"""Live views of the log: what each is given, that a tenant's share one look, and when they end."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from msgspec import structs

from jump.audit import access_log
from jump.audit.access_log import Access
from jump.audit.looking import EVERY, Sought
from jump.caller import Tenant
from jump.console import tails
from jump.console.tails import Batch, Tail, Tails
from jump.errors import RateLimited
from jump.identity import sign_ins, users
from jump.kit.clock import SECOND, system_clock
from jump.kit.ids import new_id
from jump.storage.database import Database, StorageUnavailable
from tests.console import practice
from tests.console.practice import KEYRING, PASSWORD, Practice, email

# Two looks and a slow machine.
SOON = 20.0


@dataclass
class Counted:
    """A database that counts its transactions, and may be away."""

    database: Database
    reads: int = 0
    away: bool = False

    async def read(self, work: Any) -> Any:
        self.reads += 1
        if self.away:
            raise StorageUnavailable("It is away.")
        return await self.database.read(work)

    async def count(self, work: Any) -> Any:
        return await self.database.count(work)


@dataclass
class Desk:
    """A practice, whose log is watched."""

    database: Database
    made: Practice
    sign_in: str
    counted: Counted
    tails: Tails = field(default_factory=Tails)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def tenant(self) -> Tenant:
        return Tenant(self.made.organisation, "test")

    def open(
        self, sought: Sought = EVERY, since: int | None = None, sign_in: str | None = None
    ) -> Tail:
        at = system_clock() if since is None else since
        tail = Tail(self.sign_in if sign_in is None else sign_in, sought, at)
        database: Any = self.counted
        self.tails.open(database, system_clock, self.stopping, self.tenant, tail)
        return tail

    def close(self, tail: Tail) -> None:
        self.tails.close(self.tenant, tail)

    async def asked(self, *, ago: int = 0, milliseconds: int = 1, **how: Any) -> str:
        """A request that came some time ago is written now; its id."""
        [made] = await self.asked_often(1, ago=ago, milliseconds=milliseconds, **how)
        return made

    async def asked_often(self, times: int, *, ago: int = 0, **how: Any) -> list[str]:
        at = system_clock() - ago
        row = Access(self.tenant, "", at, "key_1", "::1", "GET", "/patients", 200, None, None, 1)
        rows = [structs.replace(row, request_id=new_id("req", at), **how) for _ in range(times)]
        await self.database.write(lambda tx: access_log.write(tx, rows))
        return [each.request_id for each in rows]


@pytest.fixture
async def desk(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(tails, "EVERY", 0.05)
    made = await practice.bare(database)
    begun = await sign_ins.begin(
        database, KEYRING, email("viewer"), PASSWORD, None, "::1", "", system_clock()
    )
    desk = Desk(database, made, begun.sign_in.id, Counted(database))
    yield desk
    desk.stopping.set()


def ids(batch: Batch | None) -> list[str]:
    assert batch is not None, "nothing came"
    return [row["id"] for row in batch.rows]


async def until(tail: Tail, request: str) -> list[str]:
    """Everything given until a request comes."""
    got: list[str] = []
    async with asyncio.timeout(SOON):
        while request not in got:
            batch = await tail.following(SOON)
            got += ids(batch)
    return got


async def test_a_view_is_given_what_is_written_from_then_on(desk: Desk) -> None:
    await desk.asked(ago=30 * SECOND)
    tail = desk.open()
    first = await desk.asked()
    assert ids(await tail.following(SOON)) == [first]
    # Came before the other one, and was answered after it: its id is the lower one.
    late = await desk.asked(ago=25 * SECOND, milliseconds=25_000)
    assert ids(await tail.following(SOON)) == [late]


async def test_requests_come_oldest_first_with_the_names_of_their_keys(desk: Desk) -> None:
    key = await practice.new_key(desk.database, desk.made, "Booking site")
    tail = desk.open()
    made = await desk.asked_often(3, key_id=key.id)
    got = await tail.following(SOON)
    assert got is not None
    assert ids(got) == sorted(made)
    assert got.names[key.id] == "Booking site"


async def test_a_view_is_given_only_what_fits_its_filters(desk: Desk) -> None:
    narrow = desk.open(Sought(status_from=400, status_to=499))
    wide = desk.open()
    good, bad = await desk.asked(), await desk.asked(status=404, error_code="NOT_FOUND")
    assert set(await until(wide, bad)) >= {good, bad}
    assert ids(await narrow.following(SOON)) == [bad]


async def test_nothing_of_another_practice_or_mode_is_given(desk: Desk) -> None:
    tail = desk.open()
    await desk.asked(tenant=Tenant(desk.made.organisation, "live"))
    await desk.asked(tenant=Tenant("org_2", "test"))
    own = await desk.asked()
    assert ids(await tail.following(SOON)) == [own]


async def test_who_comes_back_is_given_what_came_meanwhile(desk: Desk) -> None:
    tail = desk.open()
    first = await desk.asked()
    got = await tail.following(SOON)
    assert got is not None
    desk.close(tail)
    meanwhile = await desk.asked(ago=5 * SECOND, milliseconds=5_100)
    again = desk.open(since=got.at)
    assert meanwhile in ids(await again.following(SOON))
    long_ago = desk.open(since=system_clock() - 600 * SECOND)
    assert {first, meanwhile} <= set(ids(await long_ago.following(SOON)))


async def test_all_views_of_a_practice_share_one_look_a_second(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tails, "EVERY", 1.0)
    views = [desk.open() for _ in range(tails.PER_SIGN_IN)]
    async with asyncio.timeout(SOON):
        for _ in range(3):
            request = await desk.asked()
            before = desk.counted.reads
            for view in views:
                await until(view, request)
            assert desk.counted.reads - before <= 2


async def test_a_flood_is_cut_and_said_to_be(desk: Desk) -> None:
    tail = desk.open()
    await desk.asked_often(tails.SHOWN + 1)
    got = await tail.following(SOON)
    assert got is not None
    assert (len(got.rows), got.is_whole) == (tails.SHOWN, False)
    await desk.asked_often(tails.MOST + 1)
    narrow = desk.open(Sought(method="POST"))
    got = await narrow.following(SOON)
    assert got is not None, "though none fits, some may have been missed"
    assert (len(got.rows), got.is_whole) == (0, False)


async def test_a_browser_that_takes_nothing_is_not_waited_for(desk: Desk) -> None:
    tail = desk.open()
    for number in range(30):
        row = {"id": f"req_{number}", "key_id": "k", "method": "GET", "route": "/", "status": 200}
        tail.give([{**row, "error_code": None}], {}, number, whole=True)
    first = await tail.following(SOON)
    assert first is not None
    assert ids(first) == ["req_20"]
    assert [await tail.following(0) for _ in range(10)][-1] is None


async def test_nobody_may_have_many_open_and_closing_one_makes_room(desk: Desk) -> None:
    views = [desk.open() for _ in range(tails.PER_SIGN_IN)]
    with pytest.raises(RateLimited, match="You have 4 live views open") as refused:
        desk.open()
    assert refused.value.headers["Retry-After"] == "10"
    desk.close(views[0])
    desk.open()


async def test_a_process_holds_only_so_many(desk: Desk) -> None:
    for number in range(tails.PER_PROCESS):
        desk.open(sign_in=f"sig_{number}")
    with pytest.raises(RateLimited, match="Too many live views are open here"):
        desk.open(sign_in="sig_other")


async def ended(tail: Tail) -> str | None:
    """Why a view ended; what it is given before is passed over."""
    async with asyncio.timeout(SOON):
        while tail.ended is None:
            await tail.following(SOON)
    return tail.ended


async def test_a_view_ends_when_its_sign_in_does(desk: Desk) -> None:
    user = desk.made.users["viewer"]
    tail, caller = desk.open(), desk.made.caller("live")
    await desk.asked()
    await tail.following(SOON)
    at = system_clock()
    await desk.database.write(lambda tx: sign_ins.end(tx, caller, user.id, desk.sign_in, at))
    assert await ended(tail) == "signed_out"
    await desk.asked()
    assert await tail.following(0.3) is None
    # It holds no place any more.
    assert all(desk.open(sign_in=desk.sign_in) for _ in range(tails.PER_SIGN_IN))


async def test_a_view_ends_when_its_user_is_removed(desk: Desk) -> None:
    tail, caller = desk.open(), desk.made.caller("live")
    user = desk.made.users["viewer"]
    await desk.database.write(lambda tx: users.remove(tx, caller, user.id, system_clock()))
    assert await ended(tail) == "signed_out"


async def test_a_view_ends_when_its_role_shows_no_logs(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    tail = desk.open()
    monkeypatch.setattr("jump.identity.roles.may", lambda role, ability: False)
    assert await ended(tail) == "not_allowed"


async def test_watching_is_no_use_of_a_sign_in(desk: Desk) -> None:
    tail = desk.open()
    before = await sign_ins.roles_of(
        desk.database, desk.made.organisation, [desk.sign_in], system_clock() + 59 * 60 * SECOND
    )
    assert before == {desk.sign_in: "viewer"}
    await until(tail, await desk.asked())
    later = system_clock() + 3_600 * SECOND
    assert not await sign_ins.roles_of(desk.database, desk.made.organisation, [desk.sign_in], later)


async def test_views_end_with_the_process(desk: Desk) -> None:
    tail = desk.open()
    desk.stopping.set()
    assert await ended(tail) == "stopping"


async def test_a_database_that_is_away_is_waited_for(desk: Desk) -> None:
    desk.counted.away = True
    tail = desk.open()
    request = await desk.asked()
    assert await tail.following(0.3) is None
    desk.counted.away = False
    assert request in ids(await tail.following(SOON))
