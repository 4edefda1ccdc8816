"""The table of jobs: what is made ahead, what is purged, and how often."""

from jump.audit import retention as access_retention
from jump.clinical.records import document_uploads
from jump.clinical.registry import RESOURCES
from jump.clinical.scheduling import calendar_claims
from jump.identity import retention as sign_in_retention
from jump.keys import throttle
from jump.kit.clock import DAY, HOUR, MINUTE, Clock
from jump.replays import replay
from jump.storage.database import Database
from jump.storage.files import Files
from jump.upkeep.jobs import Job
from jump.webhooks import retention as delivery_retention


def table(retention_days: int, access_log_days: int, clock: Clock, files: Files) -> list[Job]:
    """Every job. Days are those of the settings."""

    async def make_room(database: Database) -> None:
        await database.make_room(clock())

    async def purge_deliveries(database: Database) -> None:
        await delivery_retention.purge(database, retention_days)

    async def purge_access_log(database: Database) -> None:
        await access_retention.purge(database, access_log_days)

    async def purge_replays(database: Database) -> None:
        await database.write(lambda tx: replay.purge(tx, clock()))

    async def purge_failures(database: Database) -> None:
        await database.count(lambda tx: throttle.purge(tx, clock()))

    async def purge_sign_ins(database: Database) -> None:
        await sign_in_retention.purge(database, clock())

    async def purge_expired_holds(database: Database) -> None:
        await database.write(lambda tx: calendar_claims.purge(tx, clock()))

    async def learn_sizes(database: Database) -> None:
        await database.learn([each.resource.table for each in RESOURCES])

    async def remove_lost_uploads(database: Database) -> None:
        await document_uploads.sweep(database, files)

    return [
        Job("make partitions", 6 * HOUR, make_room),
        Job("purge deliveries", HOUR, purge_deliveries),
        Job("purge access log", 6 * HOUR, purge_access_log),
        Job("purge replays", HOUR, purge_replays),
        Job("purge failed addresses", 10 * MINUTE, purge_failures),
        Job("purge expired holds", 6 * HOUR, purge_expired_holds),
        Job("purge sign-ins", HOUR, purge_sign_ins),
        Job("learn sizes", DAY, learn_sizes),
        Job("remove lost uploads", 10 * MINUTE, remove_lost_uploads),
    ]
