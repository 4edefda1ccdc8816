"""The organisations of this database: made by an operator, found by id or by name.

What belongs to an organisation is left to the packages that keep it.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass

from jump.audit import trail
from jump.caller import Actor, Caller, Tenant
from jump.errors import Conflict, FieldError, NotFound, ValidationFailed
from jump.identity.names import name_problem
from jump.kit.ids import new_id
from jump.storage.database import Tx, Violated
from jump.storage.sql import Row, sql


@dataclass(frozen=True, slots=True)
class Organisation:
    """One practice. `created_at` is in microseconds."""

    id: str
    name: str
    created_at: int


_INSERT = sql("INSERT INTO organisations (id, name, created_at) VALUES (:id, :name, :at)")
_ALL = sql("SELECT id, name, created_at FROM organisations ORDER BY created_at, id")
_NAMED = sql("SELECT id, name, created_at FROM organisations WHERE id = :text OR name = :text")
_FIRST_TWO = sql("SELECT id, name, created_at FROM organisations ORDER BY id LIMIT 2")


async def create(
    tx: Tx, actor: Actor, name: str, at: int, random: Callable[[int], bytes] = os.urandom
) -> Organisation:
    """Make one. Raises ValidationFailed for the name, Conflict when another one has it."""
    name = name.strip()
    if problem := name_problem(name):
        raise ValidationFailed([FieldError("name", problem)])
    made = Organisation(new_id("org", at, random), name, at)
    try:
        await tx.run(_INSERT, id=made.id, name=made.name, at=at)
    except Violated as refused:
        raise Conflict("There is an organisation with this name already.") from refused
    # An organisation is of both modes; what concerns neither alone is written in live.
    caller = Caller(Tenant(made.id, "live"), actor, frozenset())
    change = trail.Change("organisation.created", "organisation", made.id, fields=("name",))
    await trail.write(tx, caller, change, at)
    return made


async def everyone(tx: Tx) -> list[Organisation]:
    """All of them, oldest first."""
    return [_organisation(row) for row in await tx.all(_ALL)]


async def find(tx: Tx, id_or_name: str) -> Organisation:
    """The one with this id or this exact name. Raises NotFound."""
    rows = await tx.all(_NAMED, text=id_or_name)
    if not rows:
        raise NotFound("There is no organisation with this id or name.")
    by_id = (row for row in rows if row["id"] == id_or_name)
    return _organisation(next(by_id, rows[0]))


async def only(tx: Tx) -> Organisation:
    """The only one there is. Raises Conflict when there are several, or none."""
    rows = await tx.all(_FIRST_TWO)
    if not rows:
        raise Conflict("There is no organisation yet. Make one with `jump orgs create`.")
    if len(rows) > 1:
        raise Conflict("There are several organisations: say which one with --org, by id or name.")
    return _organisation(rows[0])


def _organisation(row: Row) -> Organisation:
    return Organisation(row["id"], row["name"], row["created_at"])
