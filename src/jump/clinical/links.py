"""Fields that name other records: each is looked up in the tenant, and must be of the same patient.

The database's foreign keys say so too, and hold when two change at once; here every wrong field is
named, in one statement.
"""

import functools
from collections.abc import Mapping
from typing import Annotated, Any, Final

from msgspec import Meta

from jump.caller import Tenant
from jump.clinical.definition import Link, Resource
from jump.errors import FieldError
from jump.kit.ids import PREFIXES, hint_of_prefix
from jump.storage.database import Tx
from jump.storage.sql import Row, Sql, sql

Reference = Annotated[str, Meta(min_length=1, max_length=64, description="Use the id of a record.")]

_PREFIXES: Final = {noun: prefix for prefix, noun in PREFIXES.items()}


async def check(
    tx: Tx, tenant: Tenant, resource: Resource, record: Mapping[str, Any]
) -> list[FieldError]:
    """The fields of a record that name what is not there, or is another patient's."""
    named = {link.field: record.get(link.field) for link in resource.links}
    found = await tx.one(
        statement(resource.links), organisation=tenant.organisation, mode=tenant.mode, **named
    )
    assert found is not None
    return [
        FieldError(link.field, link.words + _hint(link, named[link.field]))
        for link in resource.links
        if named[link.field] is not None and not found[link.field]
    ]


def _hint(link: Link, sent: Any) -> str:
    prefix = _PREFIXES.get(link.noun)
    return hint_of_prefix(prefix, str(sent)) if prefix else ""


def check_patient(
    resource: Resource, row: Row, sent: Mapping[str, Any], errors: list[FieldError]
) -> list[FieldError]:
    """The errors of a change, with that of another patient in place of what is wrong with them.

    So the changes of a record take `patient_id` too: a client may send back all that it read.
    """
    if sent.get("patient_id", row["patient_id"]) == row["patient_id"]:
        return errors
    words = f"A {resource.name} keeps its patient: mark it as entered in error and record another."
    others = [each for each in errors if each.field != "patient_id"]
    return [*others, FieldError("patient_id", words)]


@functools.cache
def statement(links: tuple[Link, ...]) -> Sql:
    """Whether there is what each of the fields names. `patient_id` is one of them."""
    # Every name below comes from a Link, never from a request.
    return sql(f"SELECT {', '.join(_exists(link) for link in links)}")


def _exists(link: Link) -> str:
    same = " AND patient_id = :patient_id" if link.of_patient else ""
    return (
        f"EXISTS (SELECT 1 FROM {link.table} WHERE organisation_id = :organisation"  # noqa: S608
        f" AND mode = :mode{same} AND id = :{link.field}) AS {link.field}"
    )
