"""Changes one patient over HTTP, as an integrator would, so that there is a delivery to see."""

import secrets
from typing import Final

from jump.cli.demo.asking_api import ask
from jump.cli.operating import Refused
from jump.cli.web import Target

# Ofcom's numbers for drama: nobody has one.
_NUMBERS: Final = 1_000


def change_a_patient(api: Target, key: str) -> str:
    """Give the first patient another mobile number; the patient's id. Raises Refused."""
    found = ask(api, key, "GET", "/patients?limit=1&order=asc&status=active")
    if not found:
        raise Refused("The test mode has no active patient to change: unarchive or add one.")
    patient = found[0]
    before: str | None = patient["mobile_phone"]
    number = secrets.randbelow(_NUMBERS)
    if before == _mobile(number):
        number = (number + 1) % _NUMBERS
    ask(api, key, "PATCH", f"/patients/{patient['id']}", {"mobile_phone": _mobile(number)})
    patient_id: str = patient["id"]
    return patient_id


def _mobile(number: int) -> str:
    return f"07700 900{number:03}"
