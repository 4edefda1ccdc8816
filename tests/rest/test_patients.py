"""Patients, as an integrator meets them."""

import pytest

from jump.storage.database import Database
from tests.rest.api import Api, open_api

ADA = {"first_name": "Ada", "last_name": "O'Brien", "date_of_birth": "1980-02-29"}


@pytest.fixture
async def api(database: Database) -> Api:
    return await open_api(database)


async def test_a_new_patient_is_answered_whole_and_can_be_read_again(api: Api) -> None:
    made = await api.post("/patients", {**ADA, "town_city": "York", "gender": "woman"})
    assert made.status_code == 201, made.text
    patient = made.json()["data"]
    assert patient["city"] == patient["town_city"] == "York"
    assert patient["gender"] == "female"
    assert made.headers["etag"] == '"1"'
    assert made.headers["location"] == f"/api/v1/patients/{patient['id']}"
    read = await api.get(f"/patients/{patient['id']}")
    assert read.json()["data"] == patient


async def test_every_wrong_field_is_listed_and_no_value_is_repeated(api: Api) -> None:
    answer = await api.post(
        "/patients",
        {"first_name": "", "date_of_birth": "2026-02-30", "nhs_number": "9434765918", "zz": 1},
    )
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["code"] == "VALIDATION_FAILED"
    assert {each["field"] for each in error["details"]} == {
        "first_name",
        "last_name",
        "date_of_birth",
        "zz",
    }
    assert "2026-02-30" not in answer.text


async def test_an_nhs_number_is_kept_without_spaces_and_belongs_to_one_active_patient(
    api: Api,
) -> None:
    first = await api.post("/patients", {**ADA, "nhs_number": "999 000 0018"})
    assert first.status_code == 201, first.text
    assert first.json()["data"]["nhs_number"] == "9990000018"
    second = await api.post("/patients", {**ADA, "nhs_number": "9990000018"})
    assert second.status_code == 409
    assert second.json()["error"]["code"] == "CONFLICT"
    assert "9990000018" not in second.text
    await api.post(f"/patients/{first.json()['data']['id']}/archive", {"reason": "moved away"})
    third = await api.post("/patients", {**ADA, "nhs_number": "9990000018"})
    assert third.status_code == 201
    back = await api.post(f"/patients/{first.json()['data']['id']}/unarchive")
    assert back.status_code == 409


async def test_null_clears_custom_fields_merge_and_nothing_changed_keeps_the_version(
    api: Api,
) -> None:
    made = await api.post("/patients", {**ADA, "phone": "020 7946 0000", "custom_fields": {"a": 1}})
    path = f"/patients/{made.json()['data']['id']}"
    changed = await api.patch(path, {"phone": None, "custom_fields": {"b": [2], "a": None}})
    assert changed.status_code == 200, changed.text
    patient = changed.json()["data"]
    assert (patient["phone"], patient["custom_fields"], patient["version"]) == (None, {"b": [2]}, 2)
    again = await api.patch(path, {"phone": None, "custom_fields": {"b": [2]}})
    assert again.json()["data"] == patient


async def test_a_stale_version_is_refused_and_changes_nothing(api: Api) -> None:
    made = await api.post("/patients", ADA)
    path = f"/patients/{made.json()['data']['id']}"
    first = await api.patch(path, {"city": "Leeds"}, headers={"If-Match": '"1"'})
    assert first.status_code == 200
    second = await api.patch(path, {"city": "Hull"}, headers={"If-Match": '"1"'})
    assert second.status_code == 412
    assert second.json()["error"]["code"] == "PRECONDITION_FAILED"
    assert (await api.get(path)).json()["data"]["city"] == "Leeds"


@pytest.mark.parametrize(
    "search", ["ada", "obr", "O'Brien", "ADA obrien", "1980-02-29", "29/02/1980", "999 000 0018"]
)
async def test_a_patient_is_found_however_the_name_is_typed(api: Api, search: str) -> None:
    made = await api.post("/patients", {**ADA, "nhs_number": "9990000018"})
    await api.post(
        "/patients",
        {**ADA, "first_name": "Bob", "last_name": "Smith", "date_of_birth": "1990-01-01"},
    )
    by_get = await api.get("/patients", params={"search": search})
    by_post = await api.post("/patients/search", {"search": search})
    for found in (by_get, by_post):
        assert found.status_code == 200, found.text
        assert [each["id"] for each in found.json()["data"]] == [made.json()["data"]["id"]]


