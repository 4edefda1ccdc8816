"""A practice as the console's tests and pictures find it: users of each role, keys in every state.

Everything is made by the program's own functions, at instants that lie back from now.
"""

import asyncio
import functools
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import Random

from msgspec import structs

from jump.audit import access_log, trail
from jump.audit.access_log import Access
from jump.caller import OPERATOR, Caller, Mode, Tenant
from jump.identity import invitations, organisations, ready_users
from jump.identity.roles import ROLE_NAMES
from jump.identity.users import NewUser, User, caller_of
from jump.keys import issue, revoke
from jump.keys.admit import admit
from jump.keys.issue import NewKey
from jump.keys.last_used import LastUsed
from jump.keys.record import KeyRecord
from jump.keys.scopes import ALL_SCOPES
from jump.kit.clock import DAY, HOUR, MINUTE, SECOND, system_clock
from jump.kit.ids import new_id
from jump.sealing import Keyring
from jump.storage.database import Database
from jump.webhooks import sending, webhook
from jump.webhooks.transport.address_guard import Guard
from jump.webhooks.webhook import WebhookParts
from tests.console import happenings, sent
from tests.databases import Store

SECRET_KEY = "the secret key of the console's tests"
KEYRING = Keyring(SECRET_KEY)
PASSWORD = "purple bicycles sing loudly"
NAME = "Riverside Practice"
SECOND_NAME = "Hillside Practice"  # where nothing was made yet
PEOPLE = {"admin": "Ana Reyes", "developer": "Dev Patel", "viewer": "Vera Lind"}
HOSTILE = "<script>alert(1)</script><b>&\"'{{7*7}}"
HOOK, HOOKED = "https://receiver.invalid/jump", ["appointment.created", "patient.updated"]
SITE, REPORTS = "203.0.113.24", "198.51.100.7"
BOOKING = ("read_appointment_types", "read_availability", "write_patients", "write_holds")


def email(role: str) -> str:
    """What the user of a role signs in with."""
    return f"{role}@example.org"


@dataclass
class Practice:
    """Its organisation, its users by role, its keys, and their full keys, by name.

    `invited` is the id of a user who has not joined, `invitation` the token of the link to join;
    `events` are ids, the newest first, which was sent to the webhook Reminders; `sent` are those of
    the deliveries of the webhook Booking diary, as `sent.DAY_OF_ONE` has them; `patient` is one
    whom a program and a person saw.
    """

    organisation: str
    users: Mapping[str, User]
    keys: dict[str, KeyRecord] = field(default_factory=dict)
    full: dict[str, str] = field(default_factory=dict)
    invitation: str = ""
    hooks: dict[str, str] = field(default_factory=dict)
    delivery: str = ""
    invited: str = ""
    events: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    patient: str = ""

    def caller(self, mode: Mode = "test", role: str = "admin") -> Caller:
        """One of the users, as the functions know who asks."""
        return caller_of(self.users[role], mode)


def prepare(store: Store) -> Practice:
    """Make it in a store that nobody has open."""

    async def whole() -> Practice:
        database = store.open()
        try:
            return await make(database)
        finally:
            await database.close()

    return asyncio.run(whole())


async def make(database: Database) -> Practice:
    """The practice with everything."""
    practice = await bare(database)
    await bare(database, SECOND_NAME)
    await _add_keys(database, practice)
    practice.events = await happenings.add(database, practice.caller().tenant, HOSTILE)
    await _add_webhooks(database, practice)
    tenant, reminders = practice.caller().tenant, practice.hooks["Reminders"]
    await happenings.deliver(database, tenant, practice.events[0], reminders)
    practice.sent = await sent.add(database, tenant, practice.hooks["Booking diary"])
    practice.patient = await see_a_patient(database, practice)
    practice.invitation = await invite(database, practice)
    return practice


async def invite(database: Database, practice: Practice) -> str:
    """The token of a link to join with, which nobody has used."""
    new, at = NewUser("nadia@example.org", "developer", "Nadia Owens"), system_clock()
    user, link = await database.write(
        lambda tx: invitations.invite(tx, KEYRING, practice.caller("live"), new, at)
    )
    practice.invited = user.id
    return link.token


async def bare(database: Database, name: str = NAME) -> Practice:
    """Only the organisation and its users; each address is used once in a database."""
    at = system_clock() - 40 * DAY
    made = await database.write(lambda tx: organisations.create(tx, OPERATOR, name, at))
    caller = Caller(Tenant(made.id, "live"), OPERATOR, frozenset())
    users = {}
    for role in ROLE_NAMES:
        address = email(role if name == NAME else f"second-{role}")
        new = NewUser(address, role, PEOPLE[role])
        users[role] = await ready_users.create(database, caller, new, PASSWORD, at)
    return Practice(made.id, users)


async def new_key(
    database: Database,
    practice: Practice,
    name: str,
    scopes: tuple[str, ...] = ("read_patients",),
    *,
    mode: Mode = "test",
    limit: int = 1_000,
    lasts: int | None = None,
    ago: int = 20 * DAY,
) -> KeyRecord:
    """A key that was made some time ago; `lasts` from then on."""
    at = system_clock() - ago
    new = NewKey(name, mode, scopes, limit, None if lasts is None else at + lasts)
    key, full = await database.write(
        lambda tx: issue.create(tx, KEYRING, practice.caller(mode), new, at, os.urandom)
    )
    practice.keys[name], practice.full[name] = key, full
    return key


