"""How many statements each route takes, exactly, so that a rise is seen and none grows with rows.

A number here is a timing that never flickers. It may go down; before it goes up, say why.
"""

from typing import NamedTuple

import pytest

from jump.resources.definition import Operation
from jump.rest.routes import Route
from jump.storage.database import Database
from tests.surface.asking import Asked
from tests.surface.counting import CountingDatabase
from tests.surface.shapes import assert_answered, assert_refused
from tests.surface.table import over
from tests.surface.world import PATIENT, World, end_delivery, name_of, open_world


class Statements(NamedTuple):
    """`admitting` counts the request; `writing` are in one transaction, `reading` may be."""

    admitting: int = 1
    reading: int = 0
    writing: int = 0


# A change is one statement with all that is written about it: the record, its audit row, its event,
# and the access log with its link to the patient.
EXPECTED = {
    "GET /me": Statements(),
    "GET /patients": Statements(reading=1),
    "POST /patients": Statements(writing=3),  # also the words it is found by
    "POST /patients/search": Statements(reading=1),
    "GET /patients/{id}": Statements(reading=1),
    "PATCH /patients/{id}": Statements(writing=2),  # also the lock
    "POST /patients/{id}/archive": Statements(writing=2),
    "POST /patients/{id}/unarchive": Statements(writing=2),
    "GET /patients/{id}/access-log": Statements(reading=2),  # also whether there is such a patient
    "GET /appointment-types": Statements(reading=1),
    "GET /appointment-types/{id}": Statements(reading=1),
    "GET /appointment-templates": Statements(reading=1),
    "GET /appointment-templates/{id}": Statements(reading=1),
    # The type, who offers it, their sessions and absences; then what is taken.
    "GET /availability": Statements(reading=5),
    "GET /availability/next": Statements(reading=5),
    "POST /availability/verify": Statements(reading=9),  # also the others near a time that is past
    "GET /clinicians": Statements(reading=1),
    "GET /clinicians/{id}": Statements(reading=1),
    "GET /clinician-profiles": Statements(reading=1),
    "GET /clinician-profiles/{id}": Statements(reading=1),
    "GET /locations": Statements(reading=1),
    "GET /locations/{id}": Statements(reading=1),
    "GET /appointments": Statements(reading=1),
    "GET /appointments/{id}": Statements(reading=1),
    # Also the patient, the clinician's lock, what is offered (4), what is taken, what has expired,
    # the claim and the seat.
    "POST /appointments": Statements(writing=11),
    "PATCH /appointments/{id}": Statements(writing=2),
    # The same, with the lock of the appointment, and its old seat and claim.
    "POST /appointments/{id}/reschedule": Statements(writing=14),
    "POST /appointments/{id}/cancel": Statements(writing=5),
    "POST /appointments/{id}/mark-in-error": Statements(writing=5),
    "POST /appointments/{id}/complete": Statements(writing=3),  # also the time
    "POST /appointments/{id}/no-show": Statements(writing=3),
    "POST /appointments/{id}/confirm": Statements(writing=3),
    "POST /holds": Statements(writing=12),  # also the key's turn and how many it has
    "GET /holds/{id}": Statements(reading=2),  # also the time
    "DELETE /holds/{id}": Statements(writing=7),
    "POST /holds/{id}/confirm": Statements(writing=9),  # two records, one seat that changes hands
    "GET /consultations": Statements(reading=1),
    "GET /consultations/{id}": Statements(reading=1),
    "POST /consultations": Statements(writing=2),  # also what it names
    "PATCH /consultations/{id}": Statements(writing=2),
    "POST /consultations/{id}/complete": Statements(writing=2),
    "POST /consultations/{id}/mark-in-error": Statements(writing=2),
    "POST /consultations/{id}/amendments": Statements(writing=2),
    "GET /problems": Statements(reading=1),
    "GET /problems/{id}": Statements(reading=1),
    "POST /problems": Statements(writing=2),
    "PATCH /problems/{id}": Statements(writing=2),
    "POST /problems/{id}/mark-in-error": Statements(writing=2),
    "GET /prescriptions": Statements(reading=1),
    "GET /prescriptions/{id}": Statements(reading=1),
    "POST /prescriptions": Statements(writing=2),
    "PATCH /prescriptions/{id}": Statements(writing=2),
    "POST /prescriptions/{id}/stop": Statements(writing=2),
    "POST /prescriptions/{id}/complete": Statements(writing=2),
    "POST /prescriptions/{id}/mark-in-error": Statements(writing=2),
    # Also whether there is such a patient or consultation.
    "GET /patients/{id}/consultations": Statements(reading=2),
    "GET /patients/{id}/problems": Statements(reading=2),
    "GET /consultations/{id}/problems": Statements(reading=2),
    "GET /consultations/{id}/amendments": Statements(reading=2),
    "GET /patients/{id}/prescriptions": Statements(reading=2),
    "GET /consultations/{id}/prescriptions": Statements(reading=2),
    "GET /documents": Statements(reading=1),
    "POST /documents": Statements(writing=2),  # also the patient; no event before the content
    "GET /documents/{id}": Statements(reading=1),
    "PATCH /documents/{id}": Statements(writing=2),
    # The lock and that a file is to come; then the file, the lock, the record, and it once more.
    "PUT /documents/{id}/content": Statements(writing=7),
    "GET /documents/{id}/download": Statements(reading=1),
    "POST /documents/{id}/mark-in-error": Statements(writing=2),
    "GET /patients/{id}/documents": Statements(reading=2),
    "GET /consultations/{id}/documents": Statements(reading=2),
    "GET /webhooks": Statements(reading=1),
    "POST /webhooks": Statements(writing=5),  # also the key's state, the lane and the secret
    "GET /webhooks/{id}": Statements(reading=1),
    "PATCH /webhooks/{id}": Statements(writing=3),
    "DELETE /webhooks/{id}": Statements(writing=6),  # also what it waits for, and its secrets
    "POST /webhooks/{id}/test": Statements(writing=3),
    "POST /webhooks/{id}/rotate-secret": Statements(writing=7),
    "POST /webhooks/{id}/replay": Statements(writing=5),
    "GET /webhooks/{id}/deliveries": Statements(reading=2),
    "GET /webhooks/{id}/deliveries/{delivery}": Statements(reading=2),
    "POST /webhooks/{id}/deliveries/{delivery}/resend": Statements(writing=4),
    "GET /events": Statements(reading=2),
    "GET /events/{id}": Statements(reading=1),
}

