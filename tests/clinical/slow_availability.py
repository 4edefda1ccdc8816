"""Availability the slow and obvious way: every minute is asked on its own whether it is free.

It takes the rows of a practice as they are kept and knows nothing of how the program works. A
minute belongs to a session if the location's clock, watched minute by minute, says so.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from math import gcd
from typing import Any
from zoneinfo import ZoneInfo

Values = dict[str, Any]
Found = tuple[int, str, str, bool, str | None]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE = 60_000_000
DAY_IN_MINUTES = 1440


@dataclass
class Rows:
    """The rows of one practice, table by table."""

    kind: Values
    offers: list[Values]
    locations: list[Values]
    sessions: list[Values]
    closures: list[Values]
    leave: list[Values]
    claims: list[Values]
    seats: list[Values]


def listed(rows: Rows, now: int, first_day: date, last_day: date) -> list[Found]:
    """The slots to list on these days, both included, of each location by its own clock."""
    found: list[Found] = []
    for place in places(rows):
        first, last = minutes_of_days(zone_of(rows, place[1]), first_day, last_day)
        present = presence(rows, place, first - 2 * DAY_IN_MINUTES, last + 3 * DAY_IN_MINUTES)
        begun = beginnings(rows, place, first, last)
        for minute in range(first, last):
            joined = group_at(rows, place, minute, now)
            if joined is None and not on_grid(rows, minute, begun):
                continue
            if is_bookable(rows, place, minute, now, present):
                found.append((minute, *place, joined))
    return sorted(found, key=lambda each: each[:4])


def can_be_booked(rows: Rows, now: int, place: tuple[str, str, bool], minute: int) -> bool:
    """Whether an appointment may start at this minute."""
    around = (minute - 2 * DAY_IN_MINUTES, minute + 3 * DAY_IN_MINUTES)
    return place in places(rows) and is_bookable(
        rows, place, minute, now, presence(rows, place, *around)
    )


def places(rows: Rows) -> set[tuple[str, str, bool]]:
    """Who offers the type where and how."""
    return {
        (each["clinician_id"], each["location_id"], each["is_remote"])
        for each in rows.offers
        if each["appointment_type_id"] == rows.kind["id"]
    }


def is_bookable(
    rows: Rows, place: tuple[str, str, bool], minute: int, now: int, present: set[int]
) -> bool:
    """The rules, one after the other."""
    kind = rows.kind
    if not kind["is_active"] or not kind["allow_online_booking"]:
        return False
    if minute * MINUTE < now + kind["booking_notice_hours"] * 60 * MINUTE:
        return False
    if minute * MINUTE > now + kind["max_advance_days"] * DAY_IN_MINUTES * MINUTE:
        return False
    if not all(minute + each in present for each in range(kind["duration_minutes"])):
        return False
    if group_at(rows, place, minute, now) is not None:
        return True
    others = [each for each in rows.claims if each["clinician_id"] == place[0]]
    return all(
        leaves_room(kind, minute, claim) for claim in others if seats_taken(rows, claim, now)
    )


def leaves_room(kind: Values, minute: int, claim: Values) -> bool:
    """Whether an appointment at this minute is clear of the claim, and as far as both ask for."""
    last = minute + kind["duration_minutes"]
    starts, ends = claim["starts"] // MINUTE, claim["ends"] // MINUTE
    if ends <= minute:
        least = max(claim["buffer_after"] // MINUTE, kind["buffer_before_minutes"])
        return minute - ends >= least
    if last <= starts:
        least = max(kind["buffer_after_minutes"], claim["buffer_before"] // MINUTE)
        return starts - last >= least
    return False


def group_at(rows: Rows, place: tuple[str, str, bool], minute: int, now: int) -> str | None:
    """The claim of a group with a seat left that is just this appointment."""
    if rows.kind["max_group_size"] == 1:
        return None
    for claim in rows.claims:
        same = (claim["clinician_id"], claim["location_id"], claim["is_remote"]) == place
        same = same and claim["appointment_type_id"] == rows.kind["id"]
        ends = minute + rows.kind["duration_minutes"]
        if same and (claim["starts"], claim["ends"]) == (minute * MINUTE, ends * MINUTE):
            taken = seats_taken(rows, claim, now)
            if 0 < taken < claim["capacity"]:
                return str(claim["id"])
    return None


def seats_taken(rows: Rows, claim: Values, now: int) -> int:
    """The seats of a claim that are an appointment's, or a hold's that has not expired."""
    return sum(
        seat["claim_id"] == claim["id"] and (seat["expires_at"] is None or seat["expires_at"] > now)
        for seat in rows.seats
    )


def presence(rows: Rows, place: tuple[str, str, bool], first: int, last: int) -> set[int]:
    """The minutes at which the clinician is at the location and it is open."""
    zone = zone_of(rows, place[1])
    found: set[int] = set()
    for starts, ends in sessions_as_minutes(rows, place, first, last):
        found |= set(range(starts, ends))
    away = [each for each in rows.closures if each["location_id"] in (None, place[1])]
    away += [each for each in rows.leave if each["clinician_id"] == place[0]]
    for each in away:
        found -= set(range(*stretch(zone, parse(each["starts"]), parse(each["ends"]))))
    return found


def on_grid(rows: Rows, minute: int, begun: list[int]) -> bool:
    """Whether the minute is so many steps after its day's session began, closures aside."""
    step = max(gcd(rows.kind["duration_minutes"], 15), 5)
    before = [each for each in begun if each <= minute]
    return bool(before) and (minute - max(before)) % step == 0