async def _add_keys(database: Database, practice: Practice) -> None:
    now = system_clock()
    booking = await new_key(database, practice, "Booking site", BOOKING, lasts=110 * DAY)
    reports = await new_key(
        database,
        practice,
        "Reporting",
        tuple(scope for scope in ALL_SCOPES if scope.startswith("read_")),
        limit=60,
        lasts=29 * DAY,
    )
    pilot = await new_key(database, practice, "Old pilot")
    await new_key(database, practice, "Trial of a reminder service", lasts=7 * DAY)
    await new_key(database, practice, HOSTILE, ago=HOUR)
    await new_key(database, practice, "Website", BOOKING, mode="live", lasts=365 * DAY)
    await use(database, practice, "Booking site", SITE, 41)
    await use(database, practice, "Reporting", REPORTS, 58)
    caller = practice.caller()
    await database.write(
        lambda tx: issue.rotate(tx, KEYRING, caller, reports.id, "24h", now - 2 * HOUR, os.urandom)
    )
    await use(database, practice, "Reporting", REPORTS, 1)
    await database.write(lambda tx: revoke.revoke(tx, caller, pilot.id, now - 3 * DAY))
    rows = list(requests(practice, booking, now))
    await database.write(lambda tx: access_log.write(tx, rows))


async def use(
    database: Database, practice: Practice, name: str, address: str, requests: int
) -> None:
    """Requests with a key that came from an address."""
    uses = LastUsed()
    for _ in range(requests):
        admission = await admit(
            database,
            KEYRING,
            f"Bearer {practice.full[name]}",
            address=address,
            secure=True,
            request_id="req_1",
            counted=True,
        )
        placed = replace(admission, caller=replace(admission.caller, address=address))
        uses.note(placed, system_clock() - 12 * SECOND)
    await database.write(uses.flush)
    uses.settle()


async def _add_webhooks(database: Database, practice: Practice) -> None:
    """Two that take tests at a name that leads nowhere, and one that was paused."""
    caller, now = practice.caller(), system_clock()
    parts = WebhookParts(KEYRING, Guard(), os.urandom)
    for name, active in (("Reminders", True), ("Booking diary", True), (HOSTILE, False)):
        new = {"url": HOOK, "name": name, "events": HOOKED, "is_active": active}
        row, _ = await database.write(
            functools.partial(webhook.create, caller=caller, at=now - DAY, sent=new, parts=parts)
        )
        practice.hooks[name] = row["id"]
    made = await database.write(
        lambda tx: sending.send_test(
            tx, caller, now - HOUR, practice.hooks["Reminders"], None, os.urandom
        )
    )
    practice.delivery = made["id"]


_ROUTES = (
    ("GET", "/availability"),
    ("GET", "/availability"),
    ("GET", "/appointment-types"),
    ("POST", "/holds"),
    ("POST", "/patients"),
)


async def see_a_patient(database: Database, practice: Practice) -> str:
    """A patient whom the key Booking site read twice, and the admin once; the patient's id."""
    now, caller = system_clock(), practice.caller()
    patient, chance = new_id("pat", now - DAY), Random(3)
    key = practice.keys["Booking site"]
    rows = [
        structs.replace(
            access(practice, key, now - ago, chance),
            method="GET",
            route="/patients/{id}",
            patient_ids=(patient,),
        )
        for ago in (HOUR, 2 * HOUR)
    ]
    await database.write(lambda tx: access_log.write(tx, rows))
    looked = trail.Change("delivery.viewed", "delivery", practice.sent[0], patient)
    await database.write(lambda tx: trail.write(tx, caller, looked, now - MINUTE))
    return patient


def requests(practice: Practice, key: KeyRecord, now: int) -> Iterator[Access]:
    """A week of a booking site: busy by day, quiet at night, now and then refused."""
    chance = Random(7)
    for minutes in (*range(60), *range(60, 7 * 24 * 60, 20)):
        at = now - minutes * MINUTE - chance.randrange(MINUTE)
        hour = at // HOUR % 24
        busy = max(1, 9 - abs(14 - hour))
        for _ in range(chance.randrange(busy) if minutes >= 60 else chance.randrange(3)):
            yield access(practice, key, at + chance.randrange(SECOND), chance)


def access(practice: Practice, key: KeyRecord, at: int, chance: Random) -> Access:
    """One request and how it ended."""
    method, route = chance.choice(_ROUTES)
    status, code, missing = chance.choices(
        (
            (200 if method == "GET" else 201, None, None),
            (422, "VALIDATION_FAILED", None),
            (403, "INSUFFICIENT_SCOPE", "read_patients"),
            (429, "RATE_LIMITED", None),
            (503, "UNAVAILABLE", None),
        ),
        (88, 5, 3, 3, 1),
    )[0]
    return Access(
        tenant=Tenant(practice.organisation, key.mode),
        request_id=new_id("req", at),
        at=at,
        key_id=key.id,
        address=SITE,
        method=method,
        route=route,
        status=status,
        error_code=code,
        missing_scope=missing,
        milliseconds=chance.randrange(2, 14),
    )
