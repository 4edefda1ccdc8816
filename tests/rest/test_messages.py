"""What those are told who make the mistakes that everybody makes: enough to go on by themselves."""

from typing import Any

import pytest

from jump.storage.database import Database
from tests.rest.api import Api, open_api, refused

PATIENT = {"first_name": "Ada", "last_name": "Lovelace", "date_of_birth": "1980-02-29"}


@pytest.fixture
async def api(database: Database) -> Api:
    return await open_api(database)


async def told_of_query(api: Api, query: str) -> dict[str, str]:
    answer = await api.get(query)
    return words(refused(answer, 400, "INVALID_REQUEST"))


async def told_of_body(api: Api, path: str, body: Any, method: str = "POST") -> dict[str, str]:
    return words(refused(await api.call(method, path, json=body), 422, "VALIDATION_FAILED"))


def words(error: dict[str, Any]) -> dict[str, str]:
    return {detail["field"]: detail["message"] for detail in error["details"]}


@pytest.mark.parametrize(
    ("query", "choices"),
    [
        ("/patients?status=Active", "active, archived"),
        ("/patients?status=", "active, archived"),
        ("/patients?status_in=active,deleted", "active, archived"),
        ("/consultations?status=final", "draft, completed"),
        ("/problems?status=closed", "active, resolved, inactive"),
        ("/documents?status=done", "pending, available"),
        ("/prescriptions?status_in=ended", "active, stopped, completed"),
        (
            "/appointments?status=canceled",
            "pending, confirmed, completed, no_show, cancelled, scheduled, pending_approval",
        ),
        ("/webhooks?payload=small", "full, thin"),
    ],
)
async def test_a_state_that_there_is_not_is_refused_and_matches_not_merely_nothing(
    api: Api, query: str, choices: str
) -> None:
    told = await told_of_query(api, query)
    (name,) = told
    assert name == query.partition("?")[2].partition("=")[0]
    assert told[name] == f"Use one of: {choices}."


@pytest.mark.parametrize(
    ("query", "name", "meant"),
    [
        ("/patients?statsu=active", "statsu", "status"),
        ("/patients?created_at[gte]=2026-01-01", "created_at?gte?", "created_at_gte"),
        ("/appointments?patientId=x", "patientId", "patient_id"),
        ("/patients/pat_x/problems?sate=x", "sate", None),
        ("/availability?appointment_type=x", "appointment_type", "appointment_type_id"),
    ],
)
async def test_a_misspelt_parameter_is_told_the_name_it_is_like(
    api: Api, query: str, name: str, meant: str | None
) -> None:
    hint = f" Perhaps you mean {meant}." if meant else ""
    assert (await told_of_query(api, query))[name] == f"This parameter is not known here.{hint}"


@pytest.mark.parametrize("name", ["page", "per_page", "starting_after"])
async def test_whoever_pages_as_elsewhere_is_told_how_it_is_done_here(api: Api, name: str) -> None:
    assert await told_of_query(api, f"/appointments?{name}=2") == {
        name: "Pages are asked for by limit and cursor: the next is meta.next_cursor."
    }


async def test_two_names_of_one_parameter_are_told_of_each_other(api: Api) -> None:
    query = "/appointments?clinician_profile_id=a&clinician_id=b"
    assert await told_of_query(api, query) == {
        "clinician_id": "This is another name of clinician_profile_id: give one of the two."
    }


async def test_two_names_of_one_field_are_told_of_each_other(api: Api) -> None:
    body = {"clinician_id": "cli_a", "clinician_profile_id": "cli_b"}
    told = await told_of_body(api, "/appointments", body)
    assert told["clinician_profile_id"] == "This is another name of clinician_id; the two differ."


async def test_a_misspelt_field_is_told_the_name_it_is_like(api: Api) -> None:
    told = await told_of_body(api, "/patients", {"firstName": "A", "last_nam": "B", "dob": "x"})
    assert told["firstName"] == "This field is not known here. Perhaps you mean first_name."
    assert told["last_nam"] == "This field is not known here. Perhaps you mean last_name."
    assert told["dob"] == "Use date_of_birth."


async def test_who_sends_a_record_back_whole_is_told_what_to_leave_out(api: Api) -> None:
    made = (await api.post("/patients", PATIENT)).json()["data"]
    told = await told_of_body(api, f"/patients/{made['id']}", made, "PATCH")
    assert set(told) == {
        "id", "created_at", "updated_at", "version", "created_by", "archived_at",
        "archive_reason", "display_name", "avatar_url",
    }  # fmt: skip
    assert all("leave it out" in message for message in told.values())
    assert "/archive" in told["archive_reason"]
    left = {name: value for name, value in made.items() if name not in told}
    again = await api.patch(f"/patients/{made['id']}", left)
    assert (again.status_code, again.json()["data"]["version"]) == (200, 1)


SLOT = {
    "start_time": "2036-01-07T09:00:00Z", "end_time": "2036-01-07T09:15:00Z", "clinician_id": "cli",
    "clinician_profile_id": "cli", "clinician_name": "Dr A", "location_id": "loc",
    "location_name": "Here", "is_remote": False, "is_available": True,
}  # fmt: skip


@pytest.mark.parametrize("path", ["/holds", "/appointments/apt_x/reschedule"])
async def test_who_sends_a_slot_as_it_came_is_told_what_to_leave_out(api: Api, path: str) -> None:
    body = {**SLOT, "appointment_type_id": "type"} if path == "/holds" else SLOT
    told = await told_of_body(api, path, body)
    assert set(told) == {"end_time", "clinician_name", "location_name", "is_available"}
    assert all("leave it out" in message for message in told.values())