def beginnings(rows: Rows, place: tuple[str, str, bool], first: int, last: int) -> list[int]:
    """When each day's sessions begin; of those of one day that touch, only the first counts."""
    zone = zone_of(rows, place[1])
    day, end = shown(zone, first - DAY_IN_MINUTES).date(), shown(zone, last).date()
    found: list[int] = []
    while day <= end:
        covered: set[int] = set()
        for session in rows.sessions:
            if takes_place(session, place, day):
                covered |= set(range(*session_on(zone, session, day)))
        found += [each for each in covered if each - 1 not in covered]
        day += timedelta(days=1)
    return found


def sessions_as_minutes(
    rows: Rows, place: tuple[str, str, bool], first: int, last: int
) -> Iterator[tuple[int, int]]:
    """Every session near these minutes."""
    zone = zone_of(rows, place[1])
    day, end = shown(zone, first).date(), shown(zone, last).date()
    while day <= end:
        for session in rows.sessions:
            if takes_place(session, place, day):
                yield session_on(zone, session, day)
        day += timedelta(days=1)


def takes_place(session: Values, place: tuple[str, str, bool], day: date) -> bool:
    """Whether a session is on this day, of this clinician at this location."""
    if (session["clinician_id"], session["location_id"]) != place[:2]:
        return False
    text = day.isoformat()
    if text < session["starts_on"] or (session["ends_on"] and text > session["ends_on"]):
        return False
    return session["weekday"] in (None, day.isoweekday())


def session_on(zone: ZoneInfo, session: Values, day: date) -> tuple[int, int]:
    """The first minute of the session on that day, and the first that is no longer its."""

    def moment(clock: str) -> datetime:
        hour, minute = map(int, clock.split(":"))
        return datetime(day.year, day.month, day.day) + timedelta(hours=hour, minutes=minute)  # noqa: DTZ001

    return stretch(zone, moment(session["starts_at"]), moment(session["ends_at"]))


@cache
def stretch(zone: ZoneInfo, starts: datetime, ends: datetime) -> tuple[int, int]:
    """The minutes from when the clock first shows `starts` until it last shows `ends`.

    What the clock never shows is the minute at which it first shows something later.
    """
    times = readings(zone, starts)
    ending = readings(zone, ends)
    return times[0], ending[-1]


@cache
def readings(zone: ZoneInfo, wanted: datetime) -> list[int]:
    """The minutes at which the zone's clock shows this; if there are none, the next it shows."""
    middle = int((wanted.replace(tzinfo=UTC) - EPOCH).total_seconds()) // 60
    watched = range(middle - 15 * 60, middle + 15 * 60)
    exact = [each for each in watched if shown(zone, each) == wanted]
    return exact or [next(each for each in watched if shown(zone, each) > wanted)]


def shown(zone: ZoneInfo, minute: int) -> datetime:
    """What a clock on the wall shows at this minute."""
    return (EPOCH + timedelta(minutes=minute)).astimezone(zone).replace(tzinfo=None)


def parse(text: str) -> datetime:
    return datetime.fromisoformat(text)


def zone_of(rows: Rows, location_id: str) -> ZoneInfo:
    (found,) = (each["timezone"] for each in rows.locations if each["id"] == location_id)
    return ZoneInfo(found)


def minutes_of_days(zone: ZoneInfo, first: date, last: date) -> tuple[int, int]:
    """The minutes of these local days, both included: those whose clock shows such a date."""
    start = readings(zone, datetime(first.year, first.month, first.day))[0]  # noqa: DTZ001
    end = last + timedelta(days=1)
    return start, readings(zone, datetime(end.year, end.month, end.day))[0]  # noqa: DTZ001


def as_rows(written: Iterable[tuple[str, Values]], kind: Values) -> Rows:
    """The rows of `calendar_rows`, sorted by table."""
    tables: dict[str, list[Values]] = {}
    for table, values in written:
        tables.setdefault(table, []).append(values)
    names = ("offers", "locations", "rota_sessions", "closures", "clinician_leave")
    names += ("calendar_claims", "claim_seats")
    return Rows(kind, *(tables.get(name, []) for name in names))
