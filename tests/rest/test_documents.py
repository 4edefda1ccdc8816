"""Documents by API: made by form or in two steps, changed, marked, and what others are told."""

import hashlib
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from jump.clinical.records.document_fields import MOST_BYTES
from jump.storage.database import Database
from jump.storage.sql import sql
from tests.clinical import directory_records
from tests.clinical.document_records import PDF, SAMPLES
from tests.rest.api import Api, open_api, refused

PATIENT = {"first_name": "Ada", "last_name": "Lovelace", "date_of_birth": "1980-02-29"}
UPLOADS = sql("SELECT content_name FROM document_uploads")
AUDIT = sql("SELECT action, patient_id, fields FROM audit WHERE record_id = :id ORDER BY id")


@pytest.fixture
async def api(database: Database) -> Api:
    return await open_api(database)


@pytest.fixture
async def about(api: Api) -> dict[str, Any]:
    made = (await api.post("/patients", PATIENT)).json()["data"]
    return {"patient_id": made["id"], "document_type": "letter", "title": "Discharge letter"}


def files_of(api: Api) -> list[bytes]:
    """What lies in the folder, the largest first."""
    found = [each.read_bytes() for each in api.folder.rglob("*") if each.is_file()]
    return sorted(found, key=len, reverse=True)


async def uploads_of(api: Api) -> int:
    return len(await api.database.read(lambda tx: tx.all(UPLOADS)))


async def events_of(api: Api, record: str) -> list[tuple[str, Any]]:
    """The types of the record's events, with what each says was there before."""
    found = await api.database.read(
        lambda tx: tx.all(
            sql("SELECT type, body FROM events WHERE record_id = :id ORDER BY id"), id=record
        )
    )
    return [(row["type"], httpx.Response(200, text=row["body"]).json()["data"]) for row in found]


async def put(api: Api, document: str, content: bytes, **kwargs: Any) -> httpx.Response:
    return await api.call("PUT", f"/documents/{document}/content", content=content, **kwargs)


