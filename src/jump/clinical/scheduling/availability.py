"""`/availability`: which times are free, the first of them, and whether one is.

What is free is left to free_times. Nothing here is a patient's, and nothing is kept: a time that
is free now may be taken a moment later, unless it is held.
"""

import datetime
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from jump.clinical.links import Reference
from jump.clinical.representation import Scheduled
from jump.clinical.scheduling import free_times, offering
from jump.clinical.scheduling.offering import Asked, Offering
from jump.clinical.scheduling.slots import Slot, Span
from jump.errors import FieldError, InvalidRequest, ValidationFailed
from jump.kit.clock import DAY, MINUTE
from jump.kit.ids import sample_id
from jump.kit.instants import parse_date
from jump.resources.about import about
from jump.resources.definition import Answer, Call, Documentation, Operation, Shape
from jump.resources.validation import Instant
from jump.storage.database import Tx

MOST_DAYS: Final = 31
DAYS_AHEAD: Final = 30
SCOPE: Final = "read_availability"

_TYPE, _CLINICIAN = "appointment_type_id", "clinician_id"
_ALIASES: Final[Mapping[str, str]] = {
    "appointment_template_id": _TYPE,
    "clinician_profile_id": _CLINICIAN,
}
_WHO: Final[Mapping[str, str]] = {
    _TYPE: "What is to be booked.",
    "appointment_template_id": "Jump's older name of appointment_type_id.",
    _CLINICIAN: "Only with this clinician.",
    "clinician_profile_id": "Another name of clinician_id.",
    "location_id": "Only at this location.",
    "is_remote": "true for remote appointments only, false for those in the room.",
    "ignore_appointment": "An appointment that is to move: its own time counts as free.",
}
_DATES: Final[Mapping[str, str]] = {
    "date_from": "The first day, YYYY-MM-DD, local to each location.",
    "date_to": f"The last day, which is included; at most {MOST_DAYS} days in all.",
    "start_date": "The same as date_from, for an answer that is the bare array of slots.",
    "end_date": "The same as date_to, with start_date.",
}
_BARE_DATES: Final = frozenset({"start_date", "end_date"})
_REQUIRED: Final = "This parameter is required."

VERIFYING = Shape(
    {
        _TYPE: Reference,
        _CLINICIAN: Reference,
        "location_id": Reference,
        "start_time": Instant,
        "is_remote": bool,
        "ignore_appointment": Reference,
    },
    required=frozenset({_TYPE, _CLINICIAN, "start_time"}),
    aliases=_ALIASES,
    about={
        "start_time": "The start that is wanted, any whole minute.",
        "is_remote": "Whether it is to be by telephone or video; either, if left out.",
        "ignore_appointment": _WHO["ignore_appointment"],
    },
)


class FreeSlot(msgspec.Struct):
    """A time that can be booked."""

    start_time: Annotated[Scheduled, about("When it starts.", "2026-01-19T09:30:00Z")]
    end_time: Annotated[Scheduled, about("When it ends.", "2026-01-19T10:00:00Z")]
    clinician_id: str
    clinician_profile_id: str
    clinician_name: Annotated[str, about("The clinician's name.", "Dr Amara Okafor")]
    location_id: str
    location_name: Annotated[str, about("The location's name.", "Main surgery")]
    is_remote: Annotated[bool, about("Whether it is by telephone or video.", False)]
    is_available: Annotated[bool, about("Always true: what is taken is not listed.", True)]


DateRange = msgspec.defstruct(
    "DateRange",
    [
        ("from", Annotated[datetime.date, about("The first day.", "2026-01-19")]),
        ("to", Annotated[datetime.date, about("The last day, which is included.", "2026-01-25")]),
    ],
    namespace={"__doc__": "The days that were asked for."},
)


class FreeSlots(msgspec.Struct):
    """The free times of some days."""

    slots: Annotated[list[FreeSlot], about("The free times, by their start.")]
    date_range: Annotated[DateRange, about("The days that were asked for.")]  # type: ignore[valid-type]


class Verified(msgspec.Struct):
    """Whether a time can be booked, and others near it if not."""

    is_available: Annotated[bool, about("Whether it can be booked now.", True)]
    alternatives: Annotated[list[FreeSlot], about("Up to three others, where it cannot.")]


async def page(tx: Tx, call: Call) -> Answer:
    """Every free slot on the days asked for."""
    errors: list[FieldError] = []
    asked = _asked(call.flags, errors)
    days = _days(call.flags, errors)
    offered = await _offered(tx, call, asked, errors)
    assert days is not None
    found = await free_times.on_days(tx, call.caller.tenant, offered, *days)
    shown = [offered.shown(slot) for slot in found]
    if "start_date" in call.flags:
        return Answer(msgspec.json.encode(shown))
    first, last = (day.isoformat() for day in days)
    return Answer(msgspec.json.encode({"slots": shown, "date_range": {"from": first, "to": last}}))


async def following(tx: Tx, call: Call) -> Answer:
    """The first free slot from now on, or null."""
    errors: list[FieldError] = []
    offered = await _offered(tx, call, _asked(call.flags, errors), errors)
    window = Span(offered.now, offered.now + DAYS_AHEAD * DAY)
    found = await free_times.first(tx, call.caller.tenant, offered, window)
    return Answer(msgspec.json.encode(None if found is None else offered.shown(found)))


