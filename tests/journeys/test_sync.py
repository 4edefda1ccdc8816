"""A copy that misses nothing: whoever writes, by whichever process, however late it commits."""

import asyncio
import datetime
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from jump.caller import Tenant
from tests.clinical import calendar_rows as rows
from tests.databases import Store
from tests.journeys.copying import PROGRAM, Copy, truth
from tests.journeys.open_practice import at, monday, open_practice
from tests.journeys.scene import Scene, data, wait_until
from tests.rest.api import open_api

# On SQLite one writer follows the other, and what is committed later is dated later.
pytestmark = pytest.mark.parametrize("store", ["postgresql"], indirect=True)

MANY_PATIENTS = 230
PATIENT = {"first_name": "Ada", "last_name": "Lovelace", "date_of_birth": "1980-02-29"}
COURSE = {
    "patient_id": rows.PATIENT, "prescriber_id": rows.ADA, "medication_name": "Amoxicillin",
    "dosage": "500", "frequency": "daily", "start_date": "2026-03-02",
}  # fmt: skip
OVERLAP = "OVERLAP = datetime.timedelta(minutes=5)"
CHANGES = 12  # of each writer


@pytest.fixture
def practice(scene: Scene, store: Store) -> tuple[str, list[httpx.Client]]:
    """A key, and clients of two API processes; a third process numbers the events."""
    key = open_practice(store)
    asyncio.run(_more_patients(store))
    running = [scene.jump.start("api") for _ in range(2)]
    scene.jump.start("work")
    return key, [scene.client(each, key) for each in running]


@pytest.fixture
def copies(tmp_path: Path) -> Iterator[Callable[..., Copy]]:
    made: list[Copy] = []

    def make(client: httpx.Client, key: str, program: str = PROGRAM) -> Copy:
        url = str(client.base_url).removesuffix("/api/v1/")
        made.append(Copy(tmp_path / f"copy{len(made)}", url, key, program))
        return made[-1]

    yield make
    for each in made:
        each.kill()


async def _more_patients(store: Store) -> None:
    """Of one moment, as if loaded: more than pages of a hundred hold."""
    database = store.open()
    organisation = (await open_api(database)).organisation
    made = [rows.patient(f"pat_more_{number:03}") for number in range(MANY_PATIENTS)]
    await rows.write(database, Tenant(organisation, "test"), made)
    await database.close()


def write_patients(client: httpx.Client) -> None:
    for number in range(CHANGES):
        made = data(client.post("/patients", json=PATIENT), 201)
        one = f"/patients/{made['id']}"
        data(client.patch(one, json={"city": f"Ely {number}"}))
        data(client.post(f"{one}/archive", json={"reason": "moved"}))
        if number % 3 == 0:
            data(client.post(f"{one}/unarchive", json={}))
        data(client.patch(f"/patients/pat_more_{number:03}", json={"city": "Bath"}))


