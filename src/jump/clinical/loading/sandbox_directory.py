"""The sandbox's practice: two locations, six clinicians, eight types, and who is where when.

Invented, and the same each time; only leave and closures lie around the day it is made. The
addresses and numbers are of those set aside for fiction.
"""

import datetime
from collections.abc import Iterable
from typing import Final

from msgspec import structs

from jump.clinical.loading.practice_file import (
    AppointmentType,
    Away,
    Clinician,
    Closure,
    Hours,
    Location,
    Offer,
    OpeningHours,
    Practice,
    Session,
    Weekday,
)

_MAIN: Final = "high-street"
_BRANCH: Final = "riverside"
_ALL_WEEK: Final[tuple[Weekday, ...]] = ("monday", "tuesday", "wednesday", "thursday", "friday")


_WHOLE: Final = [Hours(opens="08:00", closes="18:30")]
_LATE: Final = [Hours(opens="08:00", closes="20:30")]
_EVERYTHING: Final = (("gp", False), ("gp-long", False), ("phone", True))
_CARE: Final = (("nurse", False), ("blood-test", False), ("travel", False))
_ONE_DAY: Final = datetime.timedelta(days=1)


def practice(today: datetime.date) -> Practice:
    """The practice as it is on this day."""
    return Practice(
        locations=list(_LOCATIONS),
        appointment_types=list(_APPOINTMENT_TYPES),
        clinicians=[structs.replace(_CLINICIANS[0], leave=[_leave(today)]), *_CLINICIANS[1:]],
        closures=[_training(today), *(_christmas(year) for year in (today.year, today.year + 1))],
    )


def _leave(today: datetime.date) -> Away:
    """A week from a Monday two or three weeks ahead."""
    monday = today + (21 - today.weekday()) * _ONE_DAY
    ends = monday + 7 * _ONE_DAY
    return Away(starts=f"{monday}T00:00", ends=f"{ends}T00:00", reason="Annual leave")


def _training(today: datetime.date) -> Closure:
    day = today + 6 * _ONE_DAY
    return Closure(
        location=_MAIN, starts=f"{day}T13:00", ends=f"{day}T18:00", reason="Staff training"
    )


def _christmas(year: int) -> Closure:
    return Closure(starts=f"{year}-12-25T00:00", ends=f"{year}-12-27T00:00", reason="Christmas")


def _offers(location: str, kinds: Iterable[tuple[str, bool]]) -> list[Offer]:
    return [
        Offer(appointment_type=kind, location=location, is_remote=is_remote)
        for kind, is_remote in kinds
    ]


def _day(location: str, days: Iterable[Weekday]) -> list[Session]:
    return _sessions(location, days, ("08:30", "12:30"), ("13:30", "17:30"))


def _sessions(location: str, days: Iterable[Weekday], *stretches: tuple[str, str]) -> list[Session]:
    return [
        Session(location=location, weekday=day, starts_at=starts_at, ends_at=ends_at)
        for day in days
        for starts_at, ends_at in stretches
    ]


_LOCATIONS: Final = (
    Location(
        reference=_MAIN,
        name="High Street Surgery",
        timezone="Europe/London",
        is_primary=True,
        address_line_1="12 High Street",
        city="Bristol",
        postcode="BS1 2AA",
        country="United Kingdom",
        phone="0117 496 0100",
        email="reception@highstreet.example.org",
        opening_hours=OpeningHours(**dict.fromkeys(_ALL_WEEK, _WHOLE)),
    ),
    Location(
        reference=_BRANCH,
        name="Riverside Clinic",
        timezone="Europe/London",
        address_line_1="3 Mill Lane",
        address_line_2="Riverside",
        city="Bristol",
        postcode="BS3 4BD",
        country="United Kingdom",
        phone="0117 496 0200",
        email="reception@riverside.example.org",
        opening_hours=OpeningHours(
            **{**dict.fromkeys(_ALL_WEEK, _WHOLE), "tuesday": _LATE, "thursday": _LATE}
        ),
    ),
)

