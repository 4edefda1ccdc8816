"""A practice in which every route can be asked well, so that a test may ask one thing wrongly.

A new resource needs a record here (`ids`) and, where its bodies have required fields, a good body;
the tests say so when they are missing.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jump.caller import Caller, Mode
from jump.clinical.registry import RESOURCES
from jump.events import sequence
from jump.keys.format import SECRET_BYTES, make_key, new_key_id
from jump.rest.routes import Route
from jump.storage.database import Database, Tx
from jump.webhooks.engine import fanout
from tests.clinical import (
    booking_records,
    clinical_records,
    directory_records,
    document_records,
)
from tests.office import Office
from tests.rest.api import Api, open_api, random_bytes
from tests.surface.asking import BASE, Asked, Reply, send
from tests.surface.described import assert_described

PATIENT = {"first_name": "Ada", "last_name": "Lovelace", "date_of_birth": "1980-02-29"}
WEBHOOK = {"url": "https://hooks.example.com/jump", "events": ["patient.created"]}

# Of the resources those of their own; of the others, and of other names, these.
PREFIXES = {
    **{
        each.resource.path[1:]: each.resource.prefix
        for each in RESOURCES
        if "{id}" not in each.resource.path
    },
    "webhooks": "wh",
    "delivery": "dlv",
    "events": "evt",
    "appointment-templates": "type",
    "clinician-profiles": "cli",
}
MANY = 1_000_000


def name_of(route: Route) -> str:
    """`GET /patients/{id}`."""
    return f"{route.method} {route.path}"


def good_queries(ids: Mapping[str, str]) -> Mapping[str, str]:
    """A query for each route that needs one to succeed."""
    # Tomorrow too: somewhere it is that day already.
    today = datetime.datetime.now(datetime.UTC).date()
    tomorrow = today + datetime.timedelta(days=1)
    offered = f"appointment_type_id={ids['appointment-types']}"
    return {
        "GET /availability": f"{offered}&date_from={today}&date_to={tomorrow}",
        "GET /availability/next": offered,
    }


def good_bodies(ids: Mapping[str, str] | None = None) -> Mapping[str, Any]:
    """A body for each route that needs one to succeed, naming these records."""
    ids = unknown_ids() if ids is None else ids
    place = {"clinician_id": ids["clinicians"], "location_id": ids["locations"]}
    offered = {"appointment_type_id": ids["appointment-types"], **place}
    yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    start = booking_records.next_start()
    return {
        "POST /appointments": booking_records.appointment(ids, start),
        "PATCH /appointments/{id}": {"notes": "Bring the letter."},
        "POST /appointments/{id}/reschedule": {"start_time": start},
        "POST /appointments/{id}/cancel": {"reason": "ill"},
        "POST /appointments/{id}/mark-in-error": {"reason": "another patient"},
        "POST /documents": document_records.document(ids),
        "PATCH /documents/{id}": {"title": "Discharge letter, corrected"},
        "POST /documents/{id}/mark-in-error": {"reason": "another patient"},
        "POST /holds": booking_records.hold(ids, start),
        "POST /holds/{id}/confirm": {"patient_id": ids["patients"]},
        "POST /availability/verify": {**offered, "start_time": "2026-01-05T10:00:00Z"},
        "POST /consultations": clinical_records.consultation(ids),
        "PATCH /consultations/{id}": {"summary": "Better."},
        "POST /consultations/{id}/amendments": clinical_records.AMENDMENT,
        "POST /consultations/{id}/mark-in-error": {"reason": "another patient"},
        "POST /problems": clinical_records.problem(ids),
        "PATCH /problems/{id}": {"notes": "Better."},
        "POST /problems/{id}/mark-in-error": {"reason": "another patient"},
        "POST /prescriptions": clinical_records.prescription(ids),
        "PATCH /prescriptions/{id}": {"notes": "Better."},
        "POST /prescriptions/{id}/stop": {"reason": "a rash"},
        "POST /prescriptions/{id}/mark-in-error": {"reason": "another patient"},
        "POST /patients": PATIENT,
        "POST /patients/search": {"search": "ada"},
        "PATCH /patients/{id}": {"city": "Ely"},
        "POST /patients/{id}/archive": {"reason": "moved away"},
        "POST /webhooks": WEBHOOK,
        "PATCH /webhooks/{id}": {"name": "Front desk"},
        "POST /webhooks/{id}/replay": {"since": yesterday.isoformat()},
    }


@dataclass
class World:
    """An API with one record of each kind, and keys of this practice and of others."""

    api: Api
    ids: dict[str, str]
    key: str
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def routes(self) -> tuple[Route, ...]:
        return self.api.routes

    def routes_by_need(self) -> list[Route]:
        """Every route, in an order in which each can succeed: what leaves nothing comes last."""
        last = ("/replay", "/webhooks/{id}")
        return sorted(
            self.routes, key=lambda r: (r.method == "DELETE", r.path.endswith(last), r.path)
        )

    def good(self, route: Route, ids: Mapping[str, str] | None = None) -> Asked:
        """A request to this route that succeeds."""
        ids = of_action(route, ids or self.ids)
        asked = Asked(route.method, BASE + fill(route.path, ids)).with_key(self.key)
        if query := good_queries(ids).get(name_of(route)):
            asked = asked.with_query(query)
        if name_of(route) == "PUT /documents/{id}/content":
            return asked.with_body(document_records.PDF, "application/pdf")
        if route.body is None:
            return asked
        return asked.with_json(good_bodies(ids).get(name_of(route), {}))

    async def send(self, asked: Asked) -> Reply:
        """The answer, which is as the OpenAPI document says."""
        reply = await send(self.api.app, asked)
        assert_described(asked.method, asked.target, reply)
        return reply


def fill(template: str, ids: Mapping[str, str]) -> str:
    """The address with an id in each place: `{id}` is the record of the first segment."""
    first = template.split("/")[1]
    if "{id}" in template:
        assert first in ids, f"No record of {first}: make one in tests/clinical/clinical_records.py"
    return "/".join(
        ids[first if segment == "{id}" else segment[1:-1]] if segment.startswith("{") else segment
        for segment in template.split("/")
    )


def of_action(route: Route, ids: Mapping[str, str]) -> dict[str, str]:
    """The ids with those of the record that the route's action uses up, where it has its own."""
    segments = route.path.split("/")
    own = ids.get(f"{segments[1]}/{segments[-1]}")
    return {**ids} if own is None else {**ids, segments[1]: own}