def write_appointments(client: httpx.Client) -> None:
    about = {"patient_id": rows.PATIENT, "appointment_type_id": rows.CHECK}
    about["clinician_profile_id"] = rows.ADA
    for number in range(CHANGES):
        day = monday() + datetime.timedelta(days=number // 6)
        start = at(f"{9 + number % 6 // 2:02}:{number % 2 * 3}0", day)
        made = data(client.post("/appointments", json={**about, "start_time": start}), 201)
        one = f"/appointments/{made['id']}"
        if number % 3 == 0:
            data(client.post(f"{one}/mark-in-error", json={"reason": "twice"}))
        elif number % 3 == 1:
            data(client.post(f"{one}/cancel", json={"reason": "ill"}))
        else:
            data(client.patch(one, json={"notes": "Bring the letter."}))


def write_records(client: httpx.Client) -> None:
    seen = {"patient_id": rows.PATIENT, "clinician_id": rows.ADA}
    for number in range(CHANGES):
        body = {**seen, "consultation_date": "2026-01-05", "status": "draft"}
        consultation = data(client.post("/consultations", json=body), 201)["id"]
        about = {**COURSE, "consultation_id": consultation}
        one = f"/prescriptions/{data(client.post('/prescriptions', json=about), 201)['id']}"
        problem = {"patient_id": rows.PATIENT, "problem_name": "Asthma"}
        data(client.post("/problems", json=problem), 201)
        data(client.patch(one, json={"notes": f"{number}"}))
        data(client.post(f"/consultations/{consultation}/complete", json={}))
        letter = {"patient_id": rows.PATIENT, "document_type": "letter", "title": f"{number}"}
        document = f"/documents/{data(client.post('/documents', json=letter), 201)['id']}"
        if number % 2:
            data(client.put(f"{document}/content", content=b"Seen and well."))
        data(client.patch(document, json={"title": f"Letter {number}"}))
        action = ("stop", "mark-in-error", "complete")[number % 3]
        data(client.post(f"{one}/{action}", json={} if action == "complete" else {"reason": "x"}))


def test_a_copy_is_the_truth_though_all_write_at_once_and_it_is_killed_on_the_way(
    practice: tuple[str, list[httpx.Client]], copies: Callable[..., Copy]
) -> None:
    key, clients = practice
    copy = copies(clients[0], key)
    copy.start()
    writers = (write_patients, write_appointments, write_records)
    with ThreadPoolExecutor(6) as pool:
        done = [pool.submit(write, clients[turn % 2]) for turn, write in enumerate(writers)]
        done += [pool.submit(write_records, clients[1]), pool.submit(write_patients, clients[1])]
        for kept in (MANY_PATIENTS // 2, MANY_PATIENTS):
            wait_until(lambda least=kept: len(copy.records("patients")) > least, 60, "patients")
            copy.kill()
            copy.start()
        for each in done:
            each.result()
    wait_until(lambda: copy.is_like(clients[1]), 60, "the copy is the truth")
    found = {name: truth(clients[1], name).values() for name in ("patients", "prescriptions")}
    assert len(found["patients"]) == 2 + MANY_PATIENTS + 2 * CHANGES
    assert {each["status"] for each in found["patients"]} == {"active", "archived"}
    assert {each["entered_in_error"] for each in found["prescriptions"]} == {True, False}


@contextmanager
def held(store: Store, prescription: str) -> Iterator[Callable[[], bool]]:
    """The prescription is locked by somebody else; whether anybody waits for it."""
    loop = asyncio.new_event_loop()
    run = loop.run_until_complete
    holder, looker = run(asyncpg.connect(store.url)), run(asyncpg.connect(store.url))
    run(holder.execute("BEGIN"))
    run(holder.execute("SELECT id FROM prescriptions WHERE id = $1 FOR UPDATE", prescription))
    waiting = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    try:
        yield lambda: run(looker.fetchval(waiting)) > 0
        run(holder.execute("COMMIT"))
    finally:
        run(holder.close())
        run(looker.close())
        loop.close()


def commit_late(
    store: Store, clients: list[httpx.Client], passed: Callable[[dict[str, Any]], bool]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A change that began before another and is committed after it, and after `passed` of that.

    The two as they are then, the late one first.
    """
    ids = [data(clients[0].post("/prescriptions", json=COURSE), 201)["id"] for _ in range(2)]
    with ThreadPoolExecutor(1) as pool:
        with held(store, ids[0]) as is_waited_for:
            late = pool.submit(clients[0].patch, f"/prescriptions/{ids[0]}", json={"notes": "a"})
            wait_until(is_waited_for, 10, "the change waits")
            early = data(clients[1].patch(f"/prescriptions/{ids[1]}", json={"notes": "b"}))
            wait_until(lambda: passed(early), 20, "the copy is past the other change")
        return data(late.result()), early


def test_a_change_that_is_committed_late_is_not_missed(
    practice: tuple[str, list[httpx.Client]], copies: Callable[..., Copy], store: Store
) -> None:
    key, clients = practice
    copy = copies(clients[1], key)
    copy.start()

    def has(record: dict[str, Any]) -> bool:
        return copy.records("prescriptions").get(record["id"]) == record

    late, early = commit_late(store, clients, has)
    assert late["updated_at"] < early["updated_at"]
    wait_until(lambda: copy.is_like(clients[0]), 30, "the copy is the truth")


def test_without_its_overlap_the_same_program_would_miss_it(
    practice: tuple[str, list[httpx.Client]], copies: Callable[..., Copy], store: Store
) -> None:
    key, clients = practice
    assert PROGRAM.count(OVERLAP) == 1
    naive = PROGRAM.replace(OVERLAP, "OVERLAP = datetime.timedelta(0)")
    copy = copies(clients[1], key, naive)
    copy.start()

    def is_past(record: dict[str, Any], seconds: int = 0) -> bool:
        then = instant(record["updated_at"]) + datetime.timedelta(seconds=seconds)
        marked = copy.marked("prescriptions")
        return bool(marked) and instant(marked) > then

    late, _ = commit_late(store, clients, is_past)
    after = data(clients[1].post("/prescriptions", json=COURSE), 201)
    wait_until(lambda: is_past(after, seconds=3), 20, "the copy has asked again, and once more")
    assert copy.records("prescriptions")[late["id"]]["version"] < late["version"]


def instant(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)