_APPOINTMENT_TYPES: Final = (
    AppointmentType(
        reference="gp",
        name="GP appointment",
        description="For anything new, or that has not got better.",
        duration_minutes=15,
        color="#2F6F8F",
        booking_notice_hours=2,
        cancellation_notice_hours=24,
    ),
    AppointmentType(
        reference="gp-long",
        name="Long GP appointment",
        description="For several matters, or with an interpreter.",
        duration_minutes=30,
        buffer_after_minutes=5,
        color="#1D4E66",
        booking_notice_hours=24,
        cancellation_notice_hours=24,
    ),
    AppointmentType(
        reference="phone",
        name="Telephone consultation",
        description="The clinician calls you.",
        duration_minutes=10,
        color="#7A5195",
        booking_notice_hours=1,
        cancellation_notice_hours=2,
    ),
    AppointmentType(
        reference="nurse",
        name="Nurse appointment",
        description="Dressings, smears, injections and long-term conditions.",
        duration_minutes=20,
        color="#4C956C",
        cancellation_notice_hours=24,
    ),
    AppointmentType(
        reference="blood-test",
        name="Blood test",
        duration_minutes=10,
        color="#B23A48",
        cancellation_notice_hours=12,
    ),
    AppointmentType(
        reference="physio",
        name="Physiotherapy",
        description="Assessment and treatment.",
        duration_minutes=40,
        buffer_before_minutes=5,
        buffer_after_minutes=10,
        price="55.00",
        currency="GBP",
        requires_payment=True,
        color="#D98324",
        booking_notice_hours=12,
        cancellation_notice_hours=48,
    ),
    AppointmentType(
        reference="antenatal",
        name="Antenatal class",
        description="In a group, with or without a partner.",
        duration_minutes=60,
        max_group_size=8,
        color="#C66B9B",
        booking_notice_hours=12,
        cancellation_notice_hours=24,
    ),
    AppointmentType(
        reference="travel",
        name="Travel vaccination",
        description="Not offered any more.",
        duration_minutes=20,
        is_active=False,
    ),
)

_CLINICIANS: Final = (
    Clinician(
        reference="okafor",
        first_name="Amara",
        last_name="Okafor",
        title="Dr",
        role="GP partner",
        specialties=["General practice", "Women's health"],
        bio="At the practice since it opened; teaches medical students on Thursdays.",
        email="amara.okafor@example.org",
        registration_number="GMC 0000001",
        offers=_offers(_MAIN, _EVERYTHING),
        sessions=_day(_MAIN, ("monday", "tuesday", "thursday", "friday")),
    ),
    Clinician(
        reference="macdonald",
        first_name="Hamish",
        last_name="MacDonald",
        title="Dr",
        role="GP partner",
        specialties=["General practice", "Minor surgery"],
        registration_number="GMC 0000002",
        offers=[*_offers(_MAIN, _EVERYTHING), *_offers(_BRANCH, _EVERYTHING)],
        sessions=[
            *_day(_MAIN, ("monday", "wednesday")),
            *_day(_BRANCH, ("tuesday", "thursday")),
        ],
    ),
    Clinician(
        reference="patel",
        first_name="Priya",
        last_name="Patel",
        title="Dr",
        role="Salaried GP",
        specialties=["General practice", "Diabetes"],
        registration_number="GMC 0000003",
        offers=_offers(_BRANCH, _EVERYTHING),
        sessions=_day(_BRANCH, _ALL_WEEK),
    ),
    Clinician(
        reference="evans",
        first_name="Siân",
        last_name="Evans",
        role="Practice nurse",
        specialties=["Asthma", "Wound care"],
        registration_number="NMC 00A0001E",
        offers=_offers(_MAIN, _CARE),
        sessions=_day(_MAIN, _ALL_WEEK),
    ),
    Clinician(
        reference="clarke",
        first_name="Oliver",
        last_name="Clarke-Wright",
        role="Physiotherapist",
        specialties=["Back pain", "Sports injuries"],
        registration_number="HCPC PH000001",
        offers=_offers(_BRANCH, [("physio", False)]),
        sessions=_day(_BRANCH, ("monday", "wednesday", "friday")),
    ),
    Clinician(
        reference="begum",
        first_name="Fatima",
        last_name="Begum",
        role="Midwife",
        specialties=["Pregnancy", "Infant feeding"],
        registration_number="NMC 00A0002E",
        offers=[*_offers(_MAIN, _CARE[:2]), *_offers(_BRANCH, [("antenatal", False)])],
        sessions=[
            *_sessions(_MAIN, ("monday", "wednesday", "friday"), ("09:00", "13:00")),
            *_sessions(_BRANCH, ("tuesday", "thursday"), ("16:00", "20:00")),
        ],
    ),
)