def unknown_ids() -> dict[str, str]:
    """Ids of the right shape that nothing has."""
    return {name: f"{prefix}_{'0' * 25}1" for name, prefix in PREFIXES.items()}


async def open_world(database: Database, mode: Mode = "test") -> World:
    """A practice with a directory, a patient, bookings, a webhook, and a delivery that failed."""
    api = await open_api(database)
    key = await api.make_key(mode=mode, limit=MANY)
    return World(api, await make_records(api, key), key)


async def make_records(api: Api, key: str) -> dict[str, str]:
    """One record of each kind, made by way of the API where it makes them; their ids."""
    webhook = await api.post("/webhooks", WEBHOOK, key=key)
    patient = await api.post("/patients", PATIENT, key=key)
    for made in (webhook, patient):
        assert made.status_code == 201, made.text
    await fan_out(api.database)
    ids = {"patients": patient.json()["data"]["id"], "webhooks": webhook.json()["data"]["id"]}
    events = (await api.get("/events", key=key)).json()["data"]
    deliveries = (await api.get(f"/webhooks/{ids['webhooks']}/deliveries", key=key)).json()["data"]
    ids |= {"events": events[-1]["id"], "delivery": deliveries[0]["id"]}
    await end_delivery(api, key, ids["delivery"])
    holder = await holder_of(api, key)
    ids |= await directory_records.make(api.database, holder)

    async def post(path: str, body: Mapping[str, Any]) -> str:
        made = await api.post(path, body, key=key)
        assert made.status_code == 201, made.text
        return str(made.json()["data"]["id"])

    async def send(path: str, fields: Mapping[str, Any]) -> str:
        made = await api.send_form(path, fields, document_records.PDF, key=key)
        assert made.status_code == 201, made.text
        return str(made.json()["data"]["id"])

    ids |= await booking_records.make(api.database, holder.tenant, ids, post)
    ids |= await clinical_records.make(ids, post)
    return ids | await document_records.make(ids, post, send)


async def end_delivery(api: Api, key: str, delivery: str) -> None:
    """The engine's part: the delivery has failed, after one attempt."""
    await Office(api.database, await holder_of(api, key)).end(delivery)


async def holder_of(api: Api, key: str) -> Caller:
    """Who may do everything where the key may do something."""
    me = (await api.get("/me", key=key)).json()["data"]
    return api.operator(me["mode"], me["organization_id"])


async def fan_out(database: Database) -> None:
    """Number what is new and make its deliveries, as the engine does."""

    async def work(tx: Tx) -> None:
        batch = await sequence.advance(tx)
        if batch is not None:
            await fanout.enter(tx, await fanout.fan_out(tx, batch), {})
            await sequence.save(tx, batch, batch.position)

    await database.write(work)


def unknown_key(mode: str = "test") -> str:
    """A whole key that nobody was given."""
    made: str = make_key(mode, new_key_id(random_bytes(16)), random_bytes(SECRET_BYTES))
    return made
