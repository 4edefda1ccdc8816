"""Every GET, of a small practice and of a large one, side by side: its cost must not grow.

Both are made from a seed by the sandbox, and both are asked at the same time, turn by turn, so that
a busy moment of the machine falls on both.
"""

import contextlib
import datetime
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from benchmarks import bulk_rows, records
from benchmarks.figures import Aim, Column, Table, p95
from benchmarks.latency import running
from benchmarks.places import Place, new_place
from benchmarks.practices import open_practice
from benchmarks.questions import Question, asked, of_list
from benchmarks.receiving import Receiver
from benchmarks.sizes import Sizes
from jump.application import endpoints
from jump.clinical.loading import sandbox_practice
from jump.rest.routes import Route
from jump.sealing import Keyring
from jump.webhooks.transport.address_guard import Guard

AIM: Final = 3.0  # times what it takes in the small one
WARM_UP: Final = 2
APPOINTMENTS_PER_PATIENT: Final = 30
SEED: Final = 1
MIDDLE: Final = 40  # records behind the newest: there are 100 patients in a small practice
DAYS: Final = 7
# What does not grow with a practice: deliveries have a benchmark of their own (logs), a hold lives
# for minutes, and an event is found as any record is.
_APART: Final = frozenset(
    {
        "/holds/{id}",
        "/events/{id}",
        "/webhooks/{id}",
        "/webhooks/{id}/deliveries",
        "/webhooks/{id}/deliveries/{delivery}",
    }
)
_CHILDREN: Final = frozenset({"consultations", "problems", "prescriptions", "documents"})
Record = Mapping[str, Any]


def new_table() -> Table:
    """Empty."""
    columns = (
        Column("database"),
        Column("GET"),
        Column("ways to ask", ",d"),
        Column("the one that grew most"),
        Column("p95 ms of few", ".1f"),
        Column("p95 ms of many", ".1f"),
        Column("ratio", ".2f"),
    )
    return Table("growth: every GET, of a small practice and of a large one", columns)


async def measure(table: Table, place: Place, receiver: Receiver, sizes: Sizes) -> None:
    """A row for each address: of all ways to ask there the one that grew most."""
    with (
        tempfile.TemporaryDirectory(dir=place.folder) as folder,
        new_place(place.kind, Path(folder), place.server) as other,
    ):
        async with (
            _open(other, receiver, sizes.small_practice) as small,
            _open(place, receiver, sizes.large_practice) as large,
        ):
            worst = [
                await _grew(route, small, large, sizes)
                for route in _routes()
                if route.path in (sizes.addresses or addresses())
            ]
    for each in worst:
        table.rows.append(
            (
                place.kind, each.path, each.ways, each.question.name, each.few, each.many,
                each.ratio,
            )
        )  # fmt: skip
    most = max(worst, key=lambda each: each.ratio)
    words = f"{place.kind}, the GET that grew most ({most.path}: {most.question.name})"
    table.aims.append(Aim(words, most.ratio, AIM, "times"))


def addresses() -> list[str]:
    """All that can be asked."""
    return [route.path for route in _routes()]


@dataclass(frozen=True)
class Grown:
    """How the 95th percentile of a question grew, in milliseconds; `ways` were asked in all."""

    path: str
    ways: int
    question: Question
    few: float
    many: float

    @property
    def ratio(self) -> float:
        """Times."""
        return self.many / self.few


@dataclass(frozen=True)
class Asked:
    """A practice to ask: a client with its key."""

    client: httpx.AsyncClient

    async def get(self, path: str, query: str) -> httpx.Response:
        """The answer. Raises RuntimeError unless it is 200."""
        answer = await self.client.get(f"/api/v1{path}?{query}")
        if answer.status_code != 200:
            raise RuntimeError(f"GET {path}?{query}: {answer.status_code} {answer.text}")
        return answer

    async def some(self, path: str) -> Record:
        """A record of a list, neither its first nor its last; an empty one where there is none."""
        for offset in (MIDDLE, 0):
            query = asked(limit=1, offset=offset).query
            found: list[Record] = (await self.get(path, query)).json()["data"]
            if found:
                return found[0]
        return {}

    async def milliseconds(self, path: str, question: Question) -> float:
        """How long an answer takes."""
        began = time.perf_counter()
        await self.get(path, question.query)
        return (time.perf_counter() - began) * 1000