# What reads with several statements that need not see the database at one moment: whether there is
# what the list is of, and then the list; a hold, and then what time it is.
AT_ANY_MOMENT = {
    "GET /patients/{id}/access-log",
    "GET /holds/{id}",
    "GET /patients/{id}/consultations",
    "GET /patients/{id}/problems",
    "GET /consultations/{id}/problems",
    "GET /consultations/{id}/amendments",
    "GET /patients/{id}/prescriptions",
    "GET /consultations/{id}/prescriptions",
    "GET /patients/{id}/documents",
    "GET /consultations/{id}/documents",
    "GET /webhooks/{id}/deliveries",
}


@pytest.fixture
def counting(database: Database) -> CountingDatabase:
    return CountingDatabase(database)


@pytest.fixture
async def world(counting: CountingDatabase) -> World:
    return await open_world(counting)


async def statements(world: World, asked: Asked, status: int | None = None) -> Statements:
    """What answering takes."""
    database = world.api.database
    assert isinstance(database, CountingDatabase)
    database.counted.clear()
    database.transactions.clear()
    reply = await world.send(asked)
    if status is not None and status >= 400:
        assert reply.status == status
    else:
        assert_answered(reply, status or (201 if "location" in reply.headers else 200))
    # A file comes between two: it is refused before the first, and taken in the second.
    most = 2 if asked.method == "PUT" else 1
    assert sum(database.transactions[way] for way in ("look", "read", "write")) <= most
    counted = database.counted
    return Statements(counted["count"], counted["look"] + counted["read"], counted["write"])


async def test_every_route_takes_the_statements_written_here(world: World) -> None:
    async def check(route: Route) -> None:
        if route.path.endswith("/replay"):
            await end_delivery(world.api, world.key, world.ids["delivery"])
        assert await statements(world, world.good(route)) == EXPECTED[name_of(route)]

    assert set(EXPECTED) == {name_of(route) for route in world.routes}
    await over(world.routes_by_need(), check)