async def test_every_word_of_a_search_begins_a_name_or_is_a_number_or_a_birthday(api: Api) -> None:
    about = {"middle_name": "Quentin", "preferred_name": "Molly", "nhs_number": "9990000018"}
    made = (await api.post("/patients", {**ADA, **about})).json()["data"]["id"]
    one = ("mol", "ada mol", "obrien ada", "mol 1980-02-29", "9990000018 obr")
    none = ("rien", "da", "olly", "ada smith", "quentin", "ada 1980-02-28", "9990000019")
    none += ("999", "999 000", "1980", "1980-02", "1980 ada")
    for search in (*one, *none):
        found = await api.post("/patients/search", {"search": search})
        assert found.status_code == 200, found.text
        ids = [each["id"] for each in found.json()["data"]]
        assert ids == ([made] if search in one else []), search


async def test_pages_by_cursor_meet_every_patient_once_while_more_arrive(api: Api) -> None:
    expected = [(await api.post("/patients", ADA)).json()["data"]["id"] for _ in range(7)]
    seen: list[str] = []
    cursor = None
    while True:
        params = {"limit": "3"} | ({"cursor": cursor} if cursor else {})
        page = (await api.get("/patients", params=params)).json()
        seen += [each["id"] for each in page["data"]]
        await api.post("/patients", ADA)
        cursor = page["meta"]["next_cursor"]
        if cursor is None:
            break
    assert seen == expected[::-1]
    assert page["meta"]["has_more"] is False


async def test_a_cursor_of_another_query_is_refused(api: Api) -> None:
    for _ in range(3):
        await api.post("/patients", ADA)
    page = (await api.get("/patients", params={"limit": "1"})).json()
    cursor = page["meta"]["next_cursor"]
    other = await api.get("/patients", params={"limit": "1", "cursor": cursor, "status": "active"})
    assert other.status_code == 400
    assert page["pagination"] == {"limit": 1, "offset": 0, "has_more": True}
    assert page["meta"]["next_offset"] == 1


async def test_archived_patients_stay_in_lists_unless_only_active_ones_are_asked_for(
    api: Api,
) -> None:
    made = (await api.post("/patients", ADA)).json()["data"]
    archived = await api.patch(f"/patients/{made['id']}", {"status": "archived"})
    assert archived.json()["data"]["archived_at"] is not None
    assert len((await api.get("/patients")).json()["data"]) == 1
    assert (await api.get("/patients", params={"status": "active"})).json()["data"] == []
    assert (
        len((await api.get("/patients", params={"status_in": "active,archived"})).json()["data"])
        == 1
    )


async def test_a_key_that_may_only_write_learns_nothing_but_id_version_and_status(api: Api) -> None:
    key = await api.make_key("write_patients")
    made = await api.post("/patients", ADA, key=key)
    assert made.status_code == 201
    assert set(made.json()["data"]) == {"id", "version", "status"}
    changed = await api.patch(f"/patients/{made.json()['data']['id']}", {"city": "Bath"}, key=key)
    assert set(changed.json()["data"]) == {"id", "version", "status"}
    refused = await api.get(f"/patients/{made.json()['data']['id']}", key=key)
    assert refused.status_code == 403
    assert 'scope="read_patients"' in refused.headers["www-authenticate"]


async def test_another_mode_and_another_organisation_look_like_nothing(api: Api) -> None:
    made = (await api.post("/patients", ADA)).json()["data"]
    live = await api.make_key(mode="live")
    unknown = await api.get("/patients/pat_00000000000000000000000000")
    elsewhere = await api.get(f"/patients/{made['id']}", key=live)
    assert elsewhere.status_code == unknown.status_code == 404
    assert elsewhere.json()["error"] == unknown.json()["error"]


async def test_who_saw_a_patient_is_told_newest_first(api: Api) -> None:
    made = (await api.post("/patients", ADA)).json()["data"]
    path = f"/patients/{made['id']}"
    await api.patch(path, {"city": "Ely"})
    seen = (await api.get(f"{path}/access-log")).json()["data"]
    assert [(each["method"], each["route"], each["status"]) for each in seen] == [
        ("PATCH", "/patients/{id}", 200),
        ("POST", "/patients", 201),
    ]


async def test_a_repeated_request_gets_the_first_answer_and_makes_one_patient(api: Api) -> None:
    headers = {"Idempotency-Key": "once"}
    first = await api.post("/patients", ADA, headers=headers)
    again = await api.post("/patients", ADA, headers=headers)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.content == first.content
    assert again.headers["etag"] == first.headers["etag"]
    other = await api.post("/patients", {**ADA, "city": "Rye"}, headers=headers)
    assert other.status_code == 409
    assert len((await api.get("/patients")).json()["data"]) == 1
    refused = await api.post("/patients", {}, headers={"Idempotency-Key": "wrong"})
    assert refused.status_code == 422
    mended = await api.post("/patients", ADA, headers={"Idempotency-Key": "wrong"})
    assert mended.status_code == 201