def _routes() -> list[Route]:
    """Those with GET whose records a practice grows by."""
    every = endpoints.routes(Keyring("x" * 32), Guard((), frozenset()))
    return [route for route in every if route.method == "GET" and route.path not in _APART]


async def _grew(route: Route, small: Asked, large: Asked, sizes: Sizes) -> Grown:
    """Of all ways to ask at a route the one that grew most."""
    # Where one practice has no record to ask about there is only the plain question.
    pairs = zip(await _questions(route, small), await _questions(route, large), strict=False)
    found = []
    for few, many in pairs:
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(WARM_UP + sizes.asked):
            times[0].append(await small.milliseconds(*few))
            times[1].append(await large.milliseconds(*many))
        found.append((many[1], p95(times[0][WARM_UP:]), p95(times[1][WARM_UP:])))
    grown = [Grown(route.path, len(found), *each) for each in found]
    return max(grown, key=lambda each: each.ratio)


async def _questions(route: Route, practice: Asked) -> list[tuple[str, Question]]:
    """Addresses and queries of a route, about records of this practice."""
    path = await _filled(route.path, practice)
    if route.path.startswith("/availability"):
        return [(path, await _free_times(route.path, practice))]
    if route.listing is None or route.path == "/events":
        return [(path, asked())]
    record = await practice.some(path)
    if not record:
        return [(path, asked())]
    questions = list(of_list(route.listing, record))
    if "created_at" in record:
        questions.append(await _deep(path, record, practice))
    return [(path, each) for each in questions]


async def _filled(template: str, practice: Asked) -> str:
    """The address of a record in the middle: of a list below one, of one that has such records."""
    if "{id}" not in template:
        return template
    _, parents, *below = template.split("/")
    if parents == "patients" and below[-1] == "access-log":
        return template.replace("{id}", (await practice.some("/appointments"))["patient_id"])
    child = await practice.some(f"/{below[-1]}") if below[1:] and below[-1] in _CHILDREN else {}
    named = child.get(f"{parents.removesuffix('s')}_id")
    return template.replace("{id}", named or (await practice.some(f"/{parents}"))["id"])


async def _free_times(path: str, practice: Asked) -> Question:
    """A week of a type that can be booked online."""
    types = (await practice.get("/appointment-types", asked(limit=100).query)).json()["data"]
    offered = next(each for each in types if each["allow_online_booking"] and each["is_active"])
    if path == "/availability/next":
        return asked(appointment_type_id=offered["id"])
    today = datetime.datetime.now(datetime.UTC).date()
    until = today + datetime.timedelta(days=DAYS - 1)
    return asked(appointment_type_id=offered["id"], date_from=today, date_to=until)


async def _deep(path: str, record: Record, practice: Asked) -> Question:
    """The page behind a record in the middle, by its cursor where there is one."""
    query = {"created_at_lte": record["created_at"], "limit": 1}
    page = (await practice.get(path, asked(**query).query)).json()
    cursor = page["meta"]["next_cursor"]
    return asked(**query, cursor=cursor) if cursor else asked(**query)


@contextlib.asynccontextmanager
async def _open(place: Place, receiver: Receiver, patients: int) -> AsyncIterator[Asked]:
    """A practice with so many patients and what belongs to them, and a server to ask."""
    async with open_practice(place, receiver) as practice:
        storage = practice.storage
        await sandbox_practice.load(
            storage.database,
            practice.caller,
            patients=patients,
            appointments=patients * APPOINTMENTS_PER_PATIENT,
            seed=SEED,
            at=storage.clock(),
        )
        await records.add(practice, await practice.patients(), SEED)
        bulk_rows.settle(place)
        key = await practice.add_key()
        with running(practice, ("serve",)) as server:
            client = httpx.AsyncClient(base_url=server.url)
            client.headers["Authorization"] = f"Bearer {key}"
            async with contextlib.aclosing(client):
                yield Asked(client)
