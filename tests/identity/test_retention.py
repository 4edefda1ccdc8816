"""What has ended goes, and what still counts stays."""

from jump.identity import invitations, retention, users
from jump.kit.clock import DAY, HOUR, MINUTE
from jump.storage.database import Database
from jump.storage.sql import sql
from tests.identity.people import KEYRING, NOW, enter, invited, joined, operator, resume

LEFT = {
    table: sql(f"SELECT count(*) AS rows FROM {table}")
    for table in ("sign_ins", "invitations", "known_addresses", "sign_in_uses")
}


async def left(database: Database) -> dict[str, int]:
    """How many rows each table has."""
    found: dict[str, int] = {}
    for table, statement in LEFT.items():
        row = await database.count(lambda tx, statement=statement: tx.one(statement))
        assert row is not None
        found[table] = row["rows"]
    return found


async def test_rows_go_when_they_can_be_of_no_use(database: Database) -> None:
    await joined(database)
    begun = await enter(database)
    await resume(database, begun.token, NOW + MINUTE)
    bob, caller = await invited(database), await operator(database)
    await database.write(lambda tx: invitations.renew(tx, KEYRING, caller, bob.id, NOW))
    whole = dict.fromkeys(LEFT, 1)
    for at, gone in [
        (NOW + 12 * HOUR, set()),
        (NOW + 12 * HOUR + 1, {"sign_ins"}),
        (NOW + 14 * HOUR, {"sign_ins", "sign_in_uses"}),
        (NOW + 37 * DAY + 1, {"sign_ins", "sign_in_uses", "invitations"}),
        (NOW + 90 * DAY + 1, set(LEFT)),
    ]:
        await retention.purge(database, at)
        assert await left(database) == whole | dict.fromkeys(gone, 0)
    everyone = await database.read(lambda tx: users.everyone(tx, bob.organisation))
    assert len(everyone) == 2
