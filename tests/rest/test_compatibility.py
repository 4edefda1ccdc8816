"""Section 8 over every resource and route there is: what a client of Jump sends and reads.

What is special to one of them stands in that one's tests; tests/contract lists both.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from jump.clinical.registry import RESOURCES
from jump.rest.routes import Route
from jump.storage.database import Database
from tests.rest.api import all_routes
from tests.surface.asking import BASE, Asked
from tests.surface.shapes import assert_answered, assert_refused
from tests.surface.world import World, name_of, open_world

# Of two names of one thing each is taken for the other, and answers carry both.
BOTH_NAMES = (
    ("clinician_id", "clinician_profile_id"),
    ("appointment_type_id", "appointment_template_id"),
    ("city", "town_city"),
)
FORMS = ("", "_gte", "_lte", "_in")
ALIAS_ROUTES = {
    "/clinician-profiles": "/clinicians",
    "/appointment-templates": "/appointment-types",
}
JUMP_STATUSES = (
    "pending", "confirmed", "completed", "no_show", "cancelled", "scheduled", "pending_approval",
)  # fmt: skip
NOT_KEPT: Mapping[str, Mapping[str, Any]] = {
    "patients": {"display_name": "Ada Lovelace", "avatar_url": None},
    "clinicians": {
        "display_name": "Dr Elizabeth Blackwell",
        "avatar_url": None,
        "photo_url": None,
        "user_id": None,
        "qualifications": None,
    },
    "appointments": {
        "duration_minutes": 30,
        "video_link": None,
        "attendance_status": None,
        "episode_id": None,
    },
    "prescriptions": {"display_name": "Amoxicillin"},
}
# Things that Jump lists below a patient or a consultation, and that are not kept here.
NOT_KEPT_LISTS = ("allergies", "immunisations", "medications", "episodes", "vitals", "referrals")


@pytest.fixture
async def world(database: Database) -> World:
    return await open_world(database)


def asked(world: World, method: str, target: str) -> Asked:
    return Asked(method, BASE + target).with_key(world.key)


async def read(world: World, target: str) -> Any:
    return assert_answered(await world.send(asked(world, "GET", target)))


def lists(routes: tuple[Route, ...]) -> Iterator[Route]:
    return (route for route in routes if route.listing is not None and route.method == "GET")


def taken_by_query(route: Route) -> set[str]:
    listed = route.listing.parameters() if route.listing is not None else []
    return {*listed, *route.flags}


def test_every_record_has_both_names_and_every_body_and_query_takes_both() -> None:
    for name, other in BOTH_NAMES:
        for each in RESOURCES:
            fields = set(each.resource.record.__struct_fields__)
            assert (name in fields) == (other in fields), (
                f"{each.resource.name}: show {name} and {other}, one of them `derived`,"
                " with `aliases` in the bodies and `renamed` in the listing, as consultations do"
            )
        for route in all_routes():
            if route.body is not None:
                sent = {*route.body.fields, *route.body.aliases}
                assert (name in sent) == (other in sent), name_of(route)
            asks = taken_by_query(route)
            for form in FORMS:
                assert (name + form in asks) == (other + form in asks), name_of(route)


async def test_what_is_answered_is_the_same_under_both_names(world: World) -> None:
    compared = set()
    for each in RESOURCES:
        key = each.resource.path.removeprefix("/")
        if key not in world.ids or "{" in each.resource.path:
            continue
        record = await read(world, f"{each.resource.path}/{world.ids[key]}")
        for name, other in BOTH_NAMES:
            if name in record:
                compared.add(name)
                assert record[name] == record[other]
    assert compared == {name for name, _ in BOTH_NAMES}


async def test_a_filter_under_its_other_name_finds_the_same(world: World) -> None:
    for route in lists(world.routes):
        for name, other in BOTH_NAMES:
            if not {name, other} <= taken_by_query(route) or "availability" in route.path:
                continue
            value = world.ids["clinicians" if name == "clinician_id" else "appointment-types"]
            for form in FORMS if name + "_in" in taken_by_query(route) else ("",):
                good = world.good(route)
                found = [
                    assert_answered(await world.send(good.with_query(f"{each}{form}={value}")))
                    for each in (name, other)
                ]
                assert found[0] == found[1] != []
                twice = good.with_query(f"{name}{form}={value}&{other}{form}={value}")
                assert_refused(await world.send(twice), 400, "INVALID_REQUEST")


async def test_alias_routes_answer_the_same_and_take_no_writes(world: World) -> None:
    for alias, path in ALIAS_ROUTES.items():
        assert await read(world, alias) == await read(world, path) != []
        one = world.ids[path.removeprefix("/")]
        assert await read(world, f"{alias}/{one}") == await read(world, f"{path}/{one}")
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            for target in (alias, f"{alias}/{one}"):
                refused = await world.send(asked(world, method, target).with_json({}))
                assert_refused(refused, 405, "METHOD_NOT_ALLOWED")
                assert refused.headers["allow"] == "GET, HEAD"


async def test_every_list_says_its_paging_as_the_older_api_does_too(world: World) -> None:
    for route in lists(world.routes):
        for query, offset in (("limit=1", 0), ("limit=2&offset=1", 1)):
            if route.path == "/events" and offset:
                continue
            answer = (await world.send(world.good(route).with_query(query))).json
            meta = answer["meta"]
            expected = {"limit": meta["limit"], "offset": offset, "has_more": meta["has_more"]}
            assert answer["pagination"] == expected, name_of(route)


async def test_every_status_of_jump_may_be_asked_for_and_those_not_used_match_nothing(
    world: World,
) -> None:
    every = await read(world, f"/appointments?limit=100&status_in={','.join(JUMP_STATUSES)}")
    assert every == await read(world, "/appointments?limit=100") != []
    for status in JUMP_STATUSES:
        expected = [each for each in every if each["status"] == status]
        assert await read(world, f"/appointments?limit=100&status={status}") == expected
    assert await read(world, "/appointments?status_in=scheduled,pending_approval") == []


async def test_a_date_on_appointments_is_the_start(world: World) -> None:
    every = await read(world, "/appointments?sort=start_time&order=asc&limit=100")
    first, last = every[0]["start_time"], every[-1]["start_time"]
    for value in (last, last[:10]):
        query = f"sort=start_time&order=asc&limit=100&{{}}_gte={value}"
        by_date = await read(world, f"/appointments?{query.format('date')}")
        assert by_date == await read(world, f"/appointments?{query.format('start_time')}") != []
    assert [each["id"] for each in await read(world, f"/appointments?date_lte={first}")] == [
        every[0]["id"]
    ]
    both = "date_gte=2026-01-01&start_time_gte=2026-01-01"
    refused = await world.send(asked(world, "GET", f"/appointments?{both}"))
    assert_refused(refused, 400, "INVALID_REQUEST")


async def test_what_is_not_kept_is_derived_or_null(world: World) -> None:
    for key, expected in NOT_KEPT.items():
        record = await read(world, f"/{key}/{world.ids[key]}")
        assert {name: record[name] for name in expected} == expected
        (listed,) = [r for r in await read(world, f"/{key}?limit=100") if r["id"] == record["id"]]
        assert listed == record


async def test_lists_of_what_is_not_kept_are_404_and_never_empty(world: World) -> None:
    for parent in ("patients", "consultations"):
        for name in NOT_KEPT_LISTS:
            target = f"/{parent}/{world.ids[parent]}/{name}"
            assert_refused(await world.send(asked(world, "GET", target)), 404, "NOT_FOUND")


async def test_an_action_by_a_change_of_the_status_is_the_action(world: World) -> None:
    ids = world.ids
    for target, status in (
        (f"/patients/{ids['patients']}", "archived"),
        (f"/patients/{ids['patients']}", "active"),
        (f"/prescriptions/{ids['prescriptions/stop']}", "stopped"),
        (f"/prescriptions/{ids['prescriptions/complete']}", "completed"),
        (f"/consultations/{ids['consultations/complete']}", "completed"),
    ):
        changed = asked(world, "PATCH", target).with_json({"status": status})
        assert assert_answered(await world.send(changed))["status"] == status
    cancelled = asked(world, "PATCH", f"/appointments/{ids['appointments']}")
    error = assert_refused(
        await world.send(cancelled.with_json({"status": "cancelled"})), 422, "VALIDATION_FAILED"
    )
    assert "/cancel" in error["details"][0]["message"]
