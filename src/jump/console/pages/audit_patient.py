"""Who saw a patient: the requests that read or changed the record, and what people here did.

A patient is found by id only: these pages know nobody's name.
"""

from dataclasses import replace
from functools import partial
from typing import Final

from jump.audit import access_log, trail
from jump.audit.trail import Entry, Wanted
from jump.console import paging
from jump.console.page import Context, Page
from jump.console.pages.audit import names
from jump.console.tables import Found, table
from jump.console.visit import Visit
from jump.errors import InvalidRequest
from jump.kit.ids import is_id
from jump.resources import listing
from jump.storage.sql import Row


async def _show(visit: Visit) -> Context:
    patient = visit.query.one("patient")
    if patient and not is_id("pat", patient):
        raise InvalidRequest("A patient's id is pat_ and 26 letters and digits.")
    requests = await table(partial(_requests, visit, patient))
    entries = await table(partial(_entries, visit, patient))
    return {
        "patient": patient,
        "requests": requests,
        "entries": entries,
        "names": await names(visit, entries.rows),
        "most": paging.ROWS,
    }


async def _requests(visit: Visit, patient: str) -> Found[Row]:
    if not patient:
        return Found(())
    fingerprint = f"patient {visit.tenant} {patient}"
    asked = listing.parse(access_log.OF_PATIENT, [("limit", str(paging.ROWS))])
    after = paging.position(visit, fingerprint)
    query = asked if after is None else replace(asked, after=(after[0], after[1]))
    page = await visit.parts.database.read(
        lambda tx: access_log.of_patient(tx, visit.tenant, patient, query)
    )
    following = paging.next_page(visit, fingerprint, page.after) if page.after else ""
    return Found(page.rows, following, paging.first_page(visit))


async def _entries(visit: Visit, patient: str) -> Found[Entry]:
    """The newest; the audit has them all."""
    if not patient:
        return Found(())
    wanted = Wanted(patient_id=patient)
    return Found(
        await visit.parts.database.read(
            lambda tx: trail.page(tx, visit.tenant, wanted, paging.ROWS)
        )
    )


PAGES: Final = (Page("audit_patient", "/audit/patient", "see_logs", _show, section="audit"),)
