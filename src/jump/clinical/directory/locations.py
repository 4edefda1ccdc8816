"""Locations: where the practice sees people. The API only reads them; loading writes them.

Dates and times of a location are by the clock of its `timezone`, opening hours too.
"""

from typing import Annotated

import msgspec

from jump.clinical import crud
from jump.clinical.definition import Registered, Resource
from jump.clinical.representation import Free, Recorded
from jump.resources.about import about
from jump.resources.definition import NO_BODY, Answer, Call, Operation
from jump.resources.listing import Filter, Listing
from jump.storage.database import Tx


class Location(msgspec.Struct, kw_only=True):
    """A location as the API returns it."""

    id: str
    name: Annotated[str, about("What it is called.", "Main surgery")]
    address_line_1: Annotated[str | None, about("House and street.", "1 Sample Street")]
    address_line_2: Annotated[str | None, about("The address, continued.")]
    city: Annotated[str | None, about("The town or city.", "Sampleton")]
    postcode: Annotated[str | None, about("The postcode.", "ZZ99 9ZZ")]
    country: Annotated[str | None, about("The country, as the practice writes it.", "GB")]
    phone: Annotated[str | None, about("The telephone number.", "01632 960001")]
    email: Annotated[str | None, about("The e-mail address.", "surgery@example.com")]
    timezone: Annotated[str, about("The IANA time zone of its dates and times.", "Europe/London")]
    opening_hours: Annotated[Free | None, about("When it is open, by weekday, by its own clock.")]
    is_primary: Annotated[bool, about("Whether it is the practice's main location.", True)]
    is_active: Annotated[bool, about("Whether it is still open.", True)]
    created_at: Recorded
    updated_at: Recorded
    version: int
    created_by: str
    town_city: str | None


LIST = Listing(
    source="locations",
    columns=tuple(name for name in Location.__struct_fields__ if name != "town_city"),
    filters=(
        Filter("id", "text"),
        Filter("is_primary", "bool"),
        Filter("is_active", "bool"),
        Filter("created_at", "instant"),
        Filter("updated_at", "instant"),
    ),
    default_limit=100,
)

LOCATION = Resource(
    name="location",
    path="/locations",
    prefix="loc",
    table="locations",
    record=Location,
    body=NO_BODY,
    listing=LIST,
    read_scope="read_locations",
    write_scope=None,
    patient=None,
    defaults={"is_primary": False, "is_active": True},
    derived={"town_city": lambda row: row["city"]},
    hidden=("reference",),
    about="Where the practice sees patients.",
)


async def page(tx: Tx, call: Call) -> Answer:
    """Locations, closed ones too; `is_active=true` leaves those out."""
    return await crud.page(tx, LOCATION, call)


async def fetch(tx: Tx, call: Call) -> Answer:
    """One location."""
    return await crud.fetch(tx, LOCATION, call)


LOCATIONS = Registered(
    LOCATION,
    (
        Operation("GET", "/locations", page, "read_locations", "List locations", listing=LIST),
        Operation("GET", "/locations/{id}", fetch, "read_locations", "Read a location"),
    ),
)
