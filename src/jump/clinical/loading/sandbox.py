"""Synthetic patients for the test mode: plausible, made from a seed, and nobody's.

Their NHS numbers are of the range that is never issued, their addresses and telephone numbers of
those set aside for fiction (Ofcom's numbers for drama use, example.org).
"""

import datetime
import random
from collections.abc import Callable, Iterator
from typing import Any

from jump.caller import Caller, Tenant
from jump.clinical.loading import names
from jump.clinical.records import patients
from jump.errors import Conflict
from jump.kit import nhs_number
from jump.kit.clock import DAY
from jump.storage.database import Database, Tx
from jump.storage.sql import sql

BATCH = 250  # patients in one transaction
MOST_PATIENTS = 100_000
DEFAULT_PATIENTS = 100
DEFAULT_SEED = 1

_KNOWN_NUMBERS = sql(
    "SELECT nhs_number FROM patients WHERE organisation_id = :organisation AND mode = :mode"
    " AND nhs_number IS NOT NULL"
)
_ANYBODY = sql(
    "SELECT id FROM patients WHERE organisation_id = :organisation AND mode = :mode LIMIT 1"
)


async def load(
    database: Database,
    caller: Caller,
    *,
    count: int,
    seed: int,
    at: int,
    progress: Callable[[int], None] = lambda done: None,
) -> int:
    """Add `count` patients; how many were added. Audit rows are written, events are not.

    The same seed makes the same people; numbers that are there already are passed over, so that
    loading again adds more. Raises Conflict in live mode.
    """
    if caller.tenant.mode != "test":
        raise Conflict("The sandbox is loaded in test mode only.")
    known = await database.read(lambda tx: _known_numbers(tx, caller.tenant))
    people = _people(random.Random(seed), known, at)  # noqa: S311 - invented people, no secret
    done = 0
    while done < count:
        batch = [next(people) for _ in range(min(BATCH, count - done))]

        async def work(tx: Tx, batch: list[dict[str, Any]] = batch) -> None:
            await patients.load(tx, caller, batch, at)

        await database.write(work)
        done += len(batch)
        progress(len(batch))
    return done


async def is_empty(tx: Tx, tenant: Tenant) -> bool:
    """Whether there is no patient yet, so that nothing would mix with what is loaded."""
    row = await tx.one(_ANYBODY, organisation=tenant.organisation, mode=tenant.mode)
    return row is None


async def _known_numbers(tx: Tx, tenant: Tenant) -> set[str]:
    rows = await tx.all(_KNOWN_NUMBERS, organisation=tenant.organisation, mode=tenant.mode)
    return {row["nhs_number"] for row in rows}


def _people(chance: random.Random, known: set[str], at: int) -> Iterator[dict[str, Any]]:
    for number in range(MOST_PATIENTS + len(known)):
        person = _person(chance, number, at)
        if person["nhs_number"] not in known:
            yield person


def _person(chance: random.Random, number: int, at: int) -> dict[str, Any]:
    gender = chance.choice(("female", "male"))
    first = chance.choice(names.FIRST[gender])
    last = chance.choice(names.LAST)
    street = f"{chance.randint(1, 180)} {chance.choice(names.STREETS)}"
    city, area = chance.choice(names.CITIES)
    today = datetime.datetime.fromtimestamp(at / 1_000_000, datetime.UTC).date()
    birth = today - datetime.timedelta(days=chance.randint(30, 95 * 365))
    return {
        "first_name": first,
        "last_name": last,
        "date_of_birth": birth,
        "middle_name": chance.choice(names.FIRST[gender]) if chance.random() < 0.4 else None,
        "title": chance.choice(names.TITLES[gender]) if chance.random() < 0.8 else None,
        "nhs_number": nhs_number.example(number),
        "email": f"{first}.{last}.{number}@example.org".lower().replace("'", ""),
        "mobile_phone": f"07700 900{chance.randint(0, 999):03}",
        "address_line_1": street,
        "city": city,
        "postcode": _postcode(chance, area),
        "country": "United Kingdom",
        "gender": gender,
        "occupation": chance.choice(names.OCCUPATIONS) if chance.random() < 0.5 else None,
        "preferred_contact_method": chance.choice(("sms", "email", "phone")),
        "consent_sms": chance.random() < 0.7,
        "consent_email": chance.random() < 0.6,
        "consent_marketing": chance.random() < 0.1,
        "created_at": at - chance.randint(0, 3_650) * DAY - chance.randint(0, DAY),
    }


def _postcode(chance: random.Random, area: str) -> str:
    inward = f"{chance.randint(1, 9)}{chance.choice(names.POSTCODE_ENDS)}"
    return f"{area}{chance.randint(1, 20)} {inward}"
