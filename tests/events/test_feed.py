"""The feed shows what happened, oldest first, and nothing ever appears behind its cursor."""

import asyncio
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from jump.errors import InsufficientScope, InvalidRequest, NotFound
from jump.events import feed, record, sequence
from jump.kit.clock import DAY, system_clock
from jump.kit.instants import format_instant
from jump.resources import listing
from jump.resources.definition import Answer, Call
from jump.rest import events
from jump.storage.database import Database, Tx
from tests.office import Office
from tests.patience import PATIENCE

EVENT = record.Event(
    type="patient.created",
    alias=None,
    record_type="patient",
    record_id="pat_1",
    patient_id="pat_1",
    version=1,
    object_json=b'{"id":"pat_1"}',
    previous=None,
    at=1_767_225_600_000_000,
)


async def read(
    office: Office,
    query: str = "",
    after: int | None = None,
    stopping: asyncio.Event | None = None,
    **flags: str,
) -> Answer:
    """A reading as the face makes it, behind the position that a cursor stands for."""
    pairs = [
        (name, value) for name, _, value in (p.partition("=") for p in query.split("&")) if name
    ]
    parsed = listing.parse(feed.FEED, pairs)
    if after is not None:
        parsed = replace(parsed, after=(after, ""))
    call = Call(office.caller, system_clock(), query=parsed, flags=flags)
    return await events.read(office.database, call, stopping or asyncio.Event())


def ids(answer: Answer) -> list[str]:
    return [event["id"] for event in msgspec.json.decode(answer.data)]


def position(answer: Answer) -> int:
    """Where the next page starts: always there."""
    assert answer.page is not None
    assert answer.page.after is not None
    return int(answer.page.after[0])


async def test_an_item_is_the_very_body_that_a_full_webhook_gets(database: Database) -> None:
    office = await Office.on(database)
    for event_type in ("appointment.created", "patient.updated"):
        await office.happens(event_type)
    answer = await read(office)
    bodies = [row["body"] for row in await office.rows("SELECT body FROM events ORDER BY position")]
    assert answer.data == f"[{','.join(bodies)}]".encode()
    assert answer.patients == ("pat_00000000000000000000000001",)


async def test_events_come_oldest_first_page_by_page(database: Database) -> None:
    office = await Office.on(database)
    happened = [await office.happens() for _ in range(5)]
    first = await read(office, "limit=2")
    second = await read(office, "limit=2", after=position(first))
    third = await read(office, "limit=2", after=position(second))
    assert [ids(page) for page in (first, second, third)] == [
        happened[:2], happened[2:4], happened[4:]
    ]  # fmt: skip
    assert [page.page.has_more for page in (first, second, third) if page.page] == [
        True, True, False
    ]  # fmt: skip


async def test_there_is_always_a_cursor(database: Database) -> None:
    office = await Office.on(database)
    empty = await read(office)
    assert ids(empty) == []
    happened = await office.happens()
    last = await read(office, after=position(empty))
    assert ids(last) == [happened]
    assert ids(await read(office, after=position(last))) == []
    assert position(await read(office, after=position(last))) == position(last)


async def test_an_event_that_commits_late_comes_after_the_cursor(database: Database) -> None:
    office = await Office.on(database)
    tenant = office.caller.tenant
    late = await database.write(lambda tx: record.record(tx, tenant, EVENT))
    # Not numbered yet: nobody may be shown it, though its time is the earliest.
    assert ids(await read(office)) == []
    cursor = position(await read(office))

    async def number(tx: Tx) -> None:
        batch = await sequence.advance(tx)
        assert batch is not None
        await sequence.save(tx, batch, batch.position)

    await database.write(number)
    assert ids(await read(office, after=cursor)) == [late]


async def test_only_types_whose_read_scope_the_key_has_are_shown(database: Database) -> None:
    office = await Office.on(database)
    await office.happens("patient.created")
    seen = await office.happens("document.created")
    await office.happens("appointment.created")
    answer = await read(office.only("read_documents"))
    assert ids(answer) == [seen]
    # What it may not see is behind its cursor all the same: it is not looked at again.
    assert position(answer) == position(await read(office))


async def test_asking_for_what_the_key_may_not_read_is_told(database: Database) -> None:
    office = (await Office.on(database)).only("read_documents")
    for query in ("type=patient.created", "type_in=document.created,patient.created"):
        with pytest.raises(InsufficientScope, match="read_patients"):
            await read(office, query)
    with pytest.raises(InsufficientScope, match="one of read_appointments, read_patients"):
        await read(office.only("read_webhooks"))


async def test_another_practice_or_mode_sees_nothing(database: Database) -> None:
    office = await Office.on(database)
    event = await office.happens()
    for stranger in (office.in_mode("live"), await office.neighbour()):
        assert ids(await read(stranger)) == []
        with pytest.raises(NotFound):
            await one(stranger, event)


