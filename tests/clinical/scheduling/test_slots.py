"""What is free, by hand-made examples of each rule; random calendars are compared elsewhere."""

from dataclasses import replace

import pytest

from jump.clinical.scheduling.slots import (
    Kind,
    Opening,
    Refusal,
    Slot,
    Span,
    Taken,
    fit,
    free,
)
from jump.kit.clock import DAY, HOUR, MINUTE

ALL = Span(0, 10 * DAY)
CHECK = Kind("check", 30 * MINUTE, 0, 0, 1, 0, 10 * DAY)
CLASS = replace(CHECK, id="class", duration=60 * MINUTE, capacity=3)
MORNING = Opening("ada", "main", False, Span(9 * HOUR, 12 * HOUR))
PLACE = ("ada", "main", False)


def taken(start: int, end: int, *, seats_free: int = 0, **about: object) -> Taken:
    made = Taken("clm", "ada", "check", "main", False, Span(start, end), 0, 0, seats_free)
    return replace(made, **about)


def starts(*found: Slot) -> list[str]:
    return [f"{slot.starts // HOUR:02}:{slot.starts % HOUR // MINUTE:02}" for slot in found]


def wanted(start: int) -> Slot:
    return Slot(start, start, *PLACE)


def listed(kind: Kind = CHECK, *claims: Taken, opening: Opening = MORNING) -> list[str]:
    return starts(*free(kind, [opening], claims, ALL))


def test_a_session_is_listed_in_steps_of_a_quarter_until_the_last_that_fits():
    assert listed()[:3] == ["09:00", "09:15", "09:30"]
    assert listed()[-1] == "11:30"
    assert len(listed()) == 11


@pytest.mark.parametrize(
    ("minutes", "step"), [(30, 15), (45, 15), (40, 5), (20, 5), (7, 5), (1, 5), (60, 15)]
)
def test_the_step_divides_the_duration_and_a_quarter_but_is_at_least_five_minutes(minutes, step):
    assert replace(CHECK, duration=minutes * MINUTE).step == step * MINUTE


def test_the_grid_counts_from_the_session_not_from_the_hour():
    odd = replace(MORNING, span=Span(9 * HOUR + 10 * MINUTE, 10 * HOUR))
    assert listed(opening=odd) == ["09:10", "09:25"]


def test_after_a_cut_the_grid_still_counts_from_where_the_session_began():
    cut = replace(MORNING, span=Span(10 * HOUR + 7 * MINUTE, 11 * HOUR), counted_from=(9 * HOUR,))
    assert listed(opening=cut) == ["10:15", "10:30"]


def test_a_day_that_touches_the_day_before_counts_anew():
    through = Span(23 * HOUR + 5 * MINUTE, 25 * HOUR)
    opening = replace(MORNING, span=through, counted_from=(through.starts, 24 * HOUR))
    assert listed(opening=opening) == [
        "23:05", "23:20", "23:35", "23:50", "24:00", "24:15", "24:30"
    ]  # fmt: skip


def test_what_is_taken_leaves_what_ends_as_it_starts_and_starts_as_it_ends():
    assert listed(CHECK, taken(10 * HOUR, 11 * HOUR)) == [
        "09:00", "09:15", "09:30", "11:00", "11:15", "11:30"
    ]  # fmt: skip


def test_another_clinicians_claim_takes_nothing():
    assert listed(CHECK, taken(9 * HOUR, 12 * HOUR, clinician_id="ben")) == listed()


def test_a_claim_at_another_location_takes_the_clinicians_time_all_the_same():
    assert listed(CHECK, taken(9 * HOUR, 12 * HOUR, location_id="branch")) == []


def test_the_gap_before_is_the_larger_of_the_claims_after_and_the_types_before():
    claim = taken(9 * HOUR, 10 * HOUR, buffer_after=10 * MINUTE)
    assert listed(CHECK, claim)[0] == "10:15"
    assert listed(replace(CHECK, buffer_before=20 * MINUTE), claim)[0] == "10:30"
    assert listed(replace(CHECK, buffer_before=10 * MINUTE), claim)[0] == "10:15"


def test_the_gap_after_is_the_larger_of_the_types_after_and_the_claims_before():
    claim = taken(11 * HOUR, 12 * HOUR, buffer_before=10 * MINUTE)
    assert listed(CHECK, claim)[-1] == "10:15"
    assert listed(replace(CHECK, buffer_after=20 * MINUTE), claim)[-1] == "10:00"


def test_a_sessions_edges_have_no_buffer():
    wide = replace(CHECK, buffer_before=30 * MINUTE, buffer_after=30 * MINUTE)
    assert listed(wide) == listed()


def test_a_buffer_reaches_from_a_claim_outside_the_session_into_it():
    claim = taken(8 * HOUR, 9 * HOUR, buffer_after=30 * MINUTE)
    assert listed(CHECK, claim)[0] == "09:30"


def test_notice_and_horizon_are_both_included():
    kind = replace(CHECK, earliest=10 * HOUR, latest=11 * HOUR)
    assert listed(kind) == ["10:00", "10:15", "10:30", "10:45", "11:00"]


