"""What the sandbox's clinicians wrote down after their last appointments: consultations, and the
problems that came to light.

Pure: which appointments there were is sandbox_bookings', and so is writing these.
"""

import datetime
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

from jump.kit.clock import SECOND
from jump.kit.ids import new_id

MOST: Final = 5_000  # consultations of one load: enough to read, and soon written
_SHARE_OF_DRAFTS: Final = 0.02


@dataclass(frozen=True, slots=True)
class _Reason:
    """Why somebody came, what came of it, and what it is called if it lasts."""

    complaint: str
    summary: str
    problem: str | None = None
    snomed_code: str | None = None
    icd10_code: str | None = None
    ends: bool = False


_REASONS: Final = (
    _Reason("Sore throat for three days", "Viral. Fluids and rest; come back if it lasts."),
    _Reason("Results of blood tests", "All within range. No change."),
    _Reason("Travel advice", "Advice given; vaccinations are up to date."),
    _Reason("Wheeze at night", "Peak flow down. Inhaler technique shown.",
            "Asthma", "195967001", "J45.9"),
    _Reason("Blood pressure check", "Raised again, as at home.",
            "Essential hypertension", "59621000", "I10X"),
    _Reason("Thirsty and tired", "HbA1c above the limit twice. Told of the diagnosis.",
            "Type 2 diabetes mellitus", "44054006", "E11.9"),
    _Reason("Back pain after lifting", "No red flags. Keep moving; exercises given.",
            "Low back pain", "279039007", "M54.5", ends=True),
    _Reason("Itchy elbows", "Dry, red patches. Emollient.",
            "Atopic dermatitis", "24079001", "L20.9"),
    _Reason("Headaches with flashing lights", "Typical aura. Diary of headaches begun.",
            "Migraine", "37796009", "G43.9"),
    _Reason("Stiff knees in the morning", "Crepitus on both sides, no swelling.",
            "Osteoarthritis", "396275006", "M19.9"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Notes:
    """Records to be loaded."""

    consultations: list[dict[str, Any]]
    problems: list[dict[str, Any]]


@dataclass(slots=True)
class Writer:
    """Writes of each appointment in turn; of each patient a problem once."""

    chance: random.Random
    zones: Mapping[str, ZoneInfo]
    _written: int = 0
    _known: set[tuple[str, str]] = field(default_factory=set)

    def write(self, appointments: list[dict[str, Any]]) -> Notes:
        """A consultation of each that was completed, until there are enough, and their problems."""
        notes = Notes([], [])
        for each in appointments:
            if each["status"] == "completed" and self._written < MOST:
                self._written += 1
                reason = self.chance.choice(_REASONS)
                consultation = self._consultation(each, reason)
                notes.consultations.append(consultation)
                notes.problems.extend(self._problems(consultation, reason))
        return notes

    def _consultation(self, appointment: Mapping[str, Any], reason: _Reason) -> dict[str, Any]:
        zone = self.zones[appointment["location_id"]]
        start = datetime.datetime.fromtimestamp(appointment["start_time"] / SECOND, zone)
        draft = self.chance.random() < _SHARE_OF_DRAFTS
        seen = ("telephone", "Telephone") if appointment["is_remote"] else ("surgery", "Surgery")
        return {
            "id": new_id("con", appointment["end_time"]),
            "created_at": appointment["end_time"],
            "patient_id": appointment["patient_id"],
            "clinician_id": appointment["clinician_id"],
            "appointment_id": appointment["id"],
            "location_id": appointment["location_id"],
            "consultation_date": start.date(),
            "consultation_time": f"{start:%H:%M}",
            "consultation_type_code": seen[0],
            "consultation_type_display": f"{seen[1]} consultation",
            "chief_complaint": reason.complaint,
            "summary": reason.summary,
            "status": "draft" if draft else "completed",
        }

    def _problems(
        self, consultation: Mapping[str, Any], reason: _Reason
    ) -> Iterator[dict[str, Any]]:
        patient, name = consultation["patient_id"], reason.problem
        if name is None or (patient, name) in self._known:
            return
        self._known.add((patient, name))
        day: datetime.date = consultation["consultation_date"]
        yield {
            "created_at": consultation["created_at"],
            "patient_id": patient,
            "consultation_id": consultation["id"],
            "problem_name": name,
            "snomed_code": reason.snomed_code,
            "icd10_code": reason.icd10_code,
            "severity": self.chance.choice(("mild", "moderate", "severe", None)),
            "onset_date": day - datetime.timedelta(days=self.chance.randint(3, 60)),
            "end_date": day if reason.ends else None,
            "status": "resolved" if reason.ends else "active",
        }
