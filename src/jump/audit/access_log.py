"""One row for each request of a known key, and a link from it to each patient it concerned.

A change writes its row in its own transaction, with `write`; a read leaves its row to a `Recorder`.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Protocol

import msgspec

from jump import telemetry
from jump.caller import Tenant
from jump.resources.listing import Filter, Listing, ListQuery
from jump.resources.pages import Page
from jump.resources.pages import page as listing_page
from jump.storage.database import Database, StorageUnavailable, Tx
from jump.storage.sql import Args, bulk

FLUSH_EVERY = 0.25  # seconds
FULL = 100  # rows that wait for no timer
TOGETHER = 200  # rows in one transaction
MOST_KEPT = 50_000  # rows that wait for a database that is away


class Access(msgspec.Struct, frozen=True):
    """One answered request. `route` is a template; `patient_ids` those returned or touched.

    `at` is in microseconds.
    """

    tenant: Tenant
    request_id: str
    at: int
    key_id: str
    address: str
    method: str
    route: str
    status: int
    error_code: str | None
    missing_scope: str | None
    milliseconds: int
    patient_ids: Sequence[str] = ()


# Who saw a patient: the requests, newest first, with the name of the key that each was made with.
# A request's id is in the order of time, and the links are kept in that order.
OF_PATIENT = Listing(
    source="""(
  SELECT l.organisation_id, l.mode, l.patient_id, l.request_id AS id, a.at, a.key_id,
    k.name AS key_name, a.address, a.method, a.route, a.status, a.error_code
  FROM access_log_patients l
  JOIN access_log a ON a.organisation_id = l.organisation_id AND a.mode = l.mode
    AND a.id = l.request_id
  LEFT JOIN api_keys k ON k.organisation_id = a.organisation_id AND k.id = a.key_id
) AS seen""",
    columns=(
        "id",
        "at",
        "key_id",
        "key_name",
        "address",
        "method",
        "route",
        "status",
        "error_code",
    ),
    filters=(
        Filter("request_id", "text", "id"),
        Filter("key_id", "text"),
        Filter("status", "int"),
        Filter("at", "instant"),
        Filter("created_at", "instant", "at"),
    ),
    sorts=(("created_at", "id"),),
    fixed=("patient_id",),
)

_WRITE = bulk(
    """
    INSERT INTO access_log (organisation_id, mode, id, at, key_id, address, method, route, status,
      error_code, missing_scope, milliseconds)
    SELECT :organisation, :mode, :id, :at, :key_id, :address, :method, :route, :status,
      :error_code, :missing_scope, :milliseconds
    /*rows*/
    WHERE TRUE ON CONFLICT DO NOTHING
    """,
    organisation="TEXT",
    mode="TEXT",
    id="TEXT",
    at="BIGINT",
    key_id="TEXT",
    address="TEXT",
    method="TEXT",
    route="TEXT",
    status="BIGINT",
    error_code="TEXT",
    missing_scope="TEXT",
    milliseconds="BIGINT",
)
_LINK = bulk(
    """
    INSERT INTO access_log_patients (organisation_id, mode, patient_id, request_id)
    SELECT :organisation, :mode, :patient_id, :request_id
    /*rows*/
    WHERE TRUE ON CONFLICT DO NOTHING
    """,
    organisation="TEXT",
    mode="TEXT",
    patient_id="TEXT",
    request_id="TEXT",
)


async def write(tx: Tx, accesses: Sequence[Access]) -> None:
    """Write the rows and their links; those already there stay as they are."""
    await tx.later(_WRITE, *map(_row, accesses))
    await tx.later(_LINK, *(link for access in accesses for link in _links(access)))


async def of_patient(tx: Tx, tenant: Tenant, patient_id: str, query: ListQuery) -> Page:
    """The requests that returned or touched this patient's data, newest first.

    A row has id, at, key_id, key_name, address, method, route, status and error_code.
    """
    return await listing_page(tx, tenant, OF_PATIENT, query, patient_id=patient_id)


class Companion(Protocol):
    """Something else that may be written a moment later, in the recorder's transactions."""

    def waits(self) -> bool:
        """Whether there is something to write."""
        ...

    async def flush(self, tx: Tx) -> None:
        """Write what waits. It may run again if the transaction fails."""
        ...

    def settle(self) -> None:
        """What the last flush wrote is committed."""
        ...


class Recorder:
    """Writes rows of reads soon after their answers: each 0.25 s, or when 100 wait.

    Rows wait while the database is away, up to a bound; what has to be dropped is told in the log
    and counted in a metric. `start` it in a running loop, and `close` it to write what waits.
    """

    def __init__(self, database: Database, companions: Sequence[Companion] = ()) -> None:
        self._database = database
        self._companions = companions
        self._waiting: deque[Access] = deque()
        self._dropped = 0
        self._full = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    def add(self, access: Access) -> None:
        """Leave a row to be written."""
        if len(self._waiting) >= MOST_KEPT:
            self._dropped += 1
            return
        self._waiting.append(access)
        # Only the row that fills it up: while the database is away the timer alone tries again.
        if len(self._waiting) == FULL:
            self._full.set()

    async def close(self) -> None:
        """Write what waits, and end. What the database refuses now is dropped."""
        self._closing = True
        self._full.set()
        if self._task is not None:
            await self._task
        await self._flush()
        self._dropped += len(self._waiting)
        self._waiting.clear()
        self._tell_dropped()

    async def _run(self) -> None:
        while not self._closing:
            try:
                async with asyncio.timeout(FLUSH_EVERY):
                    await self._full.wait()
            except TimeoutError:
                pass
            self._full.clear()
            await self._flush()
            self._tell_dropped()

    async def _flush(self) -> None:
        while self._waiting or any(companion.waits() for companion in self._companions):
            batch = list(islice(self._waiting, TOGETHER))
            try:
                await self._write(batch)
            except StorageUnavailable:
                return
            except Exception as fault:
                telemetry.fault(fault, None, "access log")
                if not await self._write_singly(batch):
                    return
            for _ in batch:
                self._waiting.popleft()

    async def _write(self, batch: Sequence[Access]) -> None:
        async def work(tx: Tx) -> None:
            if batch:
                await write(tx, batch)
            for companion in self._companions:
                await companion.flush(tx)

        await self._database.write(work)
        for companion in self._companions:
            companion.settle()

    async def _write_singly(self, batch: Sequence[Access]) -> bool:
        """One row that the database cannot hold must not keep back the others."""
        for access in batch:
            try:
                await self._database.write(lambda tx, one=access: write(tx, [one]))  # type: ignore[misc]
            except StorageUnavailable:
                return False
            except Exception:
                self._dropped += 1
        return bool(batch)

    def _tell_dropped(self) -> None:
        if self._dropped:
            telemetry.accesses_dropped(self._dropped)
            self._dropped = 0


def _row(access: Access) -> Args:
    return {
        "organisation": access.tenant.organisation,
        "mode": access.tenant.mode,
        "id": access.request_id,
        "at": access.at,
        "key_id": access.key_id,
        "address": access.address,
        "method": access.method,
        "route": access.route,
        "status": access.status,
        "error_code": access.error_code,
        "missing_scope": access.missing_scope,
        "milliseconds": access.milliseconds,
    }


def _links(access: Access) -> list[Args]:
    return [
        {
            "organisation": access.tenant.organisation,
            "mode": access.tenant.mode,
            "patient_id": patient_id,
            "request_id": access.request_id,
        }
        for patient_id in access.patient_ids
    ]
