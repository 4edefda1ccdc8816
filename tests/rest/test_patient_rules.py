"""The rules of a patient: NHS numbers in both modes, dates, limits, and Jump's own names."""

import datetime
from typing import Any

import msgspec
import pytest

from jump.storage.database import Database
from tests.rest.api import Api, open_api, refused

PATIENT = {"first_name": "Ada", "last_name": "Lovelace", "date_of_birth": "1980-02-29"}
NEVER_ISSUED = "9990000018"
ISSUED = "4010232137"  # valid by its check digit, of the range in use


@pytest.fixture
async def api(database: Database) -> Api:
    return await open_api(database)


def today(days: int = 0) -> str:
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)).date().isoformat()


async def make(api: Api, **fields: Any) -> Any:
    made = await api.post("/patients", {**PATIENT, **fields})
    assert made.status_code == 201, made.text
    return made.json()["data"]


async def test_nhs_numbers_of_the_other_mode_are_refused(api: Api) -> None:
    live = await api.make_key(mode="live")
    for key, good, bad in ((api.key, NEVER_ISSUED, ISSUED), (live, ISSUED, NEVER_ISSUED)):
        made = await api.post("/patients", {**PATIENT, "nhs_number": good}, key=key)
        assert made.status_code == 201, made.text
        path = f"/patients/{made.json()['data']['id']}"
        for answer in (
            await api.post("/patients", {**PATIENT, "nhs_number": bad}, key=key),
            await api.patch(path, {"nhs_number": bad}, key=key),
        ):
            error = refused(answer, 422, "VALIDATION_FAILED")
            assert [detail["field"] for detail in error["details"]] == ["nhs_number"]
            assert bad not in answer.text


async def test_an_nhs_number_is_taken_with_spaces_and_given_back_without(api: Api) -> None:
    patient = await make(api, nhs_number="999 000 0018")
    assert patient["nhs_number"] == NEVER_ISSUED
    path = f"/patients/{patient['id']}"
    for text in (" 9990000018 ", "999 0000018", "9 9 9 0 0 0 0 0 1 8"):
        answer = await api.patch(path, {"nhs_number": text})
        assert (answer.status_code, answer.json()["data"]["version"]) == (200, 1)


WRONG_NUMBERS = [
    "9990000019", "999000001", "99900000180", "99900A0018", "9990000018x", "-990000018",
    "\N{ARABIC-INDIC DIGIT NINE}990000018", "0000000000", "1.0", "999\n0000018 9",
]  # fmt: skip


async def test_what_is_no_nhs_number_is_refused_and_not_repeated(api: Api) -> None:
    for text in WRONG_NUMBERS:
        answer = await api.post("/patients", {**PATIENT, "nhs_number": text})
        error = refused(answer, 422, "VALIDATION_FAILED")
        assert [detail["field"] for detail in error["details"]] == ["nhs_number"], text
        assert text not in answer.text
    for value in (9990000018, True, ["9990000018"], {}):
        answer = await api.post("/patients", {**PATIENT, "nhs_number": value})
        refused(answer, 422, "VALIDATION_FAILED")


async def test_a_number_is_one_active_patients_of_a_mode_and_of_a_practice(api: Api) -> None:
    first = await make(api, nhs_number=NEVER_ISSUED)
    second = await make(api)
    taken = await api.patch(f"/patients/{second['id']}", {"nhs_number": NEVER_ISSUED})
    error = refused(taken, 409, "CONFLICT")
    assert "nhs_number" in error["message"]
    next_door = await api.make_key(organisation=await api.new_organisation("Next door"))
    elsewhere = await api.post("/patients", {**PATIENT, "nhs_number": NEVER_ISSUED}, key=next_door)
    assert elsewhere.status_code == 201
    await api.post(f"/patients/{first['id']}/archive")
    moved = await api.patch(f"/patients/{second['id']}", {"nhs_number": NEVER_ISSUED})
    assert moved.status_code == 200
    back = await api.patch(f"/patients/{first['id']}", {"status": "active"})
    refused(back, 409, "CONFLICT")
    given_up = await api.patch(f"/patients/{first['id']}", {"status": "active", "nhs_number": None})
    assert given_up.json()["data"]["status"] == "active"


