"""The sandbox's practice, as who tries it out finds it, on both databases."""

import datetime
from dataclasses import asdict
from typing import Any

import pytest

from jump.audit import trail
from jump.clinical.loading import sandbox_directory, sandbox_practice
from jump.clinical.loading.practice_rules import broken_rules
from jump.clinical.loading.sandbox_practice import Added
from jump.errors import Conflict
from jump.kit import sctid
from jump.kit.clock import DAY, system_clock
from jump.kit.instants import format_second
from jump.storage.database import Database
from jump.storage.sql import Row, sql
from tests.rest.api import Api, open_api

SEED = 1


class Sandbox:
    """The test mode of a practice."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.at = system_clock()

    async def load(self, patients: int, appointments: int, seed: int = SEED) -> Added:
        return await sandbox_practice.load(
            self.api.database,
            self.api.operator(),
            patients=patients,
            appointments=appointments,
            seed=seed,
            at=self.at,
        )

    async def rows(self, text: str) -> list[Row]:
        organisation = self.api.organisation
        return await self.api.database.read(lambda tx: tx.all(sql(text), organisation=organisation))

    async def one(self, text: str) -> Any:
        (row,) = await self.rows(f"{text} WHERE organisation_id = :organisation AND mode = 'test'")
        return dict(row)["n"]

    async def data(self, path: str) -> Any:
        answer = await self.api.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]


@pytest.fixture
async def sandbox(database: Database) -> Sandbox:
    return Sandbox(await open_api(database))


@pytest.mark.parametrize("day", ["2024-02-29", "2026-03-29", "2026-12-20", "2027-01-04"])
def test_its_directory_breaks_no_rule_of_a_practices_file(day: str) -> None:
    today = datetime.date.fromisoformat(day)
    practice = sandbox_directory.practice(today)
    assert broken_rules(practice, today) == []
    assert [len(practice.locations), len(practice.clinicians), len(practice.appointment_types)] == [
        2,
        6,
        8,
    ]
    assert all(each.ends_on is None for who in practice.clinicians for each in who.sessions)
    assert sum(each.max_group_size > 1 for each in practice.appointment_types) == 1
    assert [each.reference for each in practice.appointment_types if not each.is_active] == [
        "travel"
    ]
    offers = [offer for who in practice.clinicians for offer in who.offers]
    assert {each.appointment_type for each in offers if each.is_remote} == {"phone"}


async def test_every_active_type_has_free_times_in_the_next_twelve_days_however_often_it_is_loaded(
    sandbox: Sandbox,
) -> None:
    first = format_second(sandbox.at)[:10]
    last = format_second(sandbox.at + 12 * DAY)[:10]
    for _ in range(3):
        await sandbox.load(20, 1_500)
        kinds = await sandbox.data("/appointment-types?is_active=true&allow_online_booking=true")
        assert len(kinds) == 7
        for kind in kinds:
            query = f"appointment_type_id={kind['id']}&date_from={first}&date_to={last}"
            free = (await sandbox.data(f"/availability?{query}"))["slots"]
            assert free, kind["name"]


async def test_appointments_are_past_and_to_come_and_take_their_time(sandbox: Sandbox) -> None:
    added = await sandbox.load(50, 800)
    assert (added.patients, added.appointments) == (50, 800)
    counted = {
        row["status"]: row["n"]
        for row in await sandbox.rows(
            "SELECT status, count(*) AS n FROM appointments WHERE organisation_id = :organisation"
            " GROUP BY status"
        )
    }
    assert set(counted) == {"completed", "no_show", "cancelled", "confirmed", "pending"}
    assert counted["completed"] > sum(counted.values()) / 2
    now = format_second(sandbox.at)
    ahead = await sandbox.data(f"/appointments?start_time_gte={now}&limit=100")
    assert {each["status"] for each in ahead} <= {"confirmed", "pending", "cancelled"}
    assert len(ahead) > 50
    past = await sandbox.data(f"/appointments?start_time_lte={now}&status=pending")
    assert past == []
    seats = await sandbox.one("SELECT count(*) AS n FROM claim_seats")
    assert seats == 800 - counted["cancelled"]
    claims = await sandbox.one("SELECT count(*) AS n FROM calendar_claims")
    assert 0 < claims < seats, "no group has several seats"


async def test_what_was_completed_was_written_down_by_whoever_was_there(sandbox: Sandbox) -> None:
    await sandbox.load(20, 300)
    completed = await sandbox.rows(
        "SELECT count(*) AS n FROM appointments WHERE organisation_id = :organisation"
        " AND status = 'completed'"
    )
    assert await sandbox.one("SELECT count(*) AS n FROM consultations") == completed[0]["n"]
    odd = await sandbox.rows(
        "SELECT c.id FROM consultations c JOIN appointments a"
        " ON a.organisation_id = c.organisation_id AND a.mode = c.mode AND a.id = c.appointment_id"
        " WHERE c.organisation_id = :organisation AND (a.status <> 'completed'"
        " OR a.clinician_id <> c.clinician_id OR a.location_id <> c.location_id"
        " OR c.created_at < a.end_time)"
    )
    assert odd == []
    statuses = await sandbox.rows(
        "SELECT DISTINCT status FROM problems WHERE organisation_id = :organisation"
    )
    assert {row["status"] for row in statuses} == {"active", "resolved"}
    for each in await sandbox.data("/problems?limit=100"):
        (consultation,) = await sandbox.data(f"/consultations?id={each['consultation_id']}")
        assert consultation["patient_id"] == each["patient_id"]
        assert each["onset_date"] < consultation["consultation_date"]
        assert sctid.is_valid(each["snomed_code"])
    twice = await sandbox.rows(
        "SELECT patient_id FROM problems WHERE organisation_id = :organisation"
        " GROUP BY patient_id, problem_name HAVING count(*) > 1"
    )
    assert twice == []


async def test_nobody_is_twice_in_a_group_and_everybody_was_born_and_booked_before(
    sandbox: Sandbox,
) -> None:
    await sandbox.load(12, 600)
    twice = await sandbox.rows(
        "SELECT claim_id FROM appointments WHERE organisation_id = :organisation"
        " AND claim_id IS NOT NULL GROUP BY claim_id, patient_id HAVING count(*) > 1"
    )
    assert twice == []
    odd = await sandbox.rows(
        "SELECT id FROM appointments WHERE organisation_id = :organisation"
        " AND (created_at > start_time OR cancelled_at > start_time OR cancelled_at < created_at)"
    )
    assert odd == []


async def test_what_was_added_is_told_of_every_kind(sandbox: Sandbox) -> None:
    added = await sandbox.load(30, 1_000)
    for kind, told in asdict(added).items():
        assert told == await sandbox.one(f"SELECT count(*) AS n FROM {kind}") > 0, kind


async def test_loading_again_adds_to_the_one_directory(sandbox: Sandbox) -> None:
    await sandbox.load(10, 100)
    before = [await sandbox.data(path) for path in ("/clinicians", "/locations")]
    added = await sandbox.load(10, 100, seed=2)
    assert (added.patients, added.appointments) == (10, 100)
    assert [await sandbox.data(path) for path in ("/clinicians", "/locations")] == before
    assert await sandbox.one("SELECT count(*) AS n FROM appointments") == 200
    assert await sandbox.one("SELECT count(*) AS n FROM patients") == 20


async def test_there_is_an_audit_row_for_each_record_and_no_event(sandbox: Sandbox) -> None:
    await sandbox.load(5, 40)
    counted = await sandbox.rows(
        "SELECT action, count(*) AS n FROM audit WHERE organisation_id = :organisation"
        " AND mode = 'test' AND record_type <> 'key' GROUP BY action"
    )
    written = {"consultation.created": 0, "problem.created": 0}
    for kind in ("consultation", "problem"):
        written[f"{kind}.created"] = await sandbox.one(f"SELECT count(*) AS n FROM {kind}s")
    assert written["consultation.created"] > written["problem.created"] > 0
    assert {row["action"]: row["n"] for row in counted} == written | {
        "patient.created": 5,
        "appointment.created": 40,
        "clinician.created": 6,
        "clinician.rota_changed": 6,
        "location.created": 2,
        "location.closures_changed": 1,
        "organisation.closures_changed": 1,
        "appointment_type.created": 8,
    }
    assert await sandbox.one("SELECT count(*) AS n FROM events") == 0
    tenant = sandbox.api.operator().tenant
    wanted = trail.Wanted(action="appointment.created")
    entries = await sandbox.api.database.read(lambda tx: trail.page(tx, tenant, wanted))
    assert all(str(each.change.patient_id).startswith("pat_") for each in entries)


async def test_live_mode_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(Conflict):
        await sandbox_practice.load(
            sandbox.api.database,
            sandbox.api.operator("live"),
            patients=1,
            appointments=1,
            seed=SEED,
            at=sandbox.at,
        )


async def test_the_same_seed_makes_the_same_appointments(database: Database) -> None:
    sandbox = Sandbox(await open_api(database))
    made = []
    for name in ("One", "Other"):
        organisation = await sandbox.api.new_organisation(name)
        await sandbox_practice.load(
            database,
            sandbox.api.operator(organisation=organisation),
            patients=8,
            appointments=60,
            seed=SEED,
            at=sandbox.at,
        )
        sandbox.api.organisation = organisation
        made.append(
            [
                tuple(row.values())
                for row in await sandbox.rows(
                    "SELECT a.start_time, a.status, p.last_name, c.reference FROM appointments a"
                    " JOIN patients p ON p.organisation_id = a.organisation_id"
                    " AND p.mode = a.mode AND p.id = a.patient_id"
                    " JOIN clinicians c ON c.organisation_id = a.organisation_id"
                    " AND c.mode = a.mode AND c.id = a.clinician_id"
                    " WHERE a.organisation_id = :organisation"
                    " ORDER BY a.start_time, c.reference, p.nhs_number"
                )
            ]
        )
    assert made[0] == made[1]
