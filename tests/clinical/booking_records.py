"""Appointments and holds for tests over every route: one for each action that uses one up."""

import datetime
import itertools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from jump.caller import Tenant
from jump.kit.clock import HOUR, system_clock
from jump.kit.ids import new_id
from jump.storage.database import Database
from tests.clinical import calendar_rows as rows

Post = Callable[[str, Mapping[str, Any]], Awaitable[str]]

_TURNS = itertools.count()


def next_start() -> str:
    """A time within the sessions of `directory_records`, another one each time for long enough."""
    turn = next(_TURNS) % 400
    day = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=2 + turn // 6)
    return f"{day}T{10 + turn % 6}:00:00Z"


def appointment(ids: Mapping[str, str], start: str) -> dict[str, Any]:
    """What books one."""
    return {"patient_id": ids["patients"], **hold(ids, start)}


def hold(ids: Mapping[str, str], start: str) -> dict[str, Any]:
    """What holds a time."""
    of = {"appointment_type_id": ids["appointment-types"], "clinician_id": ids["clinicians"]}
    return {**of, "location_id": ids["locations"], "start_time": start}


async def make(
    database: Database, tenant: Tenant, ids: Mapping[str, str], post: Post
) -> dict[str, str]:
    """One of each, `post` making those that the API makes; their ids by path and action."""

    async def book(**about: Any) -> str:
        return await post("/appointments", {**appointment(ids, next_start()), **about})

    return {
        "appointments": await book(),
        "appointments/confirm": await book(status="pending"),
        "appointments/cancel": await book(),
        "appointments/mark-in-error": await book(),
        "appointments/complete": await _started(database, tenant, ids, 3),
        "appointments/no-show": await _started(database, tenant, ids, 5),
        "holds": await post("/holds", hold(ids, next_start())),
        "holds/confirm": await post("/holds", hold(ids, next_start())),
    }


async def _started(database: Database, tenant: Tenant, ids: Mapping[str, str], ago: int) -> str:
    """One that began hours ago, which the API would not book."""
    claim = rows.claim(
        f"clm_{ago}",
        (system_clock() // HOUR - ago) * HOUR,
        clinician_id=ids["clinicians"],
        appointment_type_id=ids["appointment-types"],
        location_id=ids["locations"],
    )
    made = new_id("apt", system_clock())
    seat = rows.appointment_seat(f"clm_{ago}", made)
    record = rows.appointment(made, claim, patient_id=ids["patients"])
    await rows.write(database, tenant, [claim, seat, record])
    return made
