"""Amendments: what is added to a completed consultation. They are never changed or taken away.

An amendment is part of its consultation, and its id has the same prefix: the contract's list has
none for it. It is read in the list of its consultation, never by its id.
"""

from typing import Final

from msgspec.structs import replace

from jump.clinical import crud
from jump.clinical.definition import Link, Registered, Resource
from jump.clinical.records.consultation_fields import AMENDING, Amendment
from jump.clinical.records.consultations import CONSULTATION, ONE, load_in
from jump.clinical.sub_lists import sub_list
from jump.errors import Conflict
from jump.resources.definition import Answer, Call, Documentation, Operation
from jump.resources.listing import Filter, Listing
from jump.storage.database import Tx

AMENDMENT: Final = Resource(
    name="consultation_amendment",
    path=f"{ONE}/amendments",
    prefix=CONSULTATION.prefix,
    table="consultation_amendments",
    record=Amendment,
    body=AMENDING,
    listing=Listing(
        source="consultation_amendments",
        columns=Amendment.__struct_fields__,
        filters=(
            Filter("id", "text"),
            Filter("consultation_id", "text"),
            Filter("patient_id", "text"),
            Filter("created_at", "instant"),
            Filter("updated_at", "instant"),
        ),
    ),
    read_scope=CONSULTATION.read_scope,
    write_scope=CONSULTATION.write_scope,
    patient="patient_id",
    links=(
        Link(
            "consultation_id",
            "consultations",
            "consultation",
            "consultation_amendments_consultation",
            of_patient=True,
        ),
    ),
)


async def amend(tx: Tx, call: Call) -> Answer:
    """Add to a completed consultation: why, and what."""
    consultation = await load_in(tx, call, "completed")
    values = {
        "consultation_id": consultation["id"],
        "patient_id": consultation["patient_id"],
        **call.body,
    }
    done = await crud.create(tx, AMENDMENT, call, values)
    return replace(done, location=f"{CONSULTATION.path}/{consultation['id']}/amendments")


AMENDMENTS = Registered(
    AMENDMENT,
    (
        sub_list(CONSULTATION, AMENDMENT, "consultation_id"),
        Operation(
            "POST",
            AMENDMENT.path,
            amend,
            "write_consultations",
            "Amend a completed consultation",
            writes=True,
            body=AMENDING,
            documentation=Documentation(refuses={Conflict: "The consultation is a draft still."}),
        ),
    ),
)