WRONG_FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"date_of_birth": today(2)}, "date_of_birth"),
    ({"date_of_birth": "1869-12-31"}, "date_of_birth"),
    ({"date_of_birth": "1980-02-30"}, "date_of_birth"),
    ({"date_of_birth": "29/02/1980"}, "date_of_birth"),
    ({"date_of_birth": "1980-02-29T00:00:00Z"}, "date_of_birth"),
    ({"date_of_birth": 19800229}, "date_of_birth"),
    ({"date_of_death": "1980-02-28"}, "date_of_death"),
    ({"date_of_death": today(2)}, "date_of_death"),
    ({"date_of_death": "2020-01-01", "is_deceased": False}, "is_deceased"),
    ({"first_name": " "}, "first_name"),
    ({"first_name": "x" * 101}, "first_name"),
    ({"last_name": ""}, "last_name"),
    ({"email": "nobody"}, "email"),
    ({"email": "a@b@example.org"}, "email"),
    ({"email": "a@example.org\n"}, "email"),
    ({"phone": "call me"}, "phone"),
    ({"phone": "020 7946 0000\n"}, "phone"),
    ({"gender": "femme"}, "gender"),
    ({"gender": "Female"}, "gender"),
    ({"consent_sms": "yes"}, "consent_sms"),
    ({"consent_sms": 1}, "consent_sms"),
    ({"custom_fields": []}, "custom_fields"),
    ({"custom_fields": "x"}, "custom_fields"),
    ({"custom_fields": {"a": "x" * 20_000}}, "custom_fields"),
    ({"patient_notes": "x" * 20_001}, "patient_notes"),
    ({"status": "active"}, "status"),
    ({"archived_at": "2026-01-01T00:00:00Z"}, "archived_at"),
    ({"id": "pat_1"}, "id"),
    ({"version": 1}, "version"),
    ({"city": "York", "town_city": "Hull"}, "town_city"),
]


async def test_a_wrong_field_is_named_and_its_value_is_not_repeated(api: Api) -> None:
    for fields, field in WRONG_FIELDS:
        answer = await api.post("/patients", {**PATIENT, **fields})
        error = refused(answer, 422, "VALIDATION_FAILED")
        assert [detail["field"] for detail in error["details"]] == [field], fields
        assert field in error["message"]
        value = str(fields.get(field))
        assert len(value) < 5 or value not in answer.text


async def test_today_is_a_date_of_birth_and_a_death_says_that_a_patient_is_deceased(
    api: Api,
) -> None:
    patient = await make(api, date_of_birth=today(), date_of_death=today())
    assert patient["is_deceased"] is True
    path = f"/patients/{patient['id']}"
    error = refused(await api.patch(path, {"is_deceased": False}), 422, "VALIDATION_FAILED")
    assert [detail["field"] for detail in error["details"]] == ["is_deceased"]
    alive = await api.patch(path, {"is_deceased": False, "date_of_death": None})
    assert alive.json()["data"]["is_deceased"] is False


async def test_dates_are_checked_against_what_is_kept(api: Api) -> None:
    path = f"/patients/{(await make(api, date_of_death='2020-01-01'))['id']}"
    error = refused(
        await api.patch(path, {"date_of_birth": "2020-01-02"}), 422, "VALIDATION_FAILED"
    )
    assert {detail["field"] for detail in error["details"]} <= {"date_of_birth", "date_of_death"}


