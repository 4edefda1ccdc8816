"""Holds what writers were told against what stands in every book: record, audit, access log,
events, and what the receiver has.

No answered change may be missing anywhere, and one without an answer is in all of them or in none.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpx

from tests.journeys.scene import Scene, data, pages, wait_until
from tests.journeys.traffic import Change, Traffic, change_of, number_of
from tests.patience import PATIENCE

Row = dict[str, Any]


@dataclass(frozen=True)
class Books:
    """What the API and the command line say of everything that happened, the oldest first."""

    records: dict[str, Row]
    audit: list[Row]
    events: list[Row]
    interrupted: set[str]

    def events_of(self, kind: str, patient: str) -> list[Row]:
        """The events of this type that changes of this writer's patient made."""
        return [
            event
            for event in self.events
            if event["type"] == kind and change_of(event["data"]["object"])[0] == patient
        ]

    def requests(self, action: str, records: Iterable[str]) -> set[str]:
        """The ids of the requests that the audit has under this action of these records."""
        wanted = set(records)
        rows = [each for each in self.audit if each["action"] == action]
        rows = [each for each in rows if each["record_id"] in wanted]
        requests = {row["request_id"] for row in rows}
        assert len(requests) == len(rows), "each change made one audit row"
        return requests


def open_books(scene: Scene, client: httpx.Client, webhook: str) -> Books:
    """Read them all."""
    audit = scene.jump.run("audit", "list", "--limit", "1000", "--json").json
    assert len(audit) < 1000, "the audit was not read to its end"
    log = pages(client, f"/webhooks/{webhook}/deliveries")
    again = [delivery["id"] for delivery in log if delivery["attempt_count"] > 1]
    shown = [data(client.get(f"/webhooks/{webhook}/deliveries/{each}")) for each in again]
    return Books(
        records={patient["id"]: patient for patient in pages(client, "/patients")},
        audit=audit[::-1],
        events=pages(client, "/events"),
        interrupted={each["payload"]["data"]["object"]["id"] for each in shown},
    )


def check_changes(books: Books, client: httpx.Client, patient: str, changes: list[Change]) -> None:
    """Every answered change of the patient is in all books, every other one in all or in none."""
    shown = [event["data"]["object"] for event in books.events_of("patient.updated", patient)]
    numbers = [number_of(each) for each in shown]
    answered = {change.number for change in changes if change.is_answered}
    assert answered <= set(numbers) <= {change.number for change in changes}
    assert numbers == sorted(set(numbers)), "a patient's events are in the order of the changes"

    assert [each["version"] for each in shown] == list(range(2, len(shown) + 2))
    assert books.records[patient]["version"] == len(shown) + 1
    assert number_of(books.records[patient]) == max(numbers, default=0)

    requests = books.requests("patient.updated", [patient])
    assert len(requests) == len(numbers)
    assert requests == accesses(client, patient, "PATCH", 200)
    assert {change.request_id for change in changes if change.is_answered} <= requests


def check_registrations(
    books: Books, client: httpx.Client, patient: str, changes: list[Change]
) -> None:
    """The same of the patients that a writer registered."""
    records = [each for each in books.records.values() if each["last_name"] == patient]
    made = {each["id"] for each in records}
    numbers = {number_of(each) for each in records}
    answered = [change for change in changes if change.is_answered]
    assert {change.number for change in answered} <= numbers
    assert len(numbers) == len(made)
    assert numbers <= {change.number for change in changes}

    events = books.events_of("patient.created", patient)
    ours = [event["data"]["object"] for event in events if event["data"]["object"]["id"] in made]
    assert sorted(each["id"] for each in ours) == sorted(made)
    requests = books.requests("patient.created", made)
    assert len(requests) == len(made)
    assert {change.request_id for change in answered} <= requests
    assert requests == set().union(*(accesses(client, each, "POST", 201) for each in made))


def accesses(client: httpx.Client, patient: str, method: str, status: int) -> set[str]:
    """The requests that the access log has of a patient."""
    log = pages(client, f"/patients/{patient}/access-log")
    return {row["request_id"] for row in log if (row["method"], row["status"]) == (method, status)}


def check_arrivals(scene: Scene, books: Books) -> None:
    """Every event arrived, always in the same words; in order for patients of whom no delivery was
    interrupted."""
    bodies: dict[str, set[bytes]] = defaultdict(set)
    first: dict[str, list[int]] = defaultdict(list)
    for each in scene.receiver.requests:
        record, event = each.json()["data"]["object"], each.header("X-Webhook-Id")
        if event not in bodies:
            first[record["id"]].append(record["version"])
        bodies[event].add(each.body)
    assert set(bodies) == {event["id"] for event in books.events}, "what arrived is what happened"
    assert all(len(words) == 1 for words in bodies.values())
    for patient in first.keys() - books.interrupted:
        assert first[patient] == sorted(first[patient]), "a patient's events arrived in order"


def wait_for_arrivals(scene: Scene, changes: list[Change], within: float) -> float:
    """Wait until an event of each change has arrived; the seconds that took."""
    missing = {(change.patient, change.number) for change in changes}
    seen = 0

    def all_there() -> bool:
        nonlocal seen
        for each in scene.receiver.requests[seen:]:
            missing.discard(change_of(each.json()["data"]["object"]))
            seen += 1
        return not missing

    return wait_until(all_there, within, "every answered change has arrived")


def wait_for_rest(client: httpx.Client, webhook: str, within: float) -> float:
    """Wait until every delivery there is has succeeded; the seconds that took."""
    path = f"/webhooks/{webhook}/deliveries?state_in=pending,delivering,failed,cancelled&limit=1"
    return wait_until(lambda: not data(client.get(path)), within, "every delivery has succeeded")


def settle(scene: Scene, client: httpx.Client, webhook: str, traffic: Traffic) -> None:
    """When the writers have stopped: nothing was lost, in any book."""
    wait_for_arrivals(scene, traffic.answered, within=PATIENCE)
    wait_for_rest(client, webhook, within=PATIENCE)
    books = open_books(scene, client, webhook)
    for patient in traffic.patients:
        ours = [change for change in traffic.changes if change.patient == patient]
        changes = [change for change in ours if not change.is_registration]
        check_changes(books, client, patient, changes)
        registrations = [change for change in ours if change.is_registration]
        check_registrations(books, client, patient, registrations)
    check_arrivals(scene, books)
