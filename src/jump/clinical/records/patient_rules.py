"""The rules of a patient that go across fields, or need the mode or today's date. Pure."""

import datetime
from collections.abc import Mapping
from typing import Any

import msgspec

from jump.caller import Mode
from jump.clinical.records.dates import EARLIEST, as_date
from jump.errors import FieldError, ValidationFailed
from jump.kit import nhs_number
from jump.kit.merge_patch import merge

MOST_CUSTOM_BYTES = 16_384


def settled(
    sent: Mapping[str, Any], kept: Mapping[str, Any], mode: Mode, today: datetime.date
) -> dict[str, Any]:
    """The fields to keep: `sent`, put right, beside what is `kept` already ({} for a new patient).

    NHS numbers lose their spaces, custom fields are merged (RFC 7396), a date of death says that
    the patient is deceased. Raises ValidationFailed with every wrong field.
    """
    values = dict(sent)
    errors: list[FieldError] = []
    if sent.get("nhs_number") is not None:
        values["nhs_number"] = _number(sent["nhs_number"], mode, errors)
    if sent.get("custom_fields") is not None:
        values["custom_fields"] = _custom(sent["custom_fields"], kept, errors)
    if sent.get("date_of_death") is not None and "is_deceased" not in sent:
        values["is_deceased"] = True
    _check_dates({**kept, **values}, sent, today, errors)
    if errors:
        raise ValidationFailed(errors)
    return values


def _number(text: str, mode: Mode, errors: list[FieldError]) -> str | None:
    number = nhs_number.normalise(text)
    if number == "":
        return None
    if not nhs_number.is_valid(number):
        errors.append(
            FieldError(
                "nhs_number", "Use the ten digits of an NHS number; its check digit is wrong."
            )
        )
    elif mode == "test" and not nhs_number.never_issued(number):
        errors.append(
            FieldError(
                "nhs_number",
                "In test mode use a number that starts with 9: those are never issued.",
            )
        )
    elif mode == "live" and nhs_number.never_issued(number):
        errors.append(
            FieldError(
                "nhs_number", "Numbers that start with 9 are for tests and are never issued."
            )
        )
    return number


def _custom(sent: Any, kept: Mapping[str, Any], errors: list[FieldError]) -> Any:
    merged = merge(msgspec.json.decode(kept.get("custom_fields") or "{}"), sent)
    if len(msgspec.json.encode(merged)) > MOST_CUSTOM_BYTES:
        errors.append(
            FieldError("custom_fields", f"Keep them to {MOST_CUSTOM_BYTES:,} bytes of JSON in all.")
        )
    return merged


def _check_dates(
    after: Mapping[str, Any],
    sent: Mapping[str, Any],
    today: datetime.date,
    errors: list[FieldError],
) -> None:
    birth, death = as_date(after.get("date_of_birth")), as_date(after.get("date_of_death"))
    if "date_of_birth" in sent and birth and not EARLIEST <= birth <= today:
        errors.append(FieldError("date_of_birth", "Use a date of birth from 1870 until today."))
    if death is None:
        return
    if not after.get("is_deceased"):
        field = "is_deceased" if "is_deceased" in sent else "date_of_death"
        errors.append(
            FieldError(
                field, "A patient with a date of death is deceased. Clear date_of_death too."
            )
        )
    if "date_of_death" in sent and death > today:
        errors.append(FieldError("date_of_death", "Use a date that is not in the future."))
    elif birth and death < birth:
        errors.append(
            FieldError("date_of_death", "Use a date that is not before the date of birth.")
        )
