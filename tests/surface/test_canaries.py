"""Nothing of a patient and no secret is in a log, a metric, an error or a column not meant for it.

Real processes at DEBUG, on either database: every route with canaries in success, in what it
refuses and in what breaks beneath it; then everything they said and kept is read.
"""

import asyncio
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from jump.caller import OPERATOR, Caller, Tenant
from jump.clinical.records.patients import PATIENTS
from jump.clinical.registry import RESOURCES
from jump.identity import organisations
from jump.keys.scopes import ALL_SCOPES
from jump.rest.routes import Route
from tests import processes
from tests.clinical import booking_records, clinical_records, directory_records
from tests.databases import SqliteStore, Store
from tests.journeys.scene import settings_for
from tests.processes import Jump, Running
from tests.receiver import Answer, Receiver
from tests.rest.api import all_routes
from tests.surface.canaries import (
    AILING,
    AMENDED,
    FILED,
    MARK,
    MAY_HOLD,
    NHS_NUMBER,
    NOTED,
    PATIENT,
    PRESCRIBED,
    REASON,
    TEXTS,
    WRONG_HEADERS,
    Seen,
    Wire,
    database_texts,
    form,
    wrong_bodies,
    wrong_queries,
)
from tests.surface.world import fill, good_bodies, name_of

