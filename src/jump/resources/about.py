"""Words and examples for the fields of records: what the API's documentation says of each.

A field says it in its own type, with `about`; what means the same in every record is told once,
here. Nothing is checked by it.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec


def about(words: str, *examples: Any) -> msgspec.Meta:
    """What a field is, for `Annotated`, with values that it may have."""
    return msgspec.Meta(description=words, examples=list(examples) or None)


def defined(name: str) -> msgspec.Meta:
    """For `Annotated`: JSON that the document describes as a whole, under this name."""
    return msgspec.Meta(extra_json_schema={"$ref": f"#/components/schemas/{name}"})


_NAMED: Final = "Another name of `{0}`, for clients written for Jump."

OF_EVERY_RECORD: Final[Mapping[str, str]] = {
    "id": "The record's id.",
    "created_at": "When the record was made.",
    "updated_at": "When the record last changed.",
    "version": "Counts the record's changes, from 1; also its `ETag`.",
    "created_by": "Who made the record: the id of a key or a user, or `operator` or `system`.",
    "patient_id": "The patient it is about.",
    "clinician_id": "The clinician.",
    "clinician_profile_id": _NAMED.format("clinician_id"),
    "appointment_type_id": "The appointment type.",
    "appointment_template_id": _NAMED.format("appointment_type_id"),
    "location_id": "The location.",
    "appointment_id": "The appointment.",
    "consultation_id": "The consultation.",
    "town_city": _NAMED.format("city"),
    "entered_in_error": "Whether it never should have been; it is then left out of lists.",
    "reason": "Why, in your words.",
}
"""What a field of this name means wherever its own type does not say."""
