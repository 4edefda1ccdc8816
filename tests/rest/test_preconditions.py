"""ETag and If-Match, and what a PATCH does with what it is sent."""

from typing import Any

import pytest

from jump.storage.database import Database
from jump.storage.sql import sql
from tests.rest.api import Api, open_api, refused

PATIENT = {"first_name": "Ada", "last_name": "Lovelace", "date_of_birth": "1980-02-29"}


@pytest.fixture
async def api(database: Database) -> Api:
    return await open_api(database)


@pytest.fixture
async def patient(api: Api) -> str:
    """The address of a patient at version 3."""
    made = await api.post("/patients", PATIENT)
    path = f"/patients/{made.json()['data']['id']}"
    for city in ("Ely", "Bath"):
        await api.patch(path, {"city": city})
    return path


async def counted(database: Database, table: str) -> int:
    row = await database.read(lambda tx: tx.one(sql(f"SELECT count(*) AS n FROM {table}")))
    assert row is not None
    return int(row["n"])


async def test_every_single_record_carries_its_version_as_a_strong_etag(
    api: Api, patient: str
) -> None:
    for answer in (
        await api.get(patient),
        await api.patch(patient, {}),
        await api.post(f"{patient}/archive"),
        await api.post(f"{patient}/unarchive"),
        await api.patch(patient, {"city": "Rye"}),
    ):
        assert answer.headers["etag"] == f'"{answer.json()["data"]["version"]}"'
    assert (await api.get(patient)).json()["data"]["version"] == 6


MATCHING = ['"3"', "*", '"1", "3"', '"x","3"', ' "3" ', 'W/"3", "3"', '"1",\t"3"']
STALE = [
    '"2"', '"4"', "3", '"03"', 'W/"3"', "", '"', '"3', "''3''", '"3" "4"', '"1","2"', "x" * 5_000,
    '"\N{SUPERSCRIPT THREE}"', "**",
]  # fmt: skip


async def test_if_match_lets_pass_who_names_the_version_there_is(api: Api, patient: str) -> None:
    for tag in MATCHING:
        answer = await api.patch(patient, {"city": "Bath"}, headers={"If-Match": tag})
        assert answer.status_code == 200, (tag, answer.text)


async def test_if_match_stops_whoever_names_another_or_none_and_nothing_changes(
    api: Api, patient: str
) -> None:
    before = await counted(api.database, "audit"), await counted(api.database, "events")
    for tag in STALE:
        headers = {"If-Match": tag.encode()}
        for answer in (
            await api.patch(patient, {"city": "Hull"}, headers=headers),
            await api.post(f"{patient}/archive", headers=headers),
            await api.post(f"{patient}/unarchive", headers=headers),
        ):
            error = refused(answer, 412, "PRECONDITION_FAILED")
            assert tag == "" or tag not in error["message"] or tag == '"'
    assert (await counted(api.database, "audit"), await counted(api.database, "events")) == before
    assert (await api.get(patient)).json()["data"]["city"] == "Bath"


async def test_if_match_may_come_in_several_lines(api: Api, patient: str) -> None:
    lines = [("If-Match", '"1"'), ("If-Match", '"3"'), ("Authorization", f"Bearer {api.key}")]
    answer = await api.client.patch(f"/api/v1{patient}", json={"city": "Rye"}, headers=lines)
    assert answer.status_code == 200, answer.text


async def test_the_webhooks_actions_honour_if_match_too(api: Api) -> None:
    made = await api.post(
        "/webhooks", {"url": "https://hooks.example.com/", "events": ["patient.created"]}
    )
    path = f"/webhooks/{made.json()['data']['id']}"
    stale = {"If-Match": '"9"'}
    for answer in (
        await api.patch(path, {"name": "x"}, headers=stale),
        await api.post(f"{path}/rotate-secret", headers=stale),
        await api.post(f"{path}/test", headers=stale),
        await api.call("DELETE", path, headers=stale),
    ):
        refused(answer, 412, "PRECONDITION_FAILED")
    fresh = await api.call("DELETE", path, headers={"If-Match": made.headers["etag"]})
    assert fresh.status_code == 200


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "application/merge-patch+json",
        "Application/JSON; charset=utf-8",
        "application/merge-patch+json;charset=UTF-8",
    ],
)
async def test_a_patch_takes_both_media_types(api: Api, patient: str, media_type: str) -> None:
    answer = await api.call(
        "PATCH", patient, content=b'{"city":"Rye"}', headers={"Content-Type": media_type}
    )
    assert answer.json()["data"]["city"] == "Rye"


async def test_a_change_without_a_body_changes_nothing(api: Api, patient: str) -> None:
    before = (await api.get(patient)).json()["data"]
    for content in (b"", b" ", b"{}"):
        answer = await api.call(
            "PATCH", patient, content=content, headers={"Content-Type": "application/json"}
        )
        assert answer.json()["data"] == before


CLEARED: dict[str, Any] = {
    "city": None,
    "gender": None,
    "nhs_number": None,
    "patient_notes": None,
    "consent_sms": False,
    "is_deceased": False,
    "custom_fields": {},
}


async def test_null_clears_a_field_to_what_a_new_record_would_have(api: Api, patient: str) -> None:
    full = {
        "city": "Ely", "gender": "female", "nhs_number": "9990000018", "patient_notes": "x",
        "consent_sms": True, "is_deceased": True, "custom_fields": {"a": {"b": 1, "c": [1]}},
    }  # fmt: skip
    kept = (await api.patch(patient, full)).json()["data"]
    assert {name: kept[name] for name in full} == full
    cleared = await api.patch(patient, dict.fromkeys(full))
    data = cleared.json()["data"]
    assert {name: data[name] for name in CLEARED} == CLEARED
    for name in ("first_name", "last_name", "date_of_birth", "status"):
        error = refused(await api.patch(patient, {name: None}), 422, "VALIDATION_FAILED")
        assert [detail["field"] for detail in error["details"]] == [name]


async def test_custom_fields_merge_as_deep_as_they_go(api: Api, patient: str) -> None:
    for sent, merged in (
        ({"a": {"b": 1, "c": 2}, "l": [1, 2]}, {"a": {"b": 1, "c": 2}, "l": [1, 2]}),
        ({"a": {"b": None}}, {"a": {"c": 2}, "l": [1, 2]}),
        ({"l": [None]}, {"a": {"c": 2}, "l": [None]}),
        ({"a": "text"}, {"a": "text", "l": [None]}),
        ({"a": {"x": None, "y": 1.5}}, {"a": {"y": 1.5}, "l": [None]}),
        ({"zz": None}, {"a": {"y": 1.5}, "l": [None]}),
        ({"\N{SNOWMAN}": "\N{GRINNING FACE}"}, None),
    ):
        answer = await api.patch(patient, {"custom_fields": sent})
        assert answer.status_code == 200, answer.text
        if merged is not None:
            assert answer.json()["data"]["custom_fields"] == merged


async def test_changing_nothing_keeps_the_version_and_makes_no_event_and_no_audit_row(
    api: Api, patient: str
) -> None:
    same = (await api.get(patient)).json()["data"]
    fields = {name: same[name] for name in ("first_name", "city", "status", "custom_fields")}
    before = await counted(api.database, "audit"), await counted(api.database, "events")
    for body in ({}, fields, {"town_city": same["city"]}, {"nhs_number": ""}, {"phone": None}):
        answer = await api.patch(patient, body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"] == same
    assert (await api.post(f"{patient}/unarchive")).json()["data"] == same
    assert (await counted(api.database, "audit"), await counted(api.database, "events")) == before
