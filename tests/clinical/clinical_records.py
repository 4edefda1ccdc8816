"""Records of patients for tests over every route: one for each action that uses one up."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Post = Callable[[str, Mapping[str, Any]], Awaitable[str]]

AMENDMENT = {"reason": "It was the left one.", "text": "Left knee, not right."}


def consultation(ids: Mapping[str, str], **about: Any) -> dict[str, Any]:
    """What records one."""
    named = {"patient_id": ids["patients"], "clinician_id": ids["clinicians"]}
    return {**named, "consultation_date": "2026-01-05", "summary": "Well.", **about}


def problem(ids: Mapping[str, str], **about: Any) -> dict[str, Any]:
    """What records one."""
    return {"patient_id": ids["patients"], "problem_name": "Asthma", **about}


def prescription(ids: Mapping[str, str], **about: Any) -> dict[str, Any]:
    """What writes one."""
    named = {"patient_id": ids["patients"], "prescriber_id": ids["clinicians"]}
    what = {"medication_name": "Amoxicillin", "dosage": "500", "frequency": "three times a day"}
    return {**named, **what, "start_date": "2026-01-05", **about}


async def make(ids: Mapping[str, str], post: Post) -> dict[str, str]:
    """One of each; their ids by path and action. `consultations` is a draft with a problem and a
    prescription.
    """

    async def record(**about: Any) -> str:
        return await post("/consultations", consultation(ids, **about))

    async def prescribe(**about: Any) -> str:
        return await post("/prescriptions", prescription(ids, **about))

    drafted = await record(status="draft")
    amended = await record()
    await post(f"/consultations/{amended}/amendments", AMENDMENT)
    return {
        "consultations": drafted,
        "consultations/amendments": amended,
        "consultations/complete": await record(status="draft"),
        "consultations/mark-in-error": await record(),
        "problems": await post("/problems", problem(ids, consultation_id=drafted)),
        "problems/mark-in-error": await post("/problems", problem(ids)),
        "prescriptions": await prescribe(consultation_id=drafted),
        "prescriptions/stop": await prescribe(),
        "prescriptions/complete": await prescribe(),
        "prescriptions/mark-in-error": await prescribe(),
    }
