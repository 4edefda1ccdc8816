"""Each of the first steps is done once what it leaves behind is there, in its own mode."""

from collections.abc import Awaitable, Callable

from jump.audit import access_log
from jump.audit.access_log import Access
from jump.caller import Tenant
from jump.keys import issue
from jump.keys.issue import NewKey
from jump.kit.clock import system_clock
from jump.kit.ids import new_id
from jump.notices import first_steps
from jump.notices.first_steps import FirstSteps
from jump.storage.database import Database
from jump.webhooks import sending
from tests.office import Office


async def reached(database: Database, tenant: Tenant) -> FirstSteps:
    return await database.read(lambda tx: first_steps.reached(tx, tenant))


async def create_key(office: Office) -> None:
    new, parts = NewKey("Front desk", "test", ["read_patients"]), office.parts
    await office.database.write(
        lambda tx: issue.create(tx, parts.keyring, office.caller, new, system_clock(), parts.random)
    )


async def make_request(office: Office) -> None:
    at = system_clock()
    row = Access(
        tenant=office.caller.tenant,
        request_id=new_id("req", at),
        at=at,
        key_id="key_1",
        address="203.0.113.7",
        method="GET",
        route="/me",
        status=200,
        error_code=None,
        missing_scope=None,
        milliseconds=1,
    )
    await office.database.write(lambda tx: access_log.write(tx, [row]))


async def create_webhook(office: Office) -> None:
    await office.webhook()


async def send_test(office: Office) -> None:
    [hook] = (await office.ask("GET", "/webhooks")).data
    await office.database.write(
        lambda tx: sending.send_test(
            tx, office.caller, system_clock(), hook["id"], None, office.parts.random
        )
    )


STEPS: tuple[tuple[str, Callable[[Office], Awaitable[None]]], ...] = (
    ("key_created", create_key),
    ("request_made", make_request),
    ("webhook_created", create_webhook),
    ("event_sent", send_test),
)


async def test_each_step_is_done_by_what_it_leaves_behind(database: Database) -> None:
    office = await Office.on(database)
    tenant, done = office.caller.tenant, dict.fromkeys((name for name, _ in STEPS), False)
    assert await reached(database, tenant) == FirstSteps(**done)
    for name, take in STEPS:
        await take(office)
        done[name] = True
        found = await reached(database, tenant)
        assert found == FirstSteps(**done)
        assert found.all_done == all(done.values())
    for other in (office.in_mode("live"), await office.neighbour()):
        nothing = await reached(database, other.caller.tenant)
        assert nothing == FirstSteps(False, False, False, False)


async def test_a_webhook_that_is_deleted_is_no_webhook(database: Database) -> None:
    office = await Office.on(database)
    made = await office.webhook()
    await office.ask("DELETE", f"/webhooks/{made['id']}")
    assert not (await reached(database, office.caller.tenant)).webhook_created
