"""Writers that change and register patients, and remember what each was answered.

A writer whose process dies waits until it is told of another one.
"""

import threading
import time
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Self

import httpx

from tests.journeys.practice import PATIENT
from tests.patience import PATIENCE
from tests.processes import Running

PAUSE_SECONDS = 0.05
REGISTER_EVERY = 4


@dataclass(frozen=True)
class Change:
    """One change that was asked for: `number` counts from 1 for each writer's patient.

    Every fourth registers a new patient, who bears the id of the writer's own as a last name.
    `status` and `request_id` are those of the answer, None where none came.
    """

    patient: str
    number: int
    status: int | None = None
    request_id: str | None = None

    @property
    def is_registration(self) -> bool:
        """Whether it made a patient, and did not change one."""
        return self.number % REGISTER_EVERY == 0

    @property
    def is_answered(self) -> bool:
        """Whether the writer was told that it was done."""
        return self.status is not None and 200 <= self.status < 300


def city(number: int) -> str:
    """What the change of that number writes; `number_of` reads it again."""
    return f"Town {number}"


def number_of(patient: dict[str, str | None]) -> int:
    """The number of the last change that a patient's record shows; 0 before the first."""
    return int((patient["city"] or city(0)).removeprefix("Town "))


def change_of(patient: dict[str, str]) -> tuple[str, int]:
    """The writer's patient and the number of the change that the record shows."""
    last_name = patient["last_name"]
    return (last_name if last_name.startswith("pat_") else patient["id"]), number_of(patient)


@dataclass
class Traffic:
    """One writer for each patient, from `with` on; `stop` it to know what was changed."""

    key: str
    patients: list[str]
    changes: list[Change] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._aims: list[str] = []
        self._aimed = threading.Condition()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._write, args=place, daemon=True)
            for place in enumerate(self.patients)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self.stop()

    def aim(self, *processes: Running) -> None:
        """Send to these from now on; the writers divide themselves among them."""
        with self._aimed:
            self._aims = [f"{process.url}/api/v1" for process in processes]
            self._aimed.notify_all()

    def stop(self) -> None:
        """Let each writer finish what it has begun."""
        self._stopping.set()
        with self._aimed:
            self._aimed.notify_all()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def wait_for(self, answered: int) -> None:
        """Wait until so many changes more have been answered."""
        with self._aimed:
            wanted = len(self.answered) + answered
            if not self._aimed.wait_for(lambda: len(self.answered) >= wanted, PATIENCE):
                raise TimeoutError(f"{len(self.answered)} of {wanted} changes were answered")

    @property
    def answered(self) -> list[Change]:
        """The changes whose writers were told that they are done."""
        return [change for change in tuple(self.changes) if change.is_answered]

    def _write(self, place: int, patient: str) -> None:
        used, client = "", httpx.Client(trust_env=False)
        for number in count(1):
            aim = self._next_aim(place, used)
            if aim is None:
                client.close()
                return
            if aim != used:
                client.close()
                client, used = httpx.Client(timeout=PATIENCE, trust_env=False), aim
            change = self._ask(client, aim, Change(patient, number))
            with self._aimed:
                self.changes.append(change)
                if change.status is None and aim in self._aims:
                    self._aims.remove(aim)
                self._aimed.notify_all()
            time.sleep(PAUSE_SECONDS)

    def _next_aim(self, place: int, used: str) -> str | None:
        with self._aimed:
            self._aimed.wait_for(lambda: self._aims or self._stopping.is_set())
            if self._stopping.is_set():
                return None
            return used if used in self._aims else self._aims[place % len(self._aims)]

    def _ask(self, client: httpx.Client, aim: str, change: Change) -> Change:
        body = {"city": city(change.number)}
        method, path = "PATCH", f"/patients/{change.patient}"
        if change.is_registration:
            method, path = "POST", "/patients"
            body |= {**PATIENT, "last_name": change.patient}
        headers = {"Authorization": f"Bearer {self.key}"}
        try:
            answer = client.request(method, aim + path, json=body, headers=headers)
        except httpx.TransportError:
            return change
        return replace(change, status=answer.status_code, request_id=answer.headers["x-request-id"])
