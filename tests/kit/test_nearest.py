"""Names that people write, and the ones they mean."""

import pytest

from jump.kit.nearest import nearest

KNOWN = [
    "limit", "cursor", "status", "status_in", "created_at", "created_at_gte", "first_name",
    "last_name", "patient_id", "appointment_type_id", "medication_name",
]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("statsu", "status"),
        ("frist_name", "first_name"),
        ("firstName", "first_name"),
        ("FIRST_NAME", "first_name"),
        ("patientId", "patient_id"),
        ("created_at[gte]", "created_at_gte"),
        ("created-at", "created_at"),
        ("created_at_gt", "created_at_gte"),
        ("medication", "medication_name"),
        ("state", "status"),
    ],
)
def test_a_slip_or_another_way_of_writing_is_understood(written: str, meant: str) -> None:
    assert nearest(written, KNOWN) == meant


@pytest.mark.parametrize("written", ["", "?", "page", "dob", "zz", "x" * 100_000, "\x00", "名前"])
def test_what_is_like_nothing_is_not_guessed_at(written: str) -> None:
    assert nearest(written, KNOWN) is None


def test_where_nothing_is_known_nothing_is_meant() -> None:
    assert nearest("status", []) is None
