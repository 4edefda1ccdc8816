"""Moves one appointment over HTTP, as a booking page would, and finds a free time to try next."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from jump.cli.demo.asking_api import ask
from jump.cli.web import Target
from jump.kit.clock import DAY, SECOND
from jump.kit.instants import format_second

# From the day after tomorrow on no type asks for more notice, and so few days are soon asked for.
_FIRST_DAY, _LAST_DAY = 2, 14
_LOOKED_AT: Final = 20


@dataclass(frozen=True, slots=True)
class FreeTime:
    """A time that can be held, in the words of the API."""

    appointment_type_id: str
    clinician_id: str
    location_id: str
    start_time: str


def move_an_appointment(api: Target, key: str, at: int) -> bool:
    """Move the first coming appointment that can be; False if there is none. Raises Refused."""
    query = {"start_time_gte": format_second(at + DAY), "status": "confirmed"}
    query |= {"sort": "start_time", "order": "asc", "limit": str(_LOOKED_AT)}
    for appointment in ask(api, key, "GET", f"/appointments?{urlencode(query)}"):
        clinician = appointment["clinician_id"]
        free = _free(api, key, at, appointment["appointment_type_id"], clinician_id=clinician)
        others = [each for each in free if each["start_time"] != appointment["start_time"]]
        if others:
            moved = {name: others[0][name] for name in ("start_time", "location_id", "is_remote")}
            ask(api, key, "POST", f"/appointments/{appointment['id']}/reschedule", moved)
            return True
    return False


def find_free_time(api: Target, key: str, at: int) -> FreeTime | None:
    """The first time, of any type, that is free the day after tomorrow or later. Raises Refused."""
    for kind in ask(api, key, "GET", "/appointment-types?is_active=true&order=asc"):
        for slot in _free(api, key, at, kind["id"]):
            place = slot["clinician_id"], slot["location_id"]
            return FreeTime(kind["id"], *place, slot["start_time"])
    return None


def _free(api: Target, key: str, at: int, kind: str, **narrowed: str) -> list[Mapping[str, Any]]:
    days = {"date_from": _day(at + _FIRST_DAY * DAY), "date_to": _day(at + _LAST_DAY * DAY)}
    query = urlencode({"appointment_type_id": kind, **days, **narrowed})
    slots: list[Mapping[str, Any]] = ask(api, key, "GET", f"/availability?{query}")["slots"]
    return slots


def _day(at: int) -> str:
    return datetime.datetime.fromtimestamp(at / SECOND, datetime.UTC).date().isoformat()
