"""The rows that tests of the calendar start from are taken by both databases."""

from jump.caller import Tenant
from jump.identity import organisations
from jump.kit.clock import HOUR
from jump.storage.database import Database
from jump.storage.sql import sql
from tests.clinical import calendar_rows as rows


async def test_a_practice_and_its_bookings_can_be_written(database: Database):
    organisation = (await database.read(organisations.everyone))[0]
    tenant = Tenant(organisation.id, "test")
    await rows.of_practice(database, tenant)
    group = rows.claim("clm_group", 20 * HOUR, 60, appointment_type_id=rows.CLASS, capacity=3)
    await rows.write(
        database,
        tenant,
        [
            *rows.booked("one", 10 * HOUR),
            group,
            rows.hold_seat("clm_group", "hold_1", expires_at=1, seat=2, capacity=3),
            rows.one_off("ses_once", rows.ADA, rows.MAIN, "2026-01-03", "09:00", "24:00"),
            rows.closure("clo_all", None, "2026-12-25T00:00", "2026-12-26T00:00"),
            rows.leave("lea_ada", rows.ADA, "2026-02-02T00:00", "2026-02-03T13:00"),
        ],
    )
    counts = await database.read(
        lambda tx: tx.one(
            sql(
                "SELECT (SELECT count(*) FROM rota_sessions WHERE organisation_id = :o) AS rota,"
                " (SELECT count(*) FROM claim_seats WHERE organisation_id = :o) AS seats"
            ),
            o=tenant.organisation,
        )
    )
    assert counts is not None
    assert (counts["rota"], counts["seats"]) == (21, 2)
