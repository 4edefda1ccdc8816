"""Loading a practice's file, and loading it again after it changed, on both databases."""

import json
from copy import deepcopy
from typing import Any

import pytest

from jump.audit import trail
from jump.caller import Caller
from jump.clinical.loading import practice
from jump.clinical.loading.practice import Kind, Loaded
from jump.clinical.loading.practice_rules import checked
from jump.kit.clock import system_clock
from jump.storage.database import Database, Violated
from jump.storage.sql import Row, sql
from tests.clinical import calendar_rows
from tests.clinical.loading.test_practice_file import TODAY, WHOLE
from tests.rest.api import Api, open_api


class Loader:
    """A practice's file, loaded as often as the test likes."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.caller: Caller = api.operator("live")
        self.key = ""
        self.file: dict[str, Any] = deepcopy(WHOLE)

    async def load(self, dry_run: bool = False) -> Loaded:
        content = checked(json.dumps(self.file).encode(), TODAY)
        at = system_clock()
        return await practice.load(self.api.database, self.caller, content, at, dry_run=dry_run)

    async def listed(self, path: str) -> dict[str, dict[str, Any]]:
        """The records of a list by their names."""
        rows = (await self.api.get(path, key=self.key)).json()["data"]
        return {row.get("name") or row["last_name"]: row for row in rows}

    async def rows(self, table: str) -> list[Row]:
        text = f"SELECT * FROM {table} WHERE organisation_id = :organisation AND mode = 'live'"
        organisation = self.caller.tenant.organisation
        found = await self.api.database.read(
            lambda tx: tx.all(sql(text), organisation=organisation)
        )
        return [dict(row) for row in found]

    async def audit(self) -> list[str]:
        """What was done, newest first."""
        tenant = self.caller.tenant
        entries = await self.api.database.read(lambda tx: trail.page(tx, tenant))
        return [each.change.action for each in entries if each.change.record_type != "key"]


@pytest.fixture
async def loader(database: Database) -> Loader:
    loader = Loader(await open_api(database))
    loader.key = await loader.api.make_key(mode="live")
    return loader


async def test_a_file_becomes_the_directory_and_the_rota(loader: Loader) -> None:
    loaded = await loader.load()
    assert loaded.clinicians == Kind(added=["okafor", "evans"])
    assert loaded.rota == ["okafor", "evans"]
    assert loaded.closures == [None, "riverside"]
    okafor = (await loader.listed("/clinicians"))["Okafor"]
    assert okafor["display_name"] == "Dr Amara Okafor"
    assert okafor["specialties"] == ["General practice", "Women's health"]
    assert list(await loader.listed("/clinicians?search=women%20amara")) == ["Okafor"]
    kinds = await loader.listed("/appointment-types")
    assert (kinds["GP appointment"]["price"], kinds["Antenatal class"]["max_group_size"]) == (65, 8)
    assert kinds["Telephone call"]["max_advance_days"] == 90
    places = await loader.listed("/locations")
    assert places["High Street Surgery"]["opening_hours"]["tuesday"] == [
        {"opens": "08:00", "closes": "18:30"}
    ]
    assert places["Riverside Clinic"]["opening_hours"] is None
    gp = kinds["GP appointment"]["id"]
    assert list(await loader.listed(f"/clinicians?appointment_type_id={gp}")) == ["Okafor"]


async def test_the_rota_is_kept_as_the_calendar_reads_it(loader: Loader) -> None:
    await loader.load()
    sessions = await loader.rows("rota_sessions")
    assert {
        (each["weekday"], each["starts_on"], each["ends_on"], each["starts_at"], each["ends_at"])
        for each in sessions
    } == {
        (1, "1970-01-01", None, "09:00", "12:30"),
        (2, "2026-01-06", "2026-12-29", "13:30", "18:00"),
        (None, "2026-02-14", "2026-02-14", "09:00", "12:00"),
        (3, "1970-01-01", None, "17:00", "20:00"),
    }
    assert sorted(bool(each["is_remote"]) for each in await loader.rows("offers")) == [
        False,
        False,
        True,
    ]
    (away,) = await loader.rows("clinician_leave")
    assert (away["starts"], away["ends"]) == ("2026-08-03T00:00", "2026-08-17T00:00")
    closed = await loader.rows("closures")
    assert sorted(str(each["location_id"] is None) for each in closed) == ["False", "True"]


async def test_the_same_file_again_changes_nothing(loader: Loader) -> None:
    await loader.load()
    before = {
        table: await loader.rows(table)
        for table in ("clinicians", "locations", "appointment_types", "rota_sessions", "closures")
    }
    audit = await loader.audit()
    again = await loader.load()
    assert again.locations == Kind(unchanged=["high-street", "riverside"])
    assert again.appointment_types == Kind(unchanged=["gp", "phone", "antenatal"])
    assert again.clinicians == Kind(unchanged=["okafor", "evans"])
    assert (again.rota, again.closures) == ([], [])
    assert {table: await loader.rows(table) for table in before} == before
    assert await loader.audit() == audit


async def test_what_changed_gets_a_version_and_an_audit_row_and_keeps_its_id(
    loader: Loader,
) -> None:
    await loader.load()
    before = (await loader.listed("/clinicians"))["Okafor"]
    rows = len(await loader.audit())
    loader.file["clinicians"][0]["last_name"] = "Okafor-Lewis"
    loader.file["clinicians"][0]["title"] = None
    loader.file["locations"][0]["opening_hours"] = {"sunday": []}
    changed = await loader.load()
    assert (changed.clinicians.changed, changed.clinicians.unchanged) == (["okafor"], ["evans"])
    assert changed.locations.changed == ["high-street"]
    after = (await loader.listed("/clinicians"))["Okafor-Lewis"]
    assert (after["id"], after["version"], after["title"]) == (before["id"], 2, None)
    assert after["created_at"] == before["created_at"] < after["updated_at"]
    assert list(await loader.listed("/clinicians?search=lewis")) == ["Okafor-Lewis"]
    assert sorted((await loader.audit())[: -rows or None]) == [
        "clinician.updated",
        "location.updated",
    ]


async def test_what_is_gone_becomes_inactive_and_comes_back_as_it_was(loader: Loader) -> None:
    await loader.load()
    everybody = await loader.listed("/clinicians")
    evans = loader.file["clinicians"].pop()
    loader.file["appointment_types"].pop()
    gone = await loader.load()
    assert gone.clinicians == Kind(deactivated=["evans"], unchanged=["okafor"])
    assert gone.appointment_types.deactivated == ["antenatal"]
    assert list(await loader.listed("/clinicians?is_active=true")) == ["Okafor"]
    assert (await loader.load()).clinicians == Kind(unchanged=["okafor"])
    loader.file["clinicians"].append({**evans, "offers": []})
    back = await loader.load()
    assert (back.clinicians.changed, back.rota) == (["evans"], ["evans"])
    now = (await loader.listed("/clinicians"))["Evans"]
    assert (now["id"], now["is_active"]) == (everybody["Evans"]["id"], True)


async def test_a_rota_is_replaced_and_only_that_of_whom_it_changed_for(loader: Loader) -> None:
    await loader.load()
    evans = {each["id"] for each in await loader.rows("rota_sessions") if each["weekday"] == 3}
    loader.file["clinicians"][0]["sessions"] = loader.file["clinicians"][0]["sessions"][:1]
    loader.file["closures"] = []
    changed = await loader.load()
    assert (changed.rota, changed.closures) == (["okafor"], [None, "riverside"])
    assert changed.clinicians.changed == []
    left = await loader.rows("rota_sessions")
    assert len(left) == 2
    assert evans < {each["id"] for each in left}
    assert await loader.rows("closures") == []
    assert (await loader.audit())[:3].count("clinician.rota_changed") == 1


async def test_another_location_becomes_the_primary_one(loader: Loader) -> None:
    await loader.load()
    loader.file["locations"][0]["is_primary"] = False
    loader.file["locations"][1]["is_primary"] = True
    assert (await loader.load()).locations.changed == ["high-street", "riverside"]
    new = {"reference": "new", "name": "New", "timezone": "Europe/London", "is_primary": True}
    riverside = {**loader.file["locations"][1], "is_primary": False}
    loader.file["locations"] = [new, loader.file["locations"][0], riverside]
    await loader.load()
    places = await loader.listed("/locations?is_primary=true")
    assert list(places) == ["New"]


async def test_a_dry_run_says_the_same_and_does_nothing(loader: Loader) -> None:
    said = await loader.load(dry_run=True)
    assert await loader.listed("/clinicians") == {}
    assert await loader.audit() == []
    assert await loader.load() == said
    loader.file["clinicians"].pop()
    said = await loader.load(dry_run=True)
    assert len(await loader.listed("/clinicians?is_active=true")) == 2
    assert await loader.load() == said


async def test_nothing_is_written_when_the_database_refuses_a_part_of_it(loader: Loader) -> None:
    taken = calendar_rows.location("loc_taken", reference=None, is_primary=True)
    await calendar_rows.write(loader.api.database, loader.caller.tenant, [taken])
    with pytest.raises(Violated):
        await loader.load()
    assert await loader.rows("clinicians") == []
    assert await loader.rows("appointment_types") == []


async def test_test_and_live_are_loaded_apart(loader: Loader) -> None:
    await loader.load()
    loader.caller = loader.api.operator("test")
    assert (await loader.load()).clinicians.added == ["okafor", "evans"]
    loader.key = await loader.api.make_key(mode="test")
    assert len(await loader.listed("/clinicians")) == 2