def test_the_window_holds_starts_and_its_end_is_not_in_it():
    found = free(CHECK, [MORNING], [], Span(10 * HOUR, 10 * HOUR + 30 * MINUTE))
    assert starts(*found) == ["10:00", "10:15"]
    assert found[-1].ends == 10 * HOUR + 45 * MINUTE


def test_a_group_with_a_free_seat_is_listed_at_its_own_start_and_nothing_else_overlaps_it():
    group = taken(9 * HOUR + 50 * MINUTE, 10 * HOUR + 50 * MINUTE, seats_free=1)
    group = replace(group, appointment_type_id="class")
    found = free(CLASS, [MORNING], [group], ALL)
    assert starts(*found) == ["09:50", "11:00"]
    assert [slot.joins for slot in found] == ["clm", None]
    assert "09:50" not in listed(CHECK, group)


@pytest.mark.parametrize(
    "about",
    [
        {"seats_free": 0},
        {"appointment_type_id": "other"},
        {"location_id": "branch"},
        {"is_remote": True},
        {"span": Span(9 * HOUR, 9 * HOUR + 45 * MINUTE)},
    ],
)
def test_a_group_that_is_full_or_another_is_not_joined(about):
    group = taken(9 * HOUR, 10 * HOUR, seats_free=1, appointment_type_id="class")
    assert listed(CLASS, group)[0] == "09:00"
    assert "09:00" not in listed(CLASS, replace(group, **about))
    assert fit(CLASS, [MORNING], [replace(group, **about)], wanted(9 * HOUR)) is Refusal.TAKEN


def test_a_group_has_no_more_members_once_its_type_is_for_individuals():
    group = taken(9 * HOUR, 10 * HOUR, seats_free=1, appointment_type_id="class")
    assert "09:00" not in listed(replace(CLASS, capacity=1), group)


def test_a_group_may_still_be_joined_when_its_types_buffers_have_grown():
    group = taken(9 * HOUR, 10 * HOUR, seats_free=1, appointment_type_id="class")
    neighbour = taken(10 * HOUR, 11 * HOUR, claim_id="next")
    wide = replace(CLASS, buffer_after=15 * MINUTE)
    assert "09:00" in listed(wide, group, neighbour)


def test_slots_come_by_start_then_clinician_location_and_form():
    openings = [
        replace(MORNING, clinician_id="ben", span=Span(9 * HOUR, 9 * HOUR + 30 * MINUTE)),
        replace(MORNING, is_remote=True, span=Span(9 * HOUR, 9 * HOUR + 30 * MINUTE)),
        replace(MORNING, span=Span(9 * HOUR, 9 * HOUR + 45 * MINUTE)),
    ]
    found = free(CHECK, openings, [], ALL)
    assert [(slot.clinician_id, slot.is_remote) for slot in found] == [
        ("ada", False), ("ada", True), ("ben", False), ("ada", False)
    ]  # fmt: skip


def test_any_whole_minute_that_fits_may_be_booked():
    for minute in (0, 1, 13, 150):
        start = 9 * HOUR + minute * MINUTE
        assert fit(CHECK, [MORNING], [], wanted(start)) == Slot(start, start + 30 * MINUTE, *PLACE)


def test_a_refusal_says_why():
    kind = replace(CHECK, earliest=9 * HOUR + 1, latest=11 * HOUR)
    assert fit(kind, [MORNING], [], wanted(9 * HOUR)) is Refusal.TOO_SOON
    assert fit(kind, [MORNING], [], wanted(11 * HOUR + MINUTE)) is Refusal.TOO_FAR_AHEAD
    late = replace(kind, latest=DAY)
    assert fit(late, [MORNING], [], wanted(11 * HOUR + 31 * MINUTE)) is Refusal.OUTSIDE_SESSIONS
    assert fit(CHECK, [MORNING], [], wanted(8 * HOUR + 59 * MINUTE)) is Refusal.OUTSIDE_SESSIONS
    elsewhere = replace(wanted(10 * HOUR), location_id="branch")
    assert fit(CHECK, [MORNING], [], elsewhere) is Refusal.OUTSIDE_SESSIONS
    claim = taken(10 * HOUR, 11 * HOUR)
    assert fit(CHECK, [MORNING], [claim], wanted(9 * HOUR + 31 * MINUTE)) is Refusal.TAKEN
    assert fit(CHECK, [MORNING], [claim], wanted(11 * HOUR - MINUTE)) is Refusal.TAKEN


def test_what_fits_a_group_joins_it():
    group = taken(9 * HOUR, 10 * HOUR, seats_free=2, appointment_type_id="class")
    assert fit(CLASS, [MORNING], [group], wanted(9 * HOUR)) == Slot(
        9 * HOUR, 10 * HOUR, *PLACE, "clm"
    )
    assert fit(CLASS, [MORNING], [group], wanted(9 * HOUR + MINUTE)) is Refusal.TAKEN
