"""The rota: which clinician offers what where, when they are there, and when somebody is away.

Values and the writing of them. Times are local to the location, as the file or the sandbox says
them; what is free and when, through every clock change, is scheduling's to find.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from jump.caller import Tenant
from jump.kit.ids import new_id
from jump.storage.database import Tx
from jump.storage.sql import Sql, Value, sql

# For our own order; none of them is one of the contract's ids, and no answer shows one.
_SESSION: Final = "ses"
_CLOSURE: Final = "clo"
_LEAVE: Final = "lea"


@dataclass(frozen=True, slots=True)
class Offer:
    """A clinician offers a type at a location: in the room, or remotely."""

    appointment_type_id: str
    clinician_id: str
    location_id: str
    is_remote: bool


@dataclass(frozen=True, slots=True)
class Session:
    """When a clinician is at a location, from `starts_at` to `ends_at` (HH:MM, up to 24:00).

    Every week on `weekday` (1 is Monday), from `starts_on` to `ends_on`, None for without end; or,
    with no weekday, on the one day that both name.
    """

    clinician_id: str
    location_id: str
    weekday: int | None
    starts_on: str
    ends_on: str | None
    starts_at: str
    ends_at: str


@dataclass(frozen=True, slots=True)
class Closure:
    """When a location is closed, or with None every one: from `starts` to `ends`, local."""

    location_id: str | None
    starts: str
    ends: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Leave:
    """When a clinician is away, by the clock of wherever they would have been."""

    clinician_id: str
    starts: str
    ends: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class OfClinician:
    """All of the rota that is one clinician's."""

    offers: frozenset[Offer] = frozenset()
    sessions: frozenset[Session] = frozenset()
    leave: frozenset[Leave] = frozenset()


_OFFERS = sql("""
    SELECT appointment_type_id, clinician_id, location_id, is_remote FROM offers
    WHERE organisation_id = :organisation AND mode = :mode AND clinician_id IN (:clinicians*)
""")
_SESSIONS = sql("""
    SELECT clinician_id, location_id, weekday, starts_on, ends_on, starts_at, ends_at
    FROM rota_sessions
    WHERE organisation_id = :organisation AND mode = :mode AND clinician_id IN (:clinicians*)
""")
_LEAVES = sql("""
    SELECT clinician_id, starts, ends, reason FROM clinician_leave
    WHERE organisation_id = :organisation AND mode = :mode AND clinician_id IN (:clinicians*)
""")
_CLOSURES = sql("""
    SELECT location_id, starts, ends, reason FROM closures
    WHERE organisation_id = :organisation AND mode = :mode
""")

_ADD_OFFER = sql("""
    INSERT INTO offers (organisation_id, mode, appointment_type_id, clinician_id, location_id,
      is_remote)
    VALUES (:organisation, :mode, :appointment_type_id, :clinician_id, :location_id, :is_remote)
""")
_ADD_SESSION = sql("""
    INSERT INTO rota_sessions (organisation_id, mode, id, clinician_id, location_id, weekday,
      starts_on, ends_on, starts_at, ends_at)
    VALUES (:organisation, :mode, :id, :clinician_id, :location_id, :weekday,
      :starts_on, :ends_on, :starts_at, :ends_at)
""")
_ADD_LEAVE = sql("""
    INSERT INTO clinician_leave (organisation_id, mode, id, clinician_id, starts, ends, reason)
    VALUES (:organisation, :mode, :id, :clinician_id, :starts, :ends, :reason)
""")
_ADD_CLOSURE = sql("""
    INSERT INTO closures (organisation_id, mode, id, location_id, starts, ends, reason)
    VALUES (:organisation, :mode, :id, :location_id, :starts, :ends, :reason)
""")

_DROP_OF_CLINICIAN: Final[Sequence[Sql]] = (
    sql("""
        DELETE FROM offers
        WHERE organisation_id = :organisation AND mode = :mode AND clinician_id = :clinician
    """),
    sql("""
        DELETE FROM rota_sessions
        WHERE organisation_id = :organisation AND mode = :mode AND clinician_id = :clinician
    """),
    sql("""
        DELETE FROM clinician_leave
        WHERE organisation_id = :organisation AND mode = :mode AND clinician_id = :clinician
    """),
)
_DROP_CLOSURES_OF = sql("""
    DELETE FROM closures
    WHERE organisation_id = :organisation AND mode = :mode AND location_id = :location
""")
_DROP_CLOSURES_OF_ALL = sql("""
    DELETE FROM closures
    WHERE organisation_id = :organisation AND mode = :mode AND location_id IS NULL
""")


async def of_clinicians(
    tx: Tx, tenant: Tenant, clinicians: Collection[str]
) -> dict[str, OfClinician]:
    """What is kept of each of these clinicians."""
    who: dict[str, Value] = {**_who(tenant), "clinicians": list(clinicians)}
    offers = [
        Offer(**{**row, "is_remote": bool(row["is_remote"])})
        for row in await tx.all(_OFFERS, **who)
    ]
    sessions = [Session(**row) for row in await tx.all(_SESSIONS, **who)]
    leave = [Leave(**row) for row in await tx.all(_LEAVES, **who)]
    return {
        each: OfClinician(_of(each, offers), _of(each, sessions), _of(each, leave))
        for each in clinicians
    }


async def closures(tx: Tx, tenant: Tenant) -> dict[str | None, frozenset[Closure]]:
    """What is kept of closures, by location; None for those of every location."""
    found: dict[str | None, set[Closure]] = {}
    for row in await tx.all(_CLOSURES, **_who(tenant)):
        closure = Closure(**row)
        found.setdefault(closure.location_id, set()).add(closure)
    return {location: frozenset(of_it) for location, of_it in found.items()}


async def replace_clinicians(
    tx: Tx, tenant: Tenant, rotas: dict[str, OfClinician], at: int
) -> None:
    """Keep these rotas of these clinicians, in place of what was kept."""
    for drop in _DROP_OF_CLINICIAN:
        await tx.many(drop, [{**_who(tenant), "clinician": each} for each in rotas])
    offers = [offer for each in rotas.values() for offer in each.offers]
    sessions = [session for each in rotas.values() for session in each.sessions]
    leave = [away for each in rotas.values() for away in each.leave]
    await tx.many(_ADD_OFFER, [{**_who(tenant), **asdict(offer)} for offer in offers])
    await tx.many(_ADD_SESSION, _rows(tenant, _SESSION, sessions, at))
    await tx.many(_ADD_LEAVE, _rows(tenant, _LEAVE, leave, at))


async def replace_closures(
    tx: Tx, tenant: Tenant, of: dict[str | None, frozenset[Closure]], at: int
) -> None:
    """Keep these closures of these locations, in place of what was kept; None: of every one."""
    if None in of:
        await tx.run(_DROP_CLOSURES_OF_ALL, **_who(tenant))
    await tx.many(_DROP_CLOSURES_OF, [{**_who(tenant), "location": each} for each in of if each])
    closed = [closure for each in of.values() for closure in each]
    await tx.many(_ADD_CLOSURE, _rows(tenant, _CLOSURE, closed, at))


def _of(clinician: str, every: Iterable[Any]) -> frozenset[Any]:
    return frozenset(each for each in every if each.clinician_id == clinician)


def _rows(tenant: Tenant, prefix: str, every: Iterable[Any], at: int) -> list[dict[str, Value]]:
    return [{**_who(tenant), "id": new_id(prefix, at), **asdict(each)} for each in every]


def _who(tenant: Tenant) -> dict[str, Value]:
    return {"organisation": tenant.organisation, "mode": tenant.mode}