AT_DEBUG = [sys.executable, str(Path(__file__).with_name("debug_jump.py"))]
BREAKABLE = ("patient_words", "audit", "access_log", "events", "patients", "webhooks", "deliveries")
# Refuses a new patient with an error whose words hold the patient's name.
TELLTALE = {
    "sqlite": [
        "CREATE TRIGGER surprise BEFORE INSERT ON patients"
        " BEGIN SELECT RAISE(ABORT, NEW.first_name || NEW.date_of_birth); END"
    ],
    "postgresql": [
        """CREATE FUNCTION surprise() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '% %', NEW.first_name, NEW.date_of_birth; END $$""",
        "CREATE TRIGGER surprise BEFORE INSERT ON patients"
        " FOR EACH ROW EXECUTE FUNCTION surprise()",
    ],
}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Where webhooks are sent; it fails twice, and its answers are its own."""
    with Receiver() as started:
        started.answer_with(Answer(), Answer(500), Answer())
        yield started


@pytest.fixture
def jump(
    store: Store,
    receiver: Receiver,
    jump_on: Callable[..., Jump],
    monkeypatch: pytest.MonkeyPatch,
) -> Jump:
    """The command, at DEBUG."""
    monkeypatch.setattr(processes, "COMMAND", AT_DEBUG)
    return jump_on(JUMP_DATABASE_URL=store.url, **settings_for(receiver))


async def make_directory(store: Store) -> dict[str, str]:
    """What the API only reads, written beside the running processes."""
    database = store.open()
    organisation = (await database.read(organisations.everyone))[0]
    operator = Caller(Tenant(organisation.id, "test"), OPERATOR, frozenset(ALL_SCOPES))
    ids = await directory_records.make(database, operator)
    await database.close()
    return ids


def use(wire: Wire, seen: Seen, receiver: Receiver, store: Store) -> dict[str, str]:
    """Everything succeeds: every route once with canaries; the ids of the records."""
    webhook = wire.made("/webhooks", {"url": receiver.url, "events": ["patient.created"]})
    seen.add_signing_secret(webhook["secret"])
    patient = wire.made("/patients", PATIENT, headers={"Idempotency-Key": f"{MARK}once"})
    receiver.wait_for(1)
    one = f"/patients/{patient['id']}"
    event = wire.ask("GET", "/events?wait=5")[1]["data"][0]
    delivery = wire.ask("GET", f"/webhooks/{webhook['id']}/deliveries")[1]["data"][0]
    ids = {
        "patients": patient["id"],
        "webhooks": webhook["id"],
        "events": event["id"],
        "delivery": delivery["id"],
        **asyncio.run(make_directory(store)),
    }
    wire.ask("GET", f"/patients?search={MARK}")
    wire.made("/patients/search", {"search": f"{MARK} {NHS_NUMBER}"})
    wire.ask("PATCH", one, {**PATIENT, "city": f"{MARK} moved"})
    wire.made(f"{one}/archive", {"reason": REASON})
    wire.made(f"{one}/unarchive", None)
    ids |= use_calendar(wire, ids)
    ids |= use_records(wire, ids)
    ids |= use_documents(wire, ids)
    bodies = good_bodies(ids)
    for route in sorted(all_routes(), key=lambda r: (r.method == "DELETE", r.path)):
        body = bodies.get(name_of(route), None if route.body is None else {})
        if route.path != "/webhooks/{id}" or route.method != "DELETE":
            answer = wire.ask(route.method, fill(route.path, ids), body)[1]
            if isinstance(answer["data"], dict) and "secret" in answer["data"]:
                seen.add_signing_secret(answer["data"]["secret"])
    return ids


def use_calendar(wire: Wire, ids: dict[str, str]) -> dict[str, str]:
    """An appointment with canaries, moved, changed and taken back; and a hold for somebody new."""
    living = {**PATIENT, "date_of_death": None, "nhs_number": None}
    about = {**ids, "patients": wire.made("/patients", living)["id"]}
    first, second = (
        wire.made("/appointments", {**booking_records.appointment(about, start), **TEXTS})["id"]
        for start in (booking_records.next_start(), booking_records.next_start())
    )
    wire.ask("PATCH", f"/appointments/{first}", {"notes": f"{MARK} changed"})
    start = {"start_time": booking_records.next_start()}
    wire.made(f"/appointments/{first}/reschedule", start)
    wire.made(f"/appointments/{first}/cancel", {"reason": REASON})
    wire.made(f"/appointments/{second}/mark-in-error", {"reason": REASON})
    hold = wire.made("/holds", booking_records.hold(about, booking_records.next_start()))["id"]
    wire.made(f"/holds/{hold}/confirm", living)
    return {"appointments": first, "holds": hold}


def use_records(wire: Wire, ids: dict[str, str]) -> dict[str, str]:
    """A consultation and a problem with canaries, changed, amended and taken back."""
    noted = clinical_records.consultation(ids, status="draft", **NOTED)
    first, second = (wire.made("/consultations", noted)["id"] for _ in range(2))
    one = f"/consultations/{first}"
    wire.ask("PATCH", one, {"summary": f"{MARK} changed"})
    wire.made(f"{one}/complete", None)
    wire.made(f"{one}/amendments", AMENDED)
    wire.made(f"{one}/mark-in-error", {"reason": REASON})
    ailing = clinical_records.problem(ids, **AILING)
    problem, other = (wire.made("/problems", ailing)["id"] for _ in range(2))
    wire.ask("PATCH", f"/problems/{problem}", {"notes": f"{MARK} changed"})
    wire.made(f"/problems/{other}/mark-in-error", {"reason": REASON})
    return {"consultations": second, "problems": problem, **use_prescriptions(wire, ids)}


def use_prescriptions(wire: Wire, ids: dict[str, str]) -> dict[str, str]:
    """Prescriptions with canaries: one is changed, the others are stopped and taken back."""
    prescribed = clinical_records.prescription(ids, **PRESCRIBED)
    first, second, third = (wire.made("/prescriptions", prescribed)["id"] for _ in range(3))
    wire.ask("PATCH", f"/prescriptions/{first}", {"notes": f"{MARK} changed"})
    wire.made(f"/prescriptions/{second}/stop", {"reason": REASON})
    wire.made(f"/prescriptions/{third}/mark-in-error", {"reason": REASON})
    return {"prescriptions": first}


def use_documents(wire: Wire, ids: dict[str, str]) -> dict[str, str]:
    """Documents with canaries in what is said of them, in their content and as a file's name."""
    about = {"patient_id": ids["patients"], **FILED}
    body, media_type = form({**about, "file_name": f"{MARK}.txt"}, f"{MARK} ".encode() * 9)
    for _ in range(2):
        headers = {"Content-Type": media_type, "Idempotency-Key": f"{MARK}form"}
        made = wire.made("/documents", body, headers=headers)["id"]
    wire.ask("PATCH", f"/documents/{made}", {"description": f"{MARK} changed"})
    link = wire.ask("GET", f"/documents/{made}/download")[1]["data"]["url"]
    assert MARK.encode() in wire.text(urlsplit(link).path)
    wire.text(urlsplit(link).path + MARK)
    for wrong in (form({}, b"<svg>" + MARK.encode()), form(about, f"{MARK}\0".encode())):
        assert wire.ask("POST", "/documents", wrong[0], {"Content-Type": wrong[1]})[0] in (415, 422)
    for broken in (
        form({**about, "unknown": MARK}, b"x"),
        (body[:-60], media_type),
        (body, f"{MARK}/x"),
    ):
        assert wire.ask("POST", "/documents", broken[0], {"Content-Type": broken[1]})[0] >= 400
    wire.made(f"/documents/{made}/mark-in-error", {"reason": REASON})
    return {"documents": made}


def places(route: Route) -> list[str]:
    """The names of the ids in the address."""
    first = route.path.split("/")[1]
    return [first if name == "id" else name for name in re.findall(r"{(\w+)}", route.path)]


