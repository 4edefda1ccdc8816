"""What one statement numbers, finds and locks, while others change what it finds: PostgreSQL."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from jump.kit.clock import system_clock
from jump.storage.database import Tx
from jump.storage.sql import sql
from jump.webhooks import pausing, webhook
from jump.webhooks.engine.step import Done
from tests.blocking import blocked, held
from tests.patience import PATIENCE
from tests.webhooks.delivering import Desk
from tests.webhooks.engine.stepping import Stepping, patients

# On SQLite one writer follows the other by itself.
pytestmark = pytest.mark.parametrize("store", ["postgresql"], indirect=True)

_LOCK = sql("SELECT id FROM webhooks WHERE id = :id FOR UPDATE")
_ACTIVATE = sql("UPDATE webhooks SET is_active = TRUE WHERE id = :id")
_PAUSE = sql("UPDATE webhooks SET is_active = FALSE WHERE id = :id")
_DELETE = sql("UPDATE webhooks SET deleted_at = 1 WHERE id = :id")
_ASK_FOR_ANOTHER = sql("""UPDATE webhooks SET events = '["patient.created"]' WHERE id = :id""")
_LEASE = """
    UPDATE lanes SET owner = :owner, epoch = 7, leased_until = :until WHERE webhook_id = :id
"""


@pytest.fixture
def stepping(desk: Desk) -> Stepping:
    return Stepping(desk)


async def step_during(
    desk: Desk,
    stepping: Stepping,
    change: Callable[[Tx], Awaitable[Any]],
    meanwhile: Callable[[], Awaitable[Any]] | None = None,
) -> Done:
    """A step that began before the change of a webhook was committed, and waited for it."""
    async with held(desk.office.database, change):
        step = asyncio.create_task(stepping.step())
        await blocked(desk.office.database)
        if meanwhile is not None:
            await meanwhile()
    return await step


async def step_while_leased(
    desk: Desk, stepping: Stepping, **lease: Any
) -> tuple[dict[str, Any], Done]:
    """A webhook, and a step with an event for it during which its lane gets this lease."""
    made = await desk.webhook()
    await desk.happens("Ada")
    done = await step_during(
        desk,
        stepping,
        lambda tx: tx.all(_LOCK, id=made["id"]),
        lambda: desk.change(_LEASE, **lease, id=made["id"]),
    )
    return made, done


async def test_what_an_activation_releases_meanwhile_goes_first(
    desk: Desk, stepping: Stepping
) -> None:
    made = await desk.webhook(is_active=False)
    await desk.happens("Ada")
    await stepping.step()
    await desk.happens("Grace")

    async def activate(tx: Tx) -> None:
        await tx.run(_ACTIVATE, id=made["id"])
        await pausing.release_deliveries(tx, desk.office.caller.tenant, made["id"])

    done = await step_during(desk, stepping, activate)
    assert patients(desk, done) == ["Ada", "Grace"]


async def test_what_is_paused_meanwhile_waits(desk: Desk, stepping: Stepping) -> None:
    made = await desk.webhook()
    await desk.happens("Ada")
    done = await step_during(desk, stepping, lambda tx: tx.run(_PAUSE, id=made["id"]))
    assert not done.started.claimed
    assert await desk.deliveries(made, "state", "next_attempt_at") == [
        {"state": "pending", "next_attempt_at": None}
    ]


@pytest.mark.parametrize("change", [_DELETE, _ASK_FOR_ANOTHER])
async def test_who_does_not_ask_any_more_meanwhile_gets_nothing(
    desk: Desk, stepping: Stepping, change: Any
) -> None:
    made = await desk.webhook()
    await desk.happens("Ada")
    done = await step_during(desk, stepping, lambda tx: tx.run(change, id=made["id"]))
    assert done.events == 1
    assert not done.started.claimed
    assert not await desk.deliveries(made, "id")


async def test_a_secret_made_meanwhile_signs_what_is_sent(desk: Desk, stepping: Stepping) -> None:
    made = await desk.webhook()
    await desk.happens("Ada")
    secrets: list[str] = []

    async def rotate(tx: Tx) -> None:
        office = desk.office
        _, secret = await webhook.rotate_secret(
            tx, office.caller, system_clock(), made["id"], office.parts
        )
        secrets.append(secret)

    done = await step_during(desk, stepping, rotate)
    [claimed] = done.started.claimed
    assert list(claimed.secrets) == [*secrets, made["secret"]]


async def test_a_lane_that_another_takes_meanwhile_is_the_other_s(
    desk: Desk, stepping: Stepping
) -> None:
    made, done = await step_while_leased(desk, stepping, owner="another", until=2**60)
    assert not done.started.claimed
    assert not done.epochs
    [lane] = await desk.rows("SELECT owner, epoch FROM lanes")
    assert (lane["owner"], lane["epoch"]) == ("another", 7)
    assert await desk.deliveries(made, "state") == ["pending"]


async def test_a_lane_that_another_had_meanwhile_gets_an_epoch_of_its_own(
    desk: Desk, stepping: Stepping
) -> None:
    made, done = await step_while_leased(desk, stepping, owner=None, until=0)
    assert [claimed.epoch for claimed in done.started.claimed] == [8]
    assert await desk.deliveries(made, "epoch") == [8]


async def test_what_another_leaves_due_in_its_lane_meanwhile_goes_first(
    desk: Desk, stepping: Stepping
) -> None:
    made = await desk.webhook()
    await desk.happens("Ada")
    await stepping.step()
    await desk.change("UPDATE deliveries SET state = 'pending'")
    await desk.change(_LEASE, owner=None, until=0, id=made["id"])
    await desk.happens("Grace")

    async def leave() -> None:
        await desk.change("UPDATE deliveries SET next_attempt_at = 1")
        await desk.change(_LEASE, owner=None, until=1, id=made["id"])

    done = await step_during(desk, stepping, lambda tx: tx.all(_LOCK, id=made["id"]), leave)
    assert patients(desk, done) == ["Ada", "Grace"]


async def test_the_lane_of_another_is_left_to_it(desk: Desk, stepping: Stepping) -> None:
    made = await desk.webhook()
    await desk.happens("Ada")
    await desk.change(_LEASE, owner="another", until=2**60, id=made["id"])
    done = await stepping.step()
    assert not done.epochs
    assert await desk.deliveries(made, "state") == ["pending"]


async def test_a_lane_that_another_has_locked_is_left_to_it(desk: Desk, stepping: Stepping) -> None:
    made = await desk.webhook()
    await desk.happens("Ada")
    lock = sql("SELECT epoch FROM lanes WHERE webhook_id = :id FOR UPDATE")
    async with held(desk.office.database, lambda tx: tx.all(lock, id=made["id"])):
        done = await stepping.step()
    assert not done.started.claimed
    assert await desk.deliveries(made, "state") == ["pending"]


async def test_a_webhook_that_did_not_ask_is_not_waited_for(desk: Desk, stepping: Stepping) -> None:
    other = await desk.webhook("/other", "patient.created")
    made = await desk.webhook()
    await desk.happens("Ada")
    async with held(desk.office.database, lambda tx: tx.run(_PAUSE, id=other["id"])):
        done = await asyncio.wait_for(stepping.step(), PATIENCE)
    assert [claimed.webhook_id for claimed in done.started.claimed] == [made["id"]]