async def test_the_names_and_values_of_jumps_older_api_are_understood(api: Api) -> None:
    patient = await make(api, town_city="York", gender="man")
    assert (patient["city"], patient["town_city"], patient["gender"]) == ("York", "York", "male")
    path = f"/patients/{patient['id']}"
    changed = (await api.patch(path, {"town_city": "Hull", "gender": "woman"})).json()["data"]
    assert (changed["city"], changed["town_city"], changed["gender"]) == ("Hull", "Hull", "female")
    same = await api.patch(path, {"city": "Ely", "town_city": "Ely"})
    assert same.json()["data"]["town_city"] == "Ely"
    listed = (await api.get("/patients")).json()
    assert listed["pagination"] == {"limit": 20, "offset": 0, "has_more": False}
    assert listed["data"][0]["town_city"] == "Ely"
    cleared = await api.patch(path, {"town_city": None})
    assert cleared.json()["data"]["city"] is None


async def test_every_gender_of_the_contract_is_taken_and_no_other(api: Api) -> None:
    path = f"/patients/{(await make(api))['id']}"
    for gender in ("male", "female", "other", "unknown"):
        assert (await make(api, gender=gender))["gender"] == gender
        assert (await api.patch(path, {"gender": gender})).json()["data"]["gender"] == gender
    for wrong in ("", "none", "MALE", "non-binary", 1):
        refused(await api.patch(path, {"gender": wrong}), 422, "VALIDATION_FAILED")


async def test_archiving_by_a_status_is_the_action(api: Api) -> None:
    patient = await make(api)
    path = f"/patients/{patient['id']}"
    by_status = (await api.patch(path, {"status": "archived", "city": "Ely"})).json()["data"]
    assert (by_status["status"], by_status["city"], by_status["version"]) == ("archived", "Ely", 2)
    assert by_status["archived_at"] is not None
    assert by_status["archive_reason"] is None
    again = (await api.post(f"{path}/archive", {"reason": "again"})).json()["data"]
    assert again == by_status
    back = (await api.patch(path, {"status": "active"})).json()["data"]
    assert (back["status"], back["archived_at"], back["version"]) == ("active", None, 3)
    with_reason = (await api.post(f"{path}/archive", {"reason": "moved away"})).json()["data"]
    assert with_reason["archive_reason"] == "moved away"
    assert (await api.post(f"{path}/unarchive")).json()["data"]["archive_reason"] is None
    for body in ({"reason": ""}, {"reason": 1}, {"reason": "x" * 501}, {"zz": 1}):
        refused(await api.post(f"{path}/archive", body), 422, "VALIDATION_FAILED")
    refused(await api.patch(path, {"status": "gone"}), 422, "VALIDATION_FAILED")
    refused(await api.post(f"{path}/unarchive", {"reason": "x"}), 422, "VALIDATION_FAILED")


@pytest.mark.parametrize(
    "value",
    [{"a": [1] * 10}, {"\u00e9": "\U0001f600", "": None}, {"n": 1e300, "b": [True, False, {}]}],
)
async def test_custom_fields_come_back_as_they_were_sent(api: Api, value: dict[str, Any]) -> None:
    patient = await make(api, custom_fields=value)
    kept = {name: each for name, each in value.items() if each is not None}
    assert patient["custom_fields"] == kept
    assert (await api.get(f"/patients/{patient['id']}")).json()["data"] == patient


async def test_custom_fields_nest_to_a_depth_and_not_beyond(api: Api) -> None:
    def nested(depth: int) -> Any:
        return {"a": nested(depth - 1)} if depth else 1

    await make(api, custom_fields=nested(16))
    for depth, code in ((17, 422), (200, 422), (900, 422), (3_000, 400)):
        deep = '{"a":' * depth + "1" + "}" * depth
        whole = msgspec.json.encode({**PATIENT, "custom_fields": msgspec.Raw(deep.encode())})
        headers = {"Content-Type": "application/json"}
        answer = await api.call("POST", "/patients", content=whole, headers=headers)
        refused(answer, code, "VALIDATION_FAILED" if code == 422 else "INVALID_REQUEST")