async def test_what_reads_with_several_statements_says_if_they_must_see_one_moment(
    world: World,
) -> None:
    several = {name for name, statements in EXPECTED.items() if statements.reading > 1}
    operations = [route for route in world.routes if isinstance(route, Operation)]
    told = {name_of(each) for each in operations if each.one_moment}
    assert several & {name_of(each) for each in operations} == told | AT_ANY_MOMENT


async def test_a_list_takes_no_more_statements_for_more_rows(world: World) -> None:
    for number in range(12):
        await world.api.post("/patients", {**PATIENT, "first_name": f"Ada {number}"}, key=world.key)

    async def check(route: Route) -> None:
        for query in ("limit=1", "limit=100", "limit=5&order=asc", "offset=3"):
            if route.path == "/events" and "offset" in query:
                continue
            counted = await statements(world, world.good(route).with_query(query))
            assert counted == EXPECTED[name_of(route)]

    lists = [route for route in world.routes if route.listing and route.method == "GET"]
    await over(lists, check)


async def test_a_following_page_takes_what_the_first_one_does(world: World) -> None:
    for _ in range(3):
        await world.api.post("/patients", PATIENT, key=world.key)
    listed = Asked("GET", "/api/v1/patients?limit=2").with_key(world.key)
    first = await world.send(listed)
    cursor = first.json["meta"]["next_cursor"]
    following = await statements(world, listed.with_query(f"cursor={cursor}"))
    assert following == EXPECTED["GET /patients"]


async def test_a_search_takes_one_statement_for_any_number_of_words(world: World) -> None:
    search = Asked("POST", "/api/v1/patients/search").with_key(world.key)
    for words in ("ada", "ada lov 1980-02-29 999 000 0018 a l"):
        assert await statements(world, search.with_json({"search": words})) == Statements(reading=1)


async def test_a_changed_name_takes_three_more_for_its_words_and_no_change_takes_two(
    world: World,
) -> None:
    patch = Asked("PATCH", f"/api/v1/patients/{world.ids['patients']}").with_key(world.key)
    names = {"first_name": "Augusta", "last_name": "King", "preferred_name": "Ada"}
    assert await statements(world, patch.with_json(names)) == Statements(writing=5)
    assert await statements(world, patch.with_json(names)) == Statements(writing=2)


async def test_an_idempotency_key_takes_two_more_and_a_replay_three(world: World) -> None:
    post = Asked("POST", "/api/v1/patients").with_key(world.key).with_json(PATIENT)
    post = post.with_header("idempotency-key", "once")
    assert await statements(world, post) == Statements(writing=5)
    assert await statements(world, post, 201) == Statements(writing=3)


async def test_a_refusal_before_the_work_begins_takes_no_transaction(world: World) -> None:
    limited = await world.api.make_key("read_patients")
    post = Asked("POST", "/api/v1/patients").with_key(world.key)
    for asked, status in (
        (post.with_json({}), 422),
        (post.with_body(b"{"), 400),
        (post.with_query("zz=1"), 400),
        (post.with_key(limited).with_json(PATIENT), 403),
        (post.at("/nothing"), 404),
        (Asked("DELETE", post.target).with_key(world.key), 405),
    ):
        assert await statements(world, asked, status) == Statements()


async def test_a_refused_key_takes_a_look_and_a_count_and_a_malformed_one_the_count_only(
    world: World,
) -> None:
    get = Asked("GET", "/api/v1/patients", client="203.0.113.1")
    for key, most in ((None, 1), ("pk_test_x", 1), (world.key[:-1], 1)):
        assert await statements(world, get.with_key(key), 401) == Statements(admitting=most)
    spent = await world.api.make_key(limit=1)
    assert await statements(world, get.with_key(spent)) == Statements(reading=1)
    reply = await world.send(get.with_key(spent))
    assert_refused(reply, 429, "RATE_LIMITED")
    assert await statements(world, get.with_key(spent), 429) == Statements(admitting=2)