@pytest.mark.parametrize("name", ["file", "content"])
async def test_who_puts_a_file_into_json_is_told_the_two_ways(api: Api, name: str) -> None:
    body = {"patient_id": "pat_x", "document_type": "letter", "title": "A", name: "aGk="}
    told = await told_of_body(api, "/documents", body)
    assert "multipart/form-data" in told[name]
    assert "PUT /documents/{id}/content" in told[name]


async def test_an_action_names_its_few_fields(api: Api) -> None:
    told = await told_of_body(api, "/appointments/apt_x/cancel", {"cancellation_reason": "ill"})
    assert told["cancellation_reason"] == "This field is not known here. Known: reason."


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/patients/", "Leave out the slash at its end."),
        ("/me/", "Leave out the slash at its end."),
        ("/patients/pat_x/archive/", "Leave out the slash at its end."),
        ("/patient", "Perhaps you mean /patients."),
        ("/Appointments", "Perhaps you mean /appointments."),
        ("/appointmentTypes", "Perhaps you mean /appointment-types."),
        ("/patients/pat_x/prescription", "Perhaps you mean /patients/{id}/prescriptions."),
        ("/holds/hold_x/confirmed", "Perhaps you mean /holds/{id}/confirm."),
        ("/", "/docs lists every address."),
        ("//patients", "/docs lists every address."),
        ("/patients//", "Leave out the slash at its end."),
        ("/patients/pat_x/allergies", "/docs lists every address."),
        ("/zz/../patients/x/y/z", "/docs lists every address."),
    ],
)
async def test_an_address_at_which_nothing_is_tells_the_one_that_it_is_like(
    api: Api, path: str, hint: str
) -> None:
    error = refused(await api.get(path), 404, "NOT_FOUND")
    assert error["message"] == f"There is nothing at this address. {hint}"


PATIENT_ID = "pat_00000000000000000000000000"
OTHERS = ["1", "apt_00000000000000000000000000", PATIENT_ID.upper(), "{id}"]


async def test_an_id_of_another_kind_is_told_how_it_should_begin(api: Api) -> None:
    for sent in OTHERS:
        error = refused(await api.get(f"/patients/{sent}"), 404, "NOT_FOUND")
        assert error["message"] == "There is no patient with this id. Its id begins with pat_."
    error = refused(await api.get(f"/patients/{PATIENT_ID}"), 404, "NOT_FOUND")
    assert error["message"] == "There is no patient with this id."
    error = refused(await api.get(f"/appointment-types/{PATIENT_ID}"), 404, "NOT_FOUND")
    assert error["message"] == (
        "There is no appointment type with this id. Its id begins with type_."
    )


async def test_a_field_that_names_a_record_of_another_kind_is_told_so(api: Api) -> None:
    body = {"patient_id": "cli_x", "clinician_id": PATIENT_ID, "consultation_date": "2026-01-01"}
    assert await told_of_body(api, "/consultations", body) == {
        "patient_id": "There is no patient with this id. Its id begins with pat_.",
        "clinician_id": "There is no clinician with this id. Its id begins with cli_.",
    }
    days = "date_from=2026-01-01&date_to=2026-01-02"
    words = "There is no appointment type with this id. Its id begins with type_."
    assert await told_of_query(api, f"/availability?appointment_type_id=apt_x&{days}") == {
        "appointment_type_id": words
    }


async def test_whoever_wants_to_delete_is_told_what_there_is_instead(api: Api) -> None:
    answer = await api.call("DELETE", f"/patients/{PATIENT_ID}")
    error = refused(answer, 405, "METHOD_NOT_ALLOWED")
    assert "answers to GET, HEAD, PATCH only. Records are not deleted" in error["message"]
    put = refused(await api.call("PUT", "/patients"), 405, "METHOD_NOT_ALLOWED")
    assert put["message"] == "This address answers to GET, HEAD, POST only."


@pytest.mark.parametrize("tag", ["1", 'W/"1"', "abc", '"abc"'])
async def test_an_if_match_that_is_no_etag_is_not_said_to_be_stale(api: Api, tag: str) -> None:
    made = (await api.post("/patients", PATIENT)).json()["data"]
    headers = {"If-Match": tag}
    answer = await api.patch(f"/patients/{made['id']}", {"city": "Ely"}, headers=headers)
    error = refused(answer, 412, "PRECONDITION_FAILED")
    assert "send the ETag as it came" in error["message"]
    stale = await api.patch(f"/patients/{made['id']}", {"city": "Ely"}, headers={"If-Match": '"2"'})
    assert "has changed since" in refused(stale, 412, "PRECONDITION_FAILED")["message"]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"{'first_name': 'Ada'}", ": look at byte 1, counted from 0"),
        (b'{"first_name": "Ada",}', ": look at byte 21, counted from 0"),
        (b'{"first_name": "Ada"', ": it ends too early"),
        ('{"first_name": "Zoë"}'.encode("latin-1"), ": it is not UTF-8"),
    ],
)
async def test_malformed_json_is_told_where_it_breaks(api: Api, body: bytes, where: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await api.call("POST", "/patients", content=body, headers=headers)
    error = refused(answer, 400, "INVALID_REQUEST")
    assert error["message"] == f"The body is not valid JSON{where}."
    assert "Ada" not in str(error)