async def verify(tx: Tx, call: Call) -> Answer:
    """Whether a time can be booked, on any whole minute; if not, up to three others."""
    body, tenant = call.body, call.caller.tenant
    starts = int(body["start_time"])
    asked = Asked(
        type_id=body[_TYPE],
        clinician_id=body[_CLINICIAN],
        location_id=body.get("location_id"),
        is_remote=body.get("is_remote"),
        ignore=body.get("ignore_appointment"),
    )
    offered = await offering.load(tx, tenant, asked)
    errors = [FieldError(name, words) for name, words in offered.unknown.items()]
    if starts % MINUTE:
        errors.append(FieldError("start_time", "Use a whole minute."))
    if errors:
        raise ValidationFailed(errors)
    found = await free_times.fit(tx, tenant, offered, starts)
    if isinstance(found, Slot):
        return _verified(True, [])
    others = await free_times.alternatives(tx, tenant, asked, starts, offered.now)
    return _verified(False, others)


def _verified(is_available: bool, others: list[dict[str, Any]]) -> Answer:
    return Answer(msgspec.json.encode({"is_available": is_available, "alternatives": others}))


async def _offered(tx: Tx, call: Call, asked: Asked, errors: list[FieldError]) -> Offering:
    """What is offered. Raises InvalidRequest with these errors, or for what is no longer there."""
    if errors:
        raise _wrong(errors)
    offered = await offering.load(tx, call.caller.tenant, asked)
    named = {_ALIASES.get(name, name): name for name in call.flags}
    gone = {**offered.inactive, **offered.unknown}
    if gone:
        raise _wrong([FieldError(named[name], words) for name, words in gone.items()])
    return offered


def _asked(flags: Mapping[str, str], errors: list[FieldError]) -> Asked:
    values: dict[str, str] = {}
    for name, value in flags.items():
        known = _ALIASES.get(name, name)
        if known in values:
            errors.append(FieldError(name, f"Use {known} or its other name, not both."))
        values[known] = value
    if _TYPE not in values:
        errors.append(FieldError(_TYPE, _REQUIRED))
    remote = values.get("is_remote")
    if remote not in (None, "true", "false"):
        errors.append(FieldError("is_remote", "Use true or false."))
    return Asked(
        type_id=values.get(_TYPE, ""),
        clinician_id=values.get(_CLINICIAN),
        location_id=values.get("location_id"),
        is_remote=None if remote is None else remote == "true",
        ignore=values.get("ignore_appointment"),
    )


def _days(
    flags: Mapping[str, str], errors: list[FieldError]
) -> tuple[datetime.date, datetime.date] | None:
    """The first and the last day, None when they are wrong."""
    sent = [name for name in _DATES if name in flags]
    names = ("start_date", "end_date") if sent and sent[0] == "start_date" else tuple(_DATES)[:2]
    errors += [
        FieldError(name, "Use date_from and date_to, or start_date and end_date.")
        for name in sent
        if name not in names
    ]
    days: list[datetime.date] = []
    for name in names:
        try:
            days.append(parse_date(flags[name]))
        except KeyError:
            errors.append(FieldError(name, _REQUIRED))
        except ValueError as error:
            errors.append(FieldError(name, str(error)))
    if len(days) < len(names):
        return None
    first, last = days
    if last < first:
        errors.append(FieldError(names[1], f"This must not be before {names[0]}."))
    elif (last - first).days >= MOST_DAYS:
        errors.append(FieldError(names[1], f"Ask for at most {MOST_DAYS} days at once."))
    return first, last


def _wrong(errors: list[FieldError]) -> InvalidRequest:
    names = ", ".join(dict.fromkeys(error.field for error in errors))
    return InvalidRequest(f"Check these query parameters: {names}.", details=errors)


_VALUES: Final[Mapping[str, Any]] = {
    "is_remote": bool,
    **dict.fromkeys(_DATES, datetime.date),
}
_UNKNOWN: Final = (
    "What is referred to is not there or not active, or a name and its other name are both sent"
)

_ASKED: Final = {"appointment_type_id": sample_id("type")}

AVAILABILITY: Final = (
    Operation(
        "GET",
        "/availability",
        page,
        SCOPE,
        "List free times",
        flags={**_WHO, **_DATES},
        documentation=Documentation(
            details="Only free slots are listed, by their start. With `start_date` and `end_date`,"
            " `data` is the bare array of them.",
            result=FreeSlots | list[FreeSlot],
            refuses={
                InvalidRequest: f"{_UNKNOWN}. The days are missing, in the wrong order, or more"
                f" than {MOST_DAYS}."
            },
            values=_VALUES,
            needs=frozenset({_TYPE, "date_from", "date_to"}),
            older=frozenset(_ALIASES) | _BARE_DATES,
            name="list_availability",
            example={**_ASKED, "date_from": "2026-01-19", "date_to": "2026-01-25"},
        ),
        one_moment=True,
    ),
    Operation(
        "GET",
        "/availability/next",
        following,
        SCOPE,
        "Read the first free time",
        flags=_WHO,
        documentation=Documentation(
            details=f"`data` is null where nothing is free for {DAYS_AHEAD} days.",
            result=FreeSlot | None,
            refuses={InvalidRequest: f"{_UNKNOWN}."},
            values=_VALUES,
            needs=frozenset({_TYPE}),
            older=frozenset(_ALIASES),
            name="get_next_availability",
            example=_ASKED,
        ),
        one_moment=True,
    ),
    Operation(
        "POST",
        "/availability/verify",
        verify,
        SCOPE,
        "Read whether a time is free, and others near it if not",
        body=VERIFYING,
        documentation=Documentation(
            result=Verified,
            refuses={
                ValidationFailed: "What is referred to is not there. `start_time` is no whole"
                " minute."
            },
        ),
        one_moment=True,
    ),
)