def made(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    data: dict[str, Any] = answer.json()["data"]
    assert answer.headers["location"] == f"/api/v1/documents/{data['id']}"
    assert answer.headers["etag"] == f'"{data["version"]}"'
    return data


@pytest.mark.parametrize("mime_type", SAMPLES)
async def test_a_form_makes_a_document_that_is_what_its_content_is(
    api: Api, about: Mapping[str, Any], mime_type: str
) -> None:
    content = SAMPLES[mime_type]
    document = made(await api.send_form("/documents", about, content, "C:\\mail\\image.gif"))
    assert document | about == document
    assert document["mime_type"] == mime_type
    assert document["file_size"] == len(content)
    assert document["sha256"] == hashlib.sha256(content).hexdigest()
    assert document["file_name"] == "image.gif"
    assert (document["status"], document["version"]) == ("available", 1)
    assert document["created_by"] == document["uploaded_by"]
    assert document["file_path"] is None
    assert files_of(api) == [content]
    assert await uploads_of(api) == 0
    assert (await api.get(f"/documents/{document['id']}")).json()["data"] == document


async def test_two_steps_make_the_same_and_others_are_told_at_the_second(
    api: Api, about: Mapping[str, Any]
) -> None:
    sent = {**about, "file_name": "letter.pdf", "mime_type": "image/png"}
    pending = made(await api.post("/documents", sent))
    one = f"/documents/{pending['id']}"
    assert (pending["status"], pending["mime_type"]) == ("pending", "image/png")
    changed = await api.patch(one, {"title": "Letter"})
    assert changed.json()["data"]["version"] == 2
    assert await events_of(api, pending["id"]) == []
    refused(await api.get(f"{one}/download"), 409, "CONFLICT")

    answer = await put(api, pending["id"], PDF, headers={"If-Match": '"2"'})
    assert answer.status_code == 200, answer.text
    document = answer.json()["data"]
    assert answer.headers["etag"] == '"3"'
    assert (document["status"], document["mime_type"]) == ("available", "application/pdf")
    assert document["sha256"] == hashlib.sha256(PDF).hexdigest()
    [(kind, told)] = await events_of(api, pending["id"])
    assert (kind, told) == ("document.created", {"object": document, "previous": None})
    assert files_of(api) == [PDF]
    assert await uploads_of(api) == 0
    rows = await api.database.read(lambda tx: tx.all(AUDIT, id=pending["id"]))
    assert [row["action"] for row in rows] == [
        "document.created",
        "document.updated",
        "document.content_added",
    ]
    assert {row["patient_id"] for row in rows} == {about["patient_id"]}


async def test_content_comes_once(api: Api, about: Mapping[str, Any]) -> None:
    pending = made(await api.post("/documents", about))["id"]
    assert (await put(api, pending, PDF)).status_code == 200
    for content in (PDF, SAMPLES["text/plain"]):
        error = refused(await put(api, pending, content), 409, "CONFLICT")
        assert "available" in error["message"]
    by_form = made(await api.send_form("/documents", about, PDF))["id"]
    refused(await put(api, by_form, PDF), 409, "CONFLICT")
    assert files_of(api) == [PDF, PDF]
    assert await uploads_of(api) == 0


async def test_a_change_of_what_is_said_makes_an_event_and_none_changes_the_content(
    api: Api, about: Mapping[str, Any]
) -> None:
    document = made(await api.send_form("/documents", about, PDF))
    one = f"/documents/{document['id']}"
    changed = (await api.patch(one, {"title": "Letter", "description": None})).json()["data"]
    assert changed["version"] == 2
    assert (await api.patch(one, {"title": "Letter"})).json()["data"]["version"] == 2
    created, updated = await events_of(api, document["id"])
    assert created == ("document.created", {"object": document, "previous": None})
    assert updated == (
        "document.updated",
        {"object": changed, "previous": {"title": "Discharge letter"}},
    )
    for field in ("mime_type", "file_size", "sha256", "status", "file_path"):
        error = refused(await api.patch(one, {field: None}), 422, "VALIDATION_FAILED")
        assert [each["field"] for each in error["details"]] == [field]


async def test_a_document_keeps_its_patient(api: Api, about: Mapping[str, Any]) -> None:
    document = made(await api.send_form("/documents", about, PDF))
    other = (await api.post("/patients", PATIENT)).json()["data"]["id"]
    one = f"/documents/{document['id']}"
    error = refused(await api.patch(one, {"patient_id": other}), 422, "VALIDATION_FAILED")
    assert "keeps its patient" in error["details"][0]["message"]
    same = await api.patch(one, {"patient_id": document["patient_id"]})
    assert same.json()["data"]["version"] == 1


async def test_the_documents_of_a_patient_and_of_a_consultation_are_lists_of_their_own(
    api: Api, about: Mapping[str, Any]
) -> None:
    clinician = (await directory_records.make(api.database, api.operator()))["clinicians"]
    noted = {"clinician_id": clinician, "consultation_date": "2026-01-05"}
    patient = about["patient_id"]
    answer = await api.post("/consultations", {"patient_id": patient, **noted})
    consultation = answer.json()["data"]["id"]
    other = (await api.post("/patients", PATIENT)).json()["data"]["id"]
    lone = made(await api.send_form("/documents", about, PDF))
    linked = {**about, "consultation_id": consultation}
    first = made(await api.send_form("/documents", linked, PDF))
    assert first["consultation_id"] == consultation
    for path, expected in (
        (f"/patients/{patient}/documents", [first, lone]),
        (f"/patients/{patient}/documents?consultation_id={consultation}", [first]),
        (f"/patients/{other}/documents", []),
        (f"/consultations/{consultation}/documents", [first]),
        (f"/documents?patient_id={patient}&status=available&order=asc", [lone, first]),
        ("/documents?status=pending", []),
    ):
        assert (await api.get(path)).json()["data"] == expected, path
    strange = {**linked, "patient_id": other}
    for answer in (
        await api.send_form("/documents", strange, PDF),
        await api.post("/documents", strange),
        await api.patch(f"/documents/{lone['id']}", {"consultation_id": "con_1"}),
    ):
        error = refused(answer, 422, "VALIDATION_FAILED")
        assert [each["field"] for each in error["details"]] == ["consultation_id"]
    one = f"/documents/{lone['id']}"
    changed = await api.patch(one, {"consultation_id": consultation})
    assert changed.json()["data"]["consultation_id"] == consultation
    changed = await api.patch(one, {"consultation_id": None})
    assert changed.json()["data"]["consultation_id"] is None


async def test_what_was_entered_in_error_stays_readable_and_takes_nothing_more(
    api: Api, about: Mapping[str, Any]
) -> None:
    document = made(await api.send_form("/documents", about, PDF))["id"]
    pending = made(await api.post("/documents", about))["id"]
    for each in (document, pending):
        marked = await api.post(f"/documents/{each}/mark-in-error", {"reason": "another patient"})
        assert marked.json()["data"]["entered_in_error"] is True
        assert (await api.get(f"/documents/{each}")).json()["data"]["entered_in_error"] is True
        refused(await api.patch(f"/documents/{each}", {"title": "x"}), 409, "CONFLICT")
    refused(await put(api, pending, PDF), 409, "CONFLICT")
    assert (await api.get(f"/documents/{document}/download")).status_code == 200
    assert [kind for kind, _ in await events_of(api, document)] == [
        "document.created",
        "document.updated",
    ]
    # Nobody was told that it was there.
    assert await events_of(api, pending) == []
    listed = (await api.get("/documents")).json()["data"]
    every = (await api.get("/documents?include_in_error=true")).json()["data"]
    assert (listed, len(every)) == ([], 2)


async def test_content_is_held_to_what_was_said_of_it(api: Api, about: Mapping[str, Any]) -> None:
    digest = hashlib.sha256(PDF).hexdigest()
    right = {**about, "file_size": len(PDF), "sha256": digest.upper()}
    made(await api.send_form("/documents", right, PDF))
    pending = made(await api.post("/documents", right))["id"]
    error = refused(await put(api, pending, PDF + b" "), 422, "VALIDATION_FAILED")
    assert {each["field"] for each in error["details"]} == {"file_size", "sha256"}
    assert (await put(api, pending, PDF)).status_code == 200
    wrong = {**about, "sha256": digest[::-1]}
    refused(await api.send_form("/documents", wrong, PDF), 422, "VALIDATION_FAILED")
    assert files_of(api) == [PDF, PDF]
    assert await uploads_of(api) == 0


@pytest.mark.parametrize("way", ["form", "bytes"])
async def test_what_is_no_document_is_refused_and_leaves_nothing(
    api: Api, about: Mapping[str, Any], way: str
) -> None:
    pending = made(await api.post("/documents", about))["id"]

    async def send(content: bytes) -> httpx.Response:
        if way == "form":
            return await api.send_form("/documents", about, content)
        return await put(api, pending, content, headers={"Content-Type": "application/pdf"})

    page = b"<html><script>alert(1)</script>"
    refused(await send(page), 415, "UNSUPPORTED_MEDIA_TYPE")
    refused(await send(b"Dear Dr Hall, " * 100_000 + b"\x00"), 415, "UNSUPPORTED_MEDIA_TYPE")
    error = refused(await send(b""), 422, "VALIDATION_FAILED")
    assert error["details"][0]["field"] == "file"
    error = refused(await send(PDF + bytes(MOST_BYTES + 1 - len(PDF))), 413, "PAYLOAD_TOO_LARGE")
    assert "26,214,400 bytes" in error["message"]
    assert files_of(api) == []
    assert await uploads_of(api) == 0
    assert len((await api.get("/documents")).json()["data"]) == 1
    # One byte less is the most that is taken.
    content = PDF + bytes(MOST_BYTES - len(PDF))
    assert (await send(content)).is_success
    assert [len(each) for each in files_of(api)] == [MOST_BYTES]


async def test_the_bytes_themselves_are_sent_and_all_of_them(
    api: Api, about: Mapping[str, Any]
) -> None:
    pending = made(await api.post("/documents", about))["id"]
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    error = refused(await put(api, pending, PDF, headers=form), 415, "UNSUPPORTED_MEDIA_TYPE")
    assert "not a form" in error["message"]
    part = {"Content-Range": "bytes 0-9/20"}
    refused(await put(api, pending, PDF, headers=part), 400, "INVALID_REQUEST")
    refused(await put(api, pending, PDF, headers={"If-Match": '"7"'}), 412, "PRECONDITION_FAILED")
    refused(await put(api, "doc_" + "0" * 26, PDF), 404, "NOT_FOUND")
    assert files_of(api) == []


async def test_a_patient_that_is_not_there_is_told_before_the_file_is_read(
    api: Api, about: Mapping[str, Any]
) -> None:
    elsewhere = await api.make_key(organisation=await api.new_organisation("Next door"))
    live = await api.make_key(mode="live")
    for key in (elsewhere, live):
        error = refused(
            await api.send_form("/documents", about, PDF, key=key), 422, "VALIDATION_FAILED"
        )
        assert [each["field"] for each in error["details"]] == ["patient_id"]
        refused(await api.post("/documents", about, key=key), 422, "VALIDATION_FAILED")

    async def body() -> Any:
        head = "--b\r\nContent-Disposition: form-data; name={}\r\n\r\n".format
        yield f"{head('patient_id')}pat_1\r\n{head('file')}".encode()
        for _ in range(400):
            yield PDF + bytes(65_536 - len(PDF))

    media_type = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = await api.call("POST", "/documents", content=body(), headers=media_type)
    refused(answer, 422, "VALIDATION_FAILED")
    assert files_of(api) == []
    assert await uploads_of(api) == 0


async def test_a_key_that_may_only_write_learns_nothing(api: Api, about: Mapping[str, Any]) -> None:
    key = await api.make_key("write_documents")
    answer = await api.send_form("/documents", about, PDF, key=key)
    assert set(made(answer)) == {"id", "version", "status"}
    pending = made(await api.post("/documents", about, key=key))["id"]
    answer = await put(api, pending, PDF, key=key)
    assert answer.json()["data"] == {"id": pending, "version": 2, "status": "available"}
    refused(await api.get(f"/documents/{pending}/download", key=key), 403, "INSUFFICIENT_SCOPE")
    reader = await api.make_key("read_documents")
    answer = await api.send_form("/documents", about, PDF, key=reader)
    refused(answer, 403, "INSUFFICIENT_SCOPE")
    assert len(files_of(api)) == 2
