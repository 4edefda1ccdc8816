"""A directory as loading writes it: a location, a type and a clinician who offers it there."""

from jump.caller import Caller
from jump.clinical import crud
from jump.clinical.directory import rota
from jump.clinical.directory.appointment_types import APPOINTMENT_TYPE
from jump.clinical.directory.clinician_search import kept_words
from jump.clinical.directory.clinicians import CLINICIAN
from jump.clinical.directory.locations import LOCATION
from jump.kit.clock import system_clock
from jump.storage.database import Database, Tx

TYPE = {"name": "Check-up", "duration_minutes": 30, "price": "45.50", "currency": "GBP"}
PERSON = {"first_name": "Elizabeth", "last_name": "Blackwell", "title": "Dr"}
PLACE = {"name": "Main surgery", "timezone": "Europe/London", "is_primary": True}
PLACE |= {"opening_hours": {"monday": [{"opens": "09:00", "closes": "17:00"}]}, "city": "Bristol"}


async def make(database: Database, caller: Caller) -> dict[str, str]:
    """One of each, with a session every day; their ids by the path they are read at."""

    async def work(tx: Tx) -> dict[str, str]:
        at = system_clock()
        (location,) = await crud.load_rows(tx, LOCATION, caller, [PLACE], at)
        (kind,) = await crud.load_rows(tx, APPOINTMENT_TYPE, caller, [TYPE], at)
        person = {**PERSON, "specialties": ["Women's health"]}
        person |= {"search_words": kept_words("Elizabeth", "Blackwell", ["Women's health"])}
        (clinician,) = await crud.load_rows(tx, CLINICIAN, caller, [person], at)
        place = (clinician["id"], location["id"])
        sessions = {
            rota.Session(*place, day, "2020-01-06", None, "09:00", "17:00") for day in range(1, 8)
        }
        offers = {rota.Offer(kind["id"], *place, is_remote=False)}
        whole = rota.OfClinician(frozenset(offers), frozenset(sessions))
        await rota.replace_clinicians(tx, caller.tenant, {clinician["id"]: whole}, at)
        return {
            **dict.fromkeys(("appointment-types", "appointment-templates"), kind["id"]),
            **dict.fromkeys(("clinicians", "clinician-profiles"), clinician["id"]),
            "locations": location["id"],
        }

    return await database.write(work)
