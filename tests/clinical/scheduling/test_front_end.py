"""A booking front end that knows nothing of availability: it lists appointments and works out the
free times by itself, with quarters of an hour and hours of London that are its own.
"""

import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.clinical import calendar_rows as rows
from tests.clinical.scheduling.desk import Desk, data

LONDON = ZoneInfo("Europe/London")
QUARTER = datetime.timedelta(minutes=15)
OPENS, CLOSES = datetime.time(9), datetime.time(17)
STATUSES = "confirmed,scheduled,pending,pending_approval"


def quarters_of(day: datetime.date) -> list[datetime.datetime]:
    """The starts between the front end's opening hours, as instants."""
    at = datetime.datetime.combine(day, OPENS, LONDON).astimezone(datetime.UTC)
    end = datetime.datetime.combine(day, CLOSES, LONDON).astimezone(datetime.UTC)
    return [at + number * QUARTER for number in range((end - at) // QUARTER)]


async def busy(desk: Desk, day: datetime.date) -> list[dict[str, Any]]:
    """What the front end asks for: a whole day of London, in full ISO times."""
    begin = datetime.datetime.combine(day, datetime.time(), LONDON)
    end = begin + datetime.timedelta(days=1) - datetime.timedelta(milliseconds=1)
    answer = await desk.api.get(
        "/appointments",
        base="/functions/v1/api-v1",
        params={
            "date_gte": begin.isoformat(timespec="milliseconds"),
            "date_lte": end.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z"),
            "status_in": STATUSES,
            "limit": "100",
        },
    )
    pagination = answer.json()["pagination"]
    assert pagination == {"limit": 100, "offset": 0, "has_more": False}
    listed: list[dict[str, Any]] = data(answer)
    return listed


def free(day: datetime.date, taken: list[dict[str, Any]]) -> set[datetime.datetime]:
    """The quarters of the day that no appointment lies over."""
    spans = [
        (
            datetime.datetime.fromisoformat(each["start_time"]),
            datetime.datetime.fromisoformat(each["end_time"]),
        )
        for each in taken
    ]
    return {
        at
        for at in quarters_of(day)
        if all(end <= at or at + QUARTER <= start for start, end in spans)
    }


@pytest.mark.parametrize(
    "day",
    [datetime.date(2027, 3, 26), datetime.date(2027, 3, 29), datetime.date(2027, 10, 29)],
    ids=["the last day of winter time", "the first of summer time", "the last of summer time"],
)
async def test_it_gets_right_answers(desk: Desk, day: datetime.date) -> None:
    def at(clock: str, date: datetime.date = day) -> str:
        local = datetime.datetime.combine(date, datetime.time.fromisoformat(clock), LONDON)
        return local.isoformat()

    await desk.set_clock("2027-01-04T09:00:00Z")
    call = {"appointment_type_id": rows.CALL}
    await desk.book(at("09:00"))
    await desk.book(at("13:15"), **call)
    await desk.book(at("16:30"), status="pending")
    cancelled = await desk.book(at("10:30"))
    data(await desk.act(cancelled, "cancel"))
    wrong = await desk.book(at("11:00"))
    data(await desk.act(wrong, "mark-in-error", reason="wrong day"))
    moved = await desk.book(at("14:00"))
    data(await desk.act(moved, "reschedule", start_time=at("15:00")))
    over = day + datetime.timedelta(days=1 if day.weekday() < 4 else 3)
    await desk.book(at("09:00", over))

    taken = await busy(desk, day)
    local = sorted(
        datetime.datetime.fromisoformat(each["start_time"]).astimezone(LONDON).strftime("%H:%M")
        for each in taken
    )
    assert local == ["09:00", "13:15", "15:00", "16:30"]
    busy_quarters = set(quarters_of(day)) - free(day, taken)
    assert sorted(each.astimezone(LONDON).strftime("%H:%M") for each in busy_quarters) == [
        *("09:00", "09:15", "13:15", "15:00", "15:15", "16:30", "16:45"),
    ]


async def test_what_it_finds_free_within_the_practice_s_hours_can_be_booked(desk: Desk) -> None:
    day = datetime.date.fromisoformat(desk.time("12:00")[:10])
    await desk.book(desk.time("09:30"))
    call = {"appointment_type_id": rows.CALL}
    for at in sorted(free(day, await busy(desk, day))):
        answer = await desk.try_to_book(at.isoformat(), **call)
        lunch = at.astimezone(LONDON).hour == 12
        assert answer.status_code == (409 if lunch else 201), at
    assert len(free(day, await busy(desk, day))) == 4
