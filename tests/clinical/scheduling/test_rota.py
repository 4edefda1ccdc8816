"""The rota as openings, by hand-made examples; random rotas are compared elsewhere."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from jump.clinical.scheduling.rota import Absence, Offer, Session, openings
from jump.clinical.scheduling.slots import Opening, Span
from jump.kit.clock import DAY
from jump.kit.instants import format_second, parse_instant

ZONES = {
    "main": ZoneInfo("Europe/London"),
    "ny": ZoneInfo("America/New_York"),
    "havana": ZoneInfo("America/Havana"),
}
OFFER = Offer("ada", "main", False)
MONDAYS = Session("ada", "main", 1, "2026-01-01", None, "09:00", "12:00")


def once(day: str, starts_at: str, ends_at: str, place: str = "main") -> Session:
    return Session("ada", place, None, day, day, starts_at, ends_at)


def day(text: str, days: int = 1) -> Span:
    starts = parse_instant(f"{text}T00:00:00Z")
    return Span(starts, starts + days * DAY)


def spans(found: list[Opening], window: Span) -> list[str]:
    """Those that touch the window; around it there may be more."""
    return [
        f"{format_second(each.span.starts)[5:-4]}/{format_second(each.span.ends)[5:-4]}"
        for each in found
        if each.span.starts < window.ends and window.starts < each.span.ends
    ]


def of(sessions: list[Session], window: Span, *absences: Absence) -> list[str]:
    return spans(openings([OFFER], sessions, absences, ZONES, window), window)


def test_a_weekly_session_is_there_on_its_day_and_no_other():
    assert of([MONDAYS], day("2026-01-05", 8)) == [
        "01-05T09:00/01-05T12:00", "01-12T09:00/01-12T12:00"
    ]  # fmt: skip
    assert of([MONDAYS], day("2026-01-06", 6)) == []


def test_a_weekly_session_begins_and_ends_on_its_days_both_included():
    session = Session("ada", "main", 1, "2026-01-05", "2026-01-12", "09:00", "12:00")
    assert of([session], day("2025-12-20", 60)) == [
        "01-05T09:00/01-05T12:00", "01-12T09:00/01-12T12:00"
    ]  # fmt: skip
    later = Session("ada", "main", 1, "2026-01-06", "2026-01-18", "09:00", "12:00")
    assert of([later], day("2025-12-20", 60)) == ["01-12T09:00/01-12T12:00"]


def test_a_session_keeps_its_local_hours_when_the_clocks_change():
    assert of([MONDAYS], day("2026-03-23", 8)) == [
        "03-23T09:00/03-23T12:00", "03-30T08:00/03-30T11:00"
    ]  # fmt: skip


def test_a_night_in_which_the_clocks_go_forward_is_an_hour_shorter():
    session = once("2026-03-29", "00:30", "02:30")
    assert of([session], day("2026-03-29")) == ["03-29T00:30/03-29T01:30"]


def test_a_session_inside_the_skipped_hour_does_not_take_place():
    assert of([once("2026-03-29", "01:10", "01:50")], day("2026-03-29")) == []


def test_a_session_that_begins_in_the_skipped_hour_begins_after_it():
    assert of([once("2026-03-29", "01:10", "03:00")], day("2026-03-29")) == [
        "03-29T01:00/03-29T02:00"
    ]


def test_in_the_doubled_hour_a_session_begins_the_first_time_and_ends_the_last():
    assert of([once("2026-10-25", "01:10", "01:50")], day("2026-10-25")) == [
        "10-25T00:10/10-25T01:50"
    ]


def test_sessions_that_touch_or_overlap_are_one():
    touching = [once("2026-01-07", "09:00", "10:00"), once("2026-01-07", "10:00", "11:00")]
    assert of(touching, day("2026-01-07")) == ["01-07T09:00/01-07T11:00"]
    overlapping = [once("2026-01-07", "09:00", "12:00"), once("2026-01-07", "10:00", "11:00")]
    assert of(overlapping, day("2026-01-07")) == ["01-07T09:00/01-07T12:00"]


def test_a_session_to_midnight_and_one_from_midnight_are_one_whose_days_count_anew():
    both = [once("2026-01-07", "23:05", "24:00"), once("2026-01-08", "00:00", "01:00")]
    found = openings([OFFER], both, [], ZONES, day("2026-01-07"))
    assert spans(found, day("2026-01-07")) == ["01-07T23:05/01-08T01:00"]
    assert [format_second(origin)[5:-4] for origin in found[0].counted_from] == [
        "01-07T23:05", "01-08T00:00"
    ]  # fmt: skip


def test_what_the_grid_counts_from_does_not_depend_on_the_window():
    every_day = [replace(MONDAYS, weekday=each, starts_at="00:00") for each in range(2, 8)]
    always = [replace(MONDAYS, starts_at="00:05"), *every_day]
    always = [replace(each, ends_at="24:00") for each in always]
    midnights = []
    for window in (day("2026-01-07"), day("2026-01-05", 4)):
        (opening,) = (
            each
            for each in openings([OFFER], always, [], ZONES, window)
            if each.span.starts < window.ends - 1 < each.span.ends
        )
        seventh = day("2026-01-07").starts
        midnights.append(next(at for at in opening.counted_from if at >= seventh))
    assert midnights == [day("2026-01-07").starts] * 2


def test_closures_and_leave_cut_sessions_and_the_grid_still_counts_from_the_session():
    closed = Absence(None, "main", "2026-01-05T10:07", "2026-01-05T10:30")
    away = Absence("ada", None, "2026-01-05T11:00", "2026-01-06T00:00")
    found = openings([OFFER], [MONDAYS], [closed, away], ZONES, day("2026-01-05"))
    assert spans(found, day("2026-01-05")) == [
        "01-05T09:00/01-05T10:07", "01-05T10:30/01-05T11:00"
    ]  # fmt: skip
    nine = parse_instant("2026-01-05T09:00:00Z")
    assert [each.counted_from for each in found if each.span.ends <= day("2026-01-06").starts] == [
        (nine,), (nine,)
    ]  # fmt: skip


def test_absences_before_and_after_a_session_cut_nothing_of_it():
    before = Absence(None, "main", "2026-01-04T09:00", "2026-01-05T09:00")
    after = Absence("ada", None, "2026-01-05T12:00", "2026-01-06T00:00")
    much_later = Absence(None, None, "2026-12-25T00:00", "2026-12-27T00:00")
    whole = ["01-05T09:00/01-05T12:00"]
    assert of([MONDAYS], day("2026-01-05"), before, after, much_later) == whole


def test_absences_of_others_cut_nothing():
    elsewhere = Absence(None, "ny", "2026-01-05T00:00", "2026-01-06T00:00")
    another = Absence("ben", None, "2026-01-05T00:00", "2026-01-06T00:00")
    assert of([MONDAYS], day("2026-01-05"), elsewhere, another) == ["01-05T09:00/01-05T12:00"]


def test_a_closure_of_every_location_is_by_each_ones_own_clock():
    closed = Absence(None, None, "2026-01-05T10:00", "2026-01-05T11:00")
    offers = [OFFER, Offer("ada", "ny", False)]
    sessions = [MONDAYS, once("2026-01-05", "09:00", "12:00", place="ny")]
    found = openings(offers, sessions, [closed], ZONES, day("2026-01-05"))
    assert spans(found, day("2026-01-05")) == [
        "01-05T09:00/01-05T10:00", "01-05T11:00/01-05T12:00",
        "01-05T14:00/01-05T15:00", "01-05T16:00/01-05T17:00",
    ]  # fmt: skip


def test_a_whole_day_is_closed_also_when_it_has_25_hours():
    closed = Absence(None, None, "2026-10-25T00:00", "2026-10-26T00:00")
    assert of([once("2026-10-25", "00:00", "24:00")], day("2026-10-25"), closed) == []


def test_each_form_of_an_offer_has_its_openings_and_other_places_have_none():
    offers = [OFFER, Offer("ada", "main", True), Offer("ada", "ny", False)]
    found = openings(offers, [MONDAYS], [], ZONES, day("2026-01-05"))
    assert {(each.location_id, each.is_remote) for each in found} == {
        ("main", False), ("main", True)
    }  # fmt: skip


def test_a_day_whose_midnight_occurs_twice_still_meets_the_day_before():
    offer = Offer("ada", "havana", False)
    both = [
        once("2026-10-31", "22:00", "24:00", place="havana"),
        once("2026-11-01", "00:00", "01:00", place="havana"),
    ]
    found = openings([offer], both, [], ZONES, day("2026-11-01"))
    assert spans(found, day("2026-11-01")) == ["11-01T02:00/11-01T06:00"]
