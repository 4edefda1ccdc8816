"""What a practice has recorded of its patients, by the program's own functions and from a seed."""

import datetime
import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from benchmarks.practices import Practice
from jump.clinical import crud
from jump.clinical.definition import Resource
from jump.clinical.records.consultations import CONSULTATION
from jump.clinical.records.documents import DOCUMENT
from jump.clinical.records.prescriptions import PRESCRIPTION
from jump.clinical.records.problems import PROBLEM
from jump.kit.clock import DAY
from jump.storage.database import Tx
from jump.storage.sql import sql

TOGETHER: Final = 500  # rows of a transaction
CONSULTATIONS_PER_PATIENT: Final = 10
PROBLEMS_PER_PATIENT: Final = 3
PRESCRIPTIONS_PER_PATIENT: Final = 3
DOCUMENTS_PER_PATIENT: Final = 3
YEARS: Final = 10

_CLINICIANS = sql("""
    SELECT id FROM clinicians WHERE organisation_id = :organisation AND mode = :mode ORDER BY id
""")


async def add(practice: Practice, patients: Sequence[str], seed: int) -> None:
    """Consultations, problems, prescriptions and documents of these patients, over the years."""
    storage, tenant = practice.storage, practice.caller.tenant
    who = {"organisation": tenant.organisation, "mode": tenant.mode}
    rows = await storage.database.read(lambda tx: tx.all(_CLINICIANS, **who))
    chance = random.Random(seed)
    made = Made(chance, storage.clock(), [row["id"] for row in rows])
    for resource, one, each in (
        (CONSULTATION, made.consultation, CONSULTATIONS_PER_PATIENT),
        (PROBLEM, made.problem, PROBLEMS_PER_PATIENT),
        (PRESCRIPTION, made.prescription, PRESCRIPTIONS_PER_PATIENT),
        (DOCUMENT, made.document, DOCUMENTS_PER_PATIENT),
    ):
        values = (one(patient) for patient in patients for _ in range(each))
        await _load(practice, resource, values)
        await storage.database.learn([resource.table])


class Made:
    """Records as somebody might have written them."""

    def __init__(self, chance: random.Random, now: int, clinicians: Sequence[str]) -> None:
        self.chance, self.now, self.clinicians = chance, now, clinicians

    def consultation(self, patient: str) -> dict[str, Any]:
        """One; one in a hundred is a draft, and as many were entered in error."""
        at = self._at()
        return {
            "created_at": at,
            "patient_id": patient,
            "clinician_id": self.chance.choice(self.clinicians),
            "consultation_date": _date(at),
            "chief_complaint": "Tired for some weeks",
            "notes": "Sleeps badly. No weight loss. Bloods taken." * 5,
            "status": "draft" if self.chance.random() < 0.01 else "completed",
            **self._in_error(),
        }

    def problem(self, patient: str) -> dict[str, Any]:
        """One."""
        at = self._at()
        status = self.chance.choice(("active", "active", "resolved", "inactive"))
        return {
            "created_at": at,
            "patient_id": patient,
            "problem_name": "Asthma",
            "snomed_code": "195967001",
            "status": status,
            "onset_date": _date(at),
            "end_date": None if status == "active" else _date(at + DAY),
            **self._in_error(),
        }

    def prescription(self, patient: str) -> dict[str, Any]:
        """One; of four, two are taken still and one was stopped."""
        at = self._at()
        status = self.chance.choice(("active", "active", "stopped", "completed"))
        stopped = {"stopped_at": at + DAY, "stop_reason": "A rash"} if status == "stopped" else {}
        return {
            "created_at": at,
            "patient_id": patient,
            "prescriber_id": self.chance.choice(self.clinicians),
            "medication_name": "Amoxicillin",
            "display_name": "Amoxicillin 500 mg capsules",
            "dosage": "500",
            "dosage_unit": "mg",
            "frequency": "three times a day",
            "quantity": "21",
            "start_date": _date(at),
            "end_date": None if status == "active" else _date(at + 7 * DAY),
            "status": status,
            **stopped,
            **self._in_error(),
        }

    def document(self, patient: str) -> dict[str, Any]:
        """One, without its file: how long that takes belongs to whatever keeps it."""
        return {
            "created_at": self._at(),
            "patient_id": patient,
            "document_type": self.chance.choice(("letter", "letter", "result", "image")),
            "title": "Discharge letter",
            "file_name": "letter.pdf",
            "mime_type": self.chance.choice(("application/pdf", "image/jpeg")),
            "file_size": 48_213,
            "sha256": "0" * 64,
            "status": "available",
            "content_name": f"{self.chance.getrandbits(64):016x}",
            **self._in_error(),
        }

    def _at(self) -> int:
        return self.now - DAY - int(self.chance.random() * YEARS * 365 * DAY)

    def _in_error(self) -> dict[str, Any]:
        if self.chance.random() < 0.99:
            return {}
        return {"entered_in_error": True, "error_reason": "Another patient's"}


async def _load(
    practice: Practice, resource: Resource, values: Iterator[Mapping[str, Any]]
) -> None:
    storage = practice.storage
    at = storage.clock()
    while batch := list(islice(values, TOGETHER)):

        async def work(tx: Tx, batch: list[Mapping[str, Any]] = batch) -> None:
            await crud.load_rows(tx, resource, practice.caller, batch, at)

        await storage.database.write(work)


def _date(at: int) -> datetime.date:
    return datetime.datetime.fromtimestamp(at / 1_000_000, datetime.UTC).date()