def misuse(wire: Wire, ids: dict[str, str]) -> None:
    """Everything is refused: canaries in bodies, queries, paths and headers of every route."""
    for route in all_routes():
        path = fill(route.path, ids)
        for body in wrong_bodies(route):
            wire.ask(route.method, path, body)
        for query in wrong_queries(route):
            wire.ask(route.method, f"{path}?{query}")
        for name in places(route):
            for odd in (MARK, f"{NHS_NUMBER}%00{MARK}", f"{MARK}%2F{MARK}", f"{MARK}%ff"):
                wire.ask(route.method, fill(route.path, {**ids, name: odd}))
        wire.ask("PUT", path, PATIENT)
        # A deletion would pass with most of them, and leave the rest nothing to look at.
        for headers in WRONG_HEADERS if route.method != "DELETE" else WRONG_HEADERS[:1]:
            wire.ask(route.method, path, {"unknown": MARK}, headers)
        wire.ask(route.method, f"{path}?key={wire.key}")
    wire.ask("GET", f"/{MARK}/{NHS_NUMBER}")
    wire.ask("GET", f"/{MARK}", base="")
    taken = {**PATIENT, "first_name": f"{MARK} twin"}
    status, _ = wire.ask("POST", "/patients", taken)
    assert status == 409


@contextmanager
def broken(store: Store, table: str) -> Iterator[None]:
    """The table is away."""
    store.execute(f"ALTER TABLE {table} RENAME TO {table}_away")
    yield
    store.execute(f"ALTER TABLE {table}_away RENAME TO {table}")


def break_beneath(wire: Wire, store: Store, ids: dict[str, str]) -> None:
    """Everything fails beneath: tables away, and a database that tells what it refuses."""
    one = f"/patients/{ids['patients']}"
    fresh = {**PATIENT, "nhs_number": None}
    for table in BREAKABLE:
        with broken(store, table):
            before = len(wire.refusals)
            wire.ask("POST", "/patients", fresh)
            wire.ask("PATCH", one, {"city": f"{MARK} {table}"})
            wire.ask("GET", f"/patients?search={MARK}")
            wire.ask("GET", f"/webhooks/{ids['webhooks']}/deliveries/{ids['delivery']}")
            assert {status for _, status, _ in wire.refusals[before:]} == {500}, table
    for statement in TELLTALE["sqlite" if isinstance(store, SqliteStore) else "postgresql"]:
        store.execute(statement)
    assert wire.ask("POST", "/patients", fresh)[0] == 500


def test_no_canary_is_found_where_none_may_be(store: Store, jump: Jump, receiver: Receiver) -> None:
    seen = Seen()
    made = jump.run("keys", "create", "--name", "C", "--mode", "test", "--scopes", "all",
                    "--limit", "1000000", "--json").json  # fmt: skip
    seen.add_key(made["key"])
    serve = jump.start("serve")
    wire = Wire(serve.url, made["key"])
    ids = use(wire, seen, receiver, store)
    misuse(wire, ids)
    break_beneath(wire, store, ids)
    metrics = wire.text("/metrics")
    wire.close()
    serve.terminate()
    assert_clean(seen, wire, serve, metrics)
    assert_kept_where_it_may_be(seen, store.url)


def assert_clean(seen: Seen, wire: Wire, serve: Running, metrics: bytes) -> None:
    """No canary in an error, a log or a metric; and there was something to look at."""
    told: dict[str, Any] = {
        "standard output": serve.output,
        "standard error": serve.errors,
        "metrics": metrics,
    }
    assert '"level": "debug"' in serve.errors
    assert '"event": "fault"' in serve.errors
    assert b"jump_requests_total" in metrics
    assert {name: seen.found_in(text) for name, text in told.items() if seen.found_in(text)} == {}
    statuses = {status for _, status, _ in wire.refusals}
    assert statuses >= {400, 401, 404, 405, 409, 412, 413, 415, 422, 500}
    leaking = [
        (asked, status, body) for asked, status, body in wire.refusals if seen.found_in(body)
    ]
    assert leaking == []


def assert_kept_where_it_may_be(seen: Seen, url: str) -> None:
    """The canaries are in the records, or nothing was looked at; and in no other column."""
    holding: set[tuple[str, str]] = set()
    for table, column, value in database_texts(url):
        if seen.found_in(value):
            holding.add((table, column))
    assert ("patients", "last_name") in holding
    assert ("events", "body") in holding
    written = [each.resource.table for each in RESOURCES if each.resource is not PATIENTS.resource]
    for table in filter(MAY_HOLD.__contains__, written):
        empty = {name for name in MAY_HOLD[table] if (table, name) not in holding}
        assert not empty, f"write canaries into these of {table}, here in use_records: {empty}"
    stray = {
        (table, column)
        for table, column in holding
        if not MAY_HOLD.get(table, set()) & {"*", column}
    }
    assert stray == set()