async def test_the_feed_filters_by_type_and_time(database: Database) -> None:
    office = await Office.on(database)
    now = system_clock()
    old = await office.happens("patient.created", at=now - DAY)
    updated = await office.happens("patient.updated", at=now)
    document = await office.happens("document.created", at=now)
    assert ids(await read(office, "type=patient.updated")) == [updated]
    assert ids(await read(office, "type_in=document.created,patient.created")) == [old, document]
    assert ids(await read(office, f"created_at_gte={format_instant(now)}")) == [updated, document]
    assert ids(await read(office, f"created_at_lte={format_instant(now - DAY)}")) == [old]


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("type=patient.archived", "type"),
        ("type=patient.created,patient.updated", "type"),
        ("type_in=patient.created,nothing", "type_in"),
        ("order=desc", "order"),
        ("offset=5", "offset"),
        ("limit=101", "limit"),
        ("patient_id=pat_1", "patient_id"),
    ],
)
async def test_what_the_feed_does_not_take_is_refused(
    database: Database, query: str, wrong: str
) -> None:
    office = await Office.on(database)
    with pytest.raises(InvalidRequest) as refused:
        await read(office, query)
    assert wrong in refused.value.message
    assert "nothing" not in str([refused.value.message, refused.value.details])


@pytest.mark.parametrize(
    ("flags", "after", "wrong"),
    [
        ({"wait": "31"}, None, "wait"),
        ({"wait": "-1"}, None, "wait"),
        ({"wait": "soon"}, None, "wait"),
        ({"start": "tomorrow"}, None, "start"),
        ({"start": "now"}, 5, "start"),
    ],
)
async def test_a_wrong_wait_or_start_is_refused(
    database: Database, flags: dict[str, Any], after: int | None, wrong: str
) -> None:
    office = await Office.on(database)
    with pytest.raises(InvalidRequest, match=wrong):
        await read(office, after=after, **flags)


async def test_starting_now_shows_only_what_comes_from_here_on(database: Database) -> None:
    office = await Office.on(database)
    await office.happens()
    start = await read(office, start="now")
    assert ids(start) == []
    later = await office.happens()
    assert ids(await read(office, after=position(start))) == [later]


async def test_a_narrow_filter_is_found_far_along_a_long_history(database: Database) -> None:
    office = await Office.on(database)
    rows = feed.LOOK * 2
    await office.change(
        "INSERT INTO events (organisation_id, mode, id, type, record_type, record_id, body,"
        " thin_body, created_at, position) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL"
        " SELECT i + 1 FROM n WHERE i < :rows) SELECT :organisation, :mode, 'evt_' || i,"
        " 'patient.updated', 'patient', 'pat_1', '{}', '{}', 1, i FROM n",
        rows=rows,
        **office.tenant,
    )
    await office.change("UPDATE event_sequence SET position = :rows, fanned_out = :rows", rows=rows)
    event = await office.happens("patient.created")
    answer = await read(office, "type=patient.created")
    assert ids(answer) == [event]
    assert answer.page is not None
    assert not answer.page.has_more
    full = await read(office, "limit=100")
    assert position(full) == 100


async def test_a_wait_ends_with_the_first_event(database: Database) -> None:
    office = await Office.on(database)
    async with asyncio.timeout(PATIENCE):
        waiting = asyncio.create_task(read(office, wait="30"))
        await asyncio.sleep(0)
        happened = await office.happens()
        assert ids(await waiting) == [happened]


async def test_a_wait_takes_no_notice_of_what_the_key_may_not_see(database: Database) -> None:
    office = await Office.on(database)
    reader = office.only("read_documents")
    async with asyncio.timeout(PATIENCE):
        waiting = asyncio.create_task(read(reader, wait="30"))
        await asyncio.sleep(0)
        await office.happens("patient.created")
        assert not waiting.done()
        seen = await office.happens("document.created")
        assert ids(await waiting) == [seen]


async def test_a_wait_without_an_event_ends_in_time_with_a_cursor(database: Database) -> None:
    office = await Office.on(database)
    await office.happens()
    after = position(await read(office))
    loop = asyncio.get_running_loop()
    began = loop.time()
    answer = await read(office, after=after, wait="1")
    assert 1 <= loop.time() - began < PATIENCE
    assert (ids(answer), position(answer)) == ([], after)
    assert ids(await read(office, after=after, wait="0")) == []


async def test_a_wait_ends_with_the_process(database: Database) -> None:
    office = await Office.on(database)
    stopping = asyncio.Event()
    async with asyncio.timeout(PATIENCE):
        waiting = asyncio.create_task(read(office, wait="30", stopping=stopping))
        await asyncio.sleep(0)
        stopping.set()
        assert ids(await waiting) == []


async def one(office: Office, event_id: str) -> Answer:
    call = Call(office.caller, system_clock(), {"id": event_id})
    return await office.database.read(lambda tx: events.fetch(tx, call))


async def test_one_event_is_the_same_body(database: Database) -> None:
    office = await Office.on(database)
    event = await office.happens("document.created")
    answer = await one(office, event)
    shown: dict[str, Any] = msgspec.json.decode(answer.data)
    assert shown["id"] == event
    assert b"[" + answer.data + b"]" == (await read(office)).data
    assert answer.patients == ("pat_00000000000000000000000001",)
    with pytest.raises(InsufficientScope, match="read_documents"):
        await one(office.without("read_documents"), event)
    with pytest.raises(NotFound):
        await one(office, "evt_00000000000000000000000000")
