"""Forms that bring documents: in any order, repeated, and every way in which they can be wrong."""

import asyncio
from collections.abc import AsyncIterator, Mapping

import httpx
import pytest

from jump.rest import uploads
from jump.rest.forms import MOST_FIELD_BYTES, MOST_PARTS
from jump.storage.database import Database
from tests.clinical.document_records import PDF, SAMPLES
from tests.rest.api import Api, open_api, refused
from tests.rest.test_documents import PATIENT, files_of, made, uploads_of

BOUNDARY = "a-boundary"
Part = tuple[str, bytes]


@pytest.fixture
async def api(database: Database) -> Api:
    return await open_api(database)


@pytest.fixture
async def fields(api: Api) -> dict[str, str]:
    patient = (await api.post("/patients", PATIENT)).json()["data"]["id"]
    return {"patient_id": patient, "document_type": "letter", "title": "Discharge letter"}


def parts_of(fields: Mapping[str, str]) -> list[Part]:
    return [(f'form-data; name="{name}"', text.encode()) for name, text in fields.items()]


def file_part(content: bytes = PDF, name: str = "letter.pdf") -> Part:
    return f'form-data; name="file"; filename="{name}"', content


def encode(parts: list[Part]) -> bytes:
    pieces = [
        f"--{BOUNDARY}\r\nContent-Disposition: {head}\r\n\r\n".encode() + content + b"\r\n"
        for head, content in parts
    ]
    return b"".join(pieces) + f"--{BOUNDARY}--\r\n".encode()


async def send(
    api: Api, body: bytes | list[Part], boundary: str = BOUNDARY, **headers: str
) -> httpx.Response:
    content = body if isinstance(body, bytes) else encode(body)
    media_type = f"multipart/form-data; boundary={boundary}"
    sent = {"Content-Type": media_type, **headers}
    return await api.call("POST", "/documents", content=content, headers=sent)


async def assert_nothing_kept(api: Api) -> None:
    assert files_of(api) == []
    assert await uploads_of(api) == 0
    assert (await api.get("/documents?include_in_error=true")).json()["data"] == []


async def test_the_file_may_stand_anywhere(api: Api, fields: Mapping[str, str]) -> None:
    parts = parts_of(fields)
    for place in range(len(parts) + 1):
        document = made(await send(api, [*parts[:place], file_part(), *parts[place:]]))
        assert document | fields == document
    assert files_of(api) == [PDF] * 4


async def test_a_form_may_arrive_byte_by_byte(api: Api, fields: Mapping[str, str]) -> None:
    # What looks like the beginning of a boundary is a part of the file.
    content = PDF + f"\r\n--{BOUNDARY[:-1]}\r\n--{BOUNDARY[:-1]}".encode()
    whole = encode([*parts_of(fields), file_part(content)])

    async def trickle() -> AsyncIterator[bytes]:
        for position in range(len(whole)):
            yield whole[position : position + 1]

    media_type = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    made(await api.call("POST", "/documents", content=trickle(), headers=media_type))
    assert files_of(api) == [content]


async def test_a_name_in_a_field_comes_before_that_of_the_part(
    api: Api, fields: Mapping[str, str]
) -> None:
    named = made(await send(api, [*parts_of({**fields, "file_name": "a.pdf"}), file_part()]))
    assert named["file_name"] == "a.pdf"
    long = made(await send(api, [*parts_of(fields), file_part(name="../" + "b" * 300 + ".pdf")]))
    assert long["file_name"] == "b" * 251 + ".pdf"
    unnamed = [*parts_of(fields), ('form-data; name="file"', PDF)]
    assert made(await send(api, unnamed))["file_name"] is None
    for wrong in ("../a.pdf", "a\\b.pdf", "a\nb", "a" * 256, "", "a\x00.pdf"):
        answer = await send(api, [*parts_of({**fields, "file_name": wrong}), file_part()])
        error = refused(answer, 422, "VALIDATION_FAILED")
        assert [each["field"] for each in error["details"]] == ["file_name"]


async def test_every_wrong_field_is_told_at_once(api: Api, fields: Mapping[str, str]) -> None:
    wrong = [
        *parts_of({"title": "", "zz": "1", "file_size": "many", "patient_id": "pat_\x00"}),
        ('form-data; name="title"', b"again"),
        ('form-data; name="description"', b"\xff\xfe"),
    ]
    expected = {"title", "zz", "file_size", "patient_id", "description"}
    for parts in ([*wrong, file_part()], [file_part(), *wrong]):
        error = refused(await send(api, parts), 422, "VALIDATION_FAILED")
        assert expected <= {each["field"] for each in error["details"]}
    error = refused(await send(api, wrong), 422, "VALIDATION_FAILED")
    named = {each["field"] for each in error["details"]}
    assert named == expected | {"file", "document_type"}
    await assert_nothing_kept(api)


async def test_a_second_file_is_refused_wherever_it_stands(
    api: Api, fields: Mapping[str, str]
) -> None:
    for second in (file_part(), ('form-data; name="file"', b"x")):
        for parts in (
            [*parts_of(fields), file_part(), second],
            [file_part(), second, *parts_of(fields)],
            [file_part(), *parts_of(fields), second],
        ):
            error = refused(await send(api, parts), 422, "VALIDATION_FAILED")
            assert [each["field"] for each in error["details"]] == ["file"]
    await assert_nothing_kept(api)


async def test_what_is_no_whole_form_is_refused_and_leaves_nothing(
    api: Api, fields: Mapping[str, str]
) -> None:
    good = encode([*parts_of(fields), file_part()])
    end = f"--{BOUNDARY}--\r\n".encode()
    for body, boundary in (
        (good, "another"),
        (good, ""),
        (good, "a\r\nb"),
        (b"", BOUNDARY),
        (b"\x00\xff", BOUNDARY),
        (good.removesuffix(end), BOUNDARY),
        (good[: good.index(PDF) + 10], BOUNDARY),
        (good.replace(b"\r\n", b"\n"), BOUNDARY),
        (good.replace(b"form-data; name", b"form-data; nom"), BOUNDARY),
        (good.replace(b"Content-Disposition: form-data", b"Content-Disposition \xff"), BOUNDARY),
    ):
        refused(await send(api, body, boundary), 400, "INVALID_REQUEST")
    missing = await api.call(
        "POST", "/documents", content=good, headers={"Content-Type": "multipart/form-data"}
    )
    refused(missing, 400, "INVALID_REQUEST")
    await assert_nothing_kept(api)


async def test_a_form_is_bounded_in_its_parts_its_heads_and_its_fields(
    api: Api, fields: Mapping[str, str]
) -> None:
    many = [(f'form-data; name="f{number}"', b"") for number in range(MOST_PARTS + 1)]
    headed = [('form-data; name="title"; x="' + "y" * 9_000 + '"', b"x")]
    large = [*parts_of({**fields, "description": "x" * MOST_FIELD_BYTES}), file_part()]
    behind = [file_part(), *parts_of({**fields, "description": "x" * MOST_FIELD_BYTES})]
    for parts in (many, headed, large, behind):
        refused(await send(api, parts), 413, "PAYLOAD_TOO_LARGE")
    refused(await send(api, b"", **{"Content-Length": str(10**9)}), 413, "PAYLOAD_TOO_LARGE")
    await assert_nothing_kept(api)


async def test_a_repeat_gets_the_first_answer_and_its_file_is_not_kept_twice(
    api: Api, fields: Mapping[str, str]
) -> None:
    once = {"Idempotency-Key": "once"}
    parts = [*parts_of(fields), file_part()]
    first = await send(api, parts, **once)
    made(first)
    other = encode(list(reversed(parts))).replace(BOUNDARY.encode(), b"other-one")
    for repeat in (await send(api, parts, **once), await send(api, other, "other-one", **once)):
        assert repeat.headers["idempotent-replayed"] == "true"
        assert repeat.content == first.content
    for wrong in (
        [*parts_of({**fields, "title": "Another"}), file_part()],
        [*parts_of(fields), file_part(PDF + b" ")],
        [*parts_of({**fields, "description": "more"}), file_part()],
        [*parts_of({**fields, "unknown": "field"}), file_part()],
        [*parts_of(fields), file_part(b"")],
        [*parts_of(fields), file_part(b"MZ\x90\x00")],
        parts_of(fields),
    ):
        refused(await send(api, wrong, **once), 409, "CONFLICT")
    as_json = await api.post("/documents", fields, headers=once)
    refused(as_json, 409, "CONFLICT")
    refused(await send(api, parts, **{"Idempotency-Key": "with spaces"}), 400, "INVALID_REQUEST")
    assert files_of(api) == [PDF]
    assert await uploads_of(api) == 0
    assert len((await api.get("/documents")).json()["data"]) == 1


async def test_a_body_that_stands_still_is_given_up(
    api: Api, fields: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "CONTENT_SECONDS", 0.05)
    monkeypatch.setattr(uploads, "_HEARD_OUT_SECONDS", 0.05)
    whole = encode([*parts_of(fields), file_part(SAMPLES["text/plain"] * 9_000)])

    class Hanging(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield whole[: len(whole) // 2]
            await asyncio.Event().wait()

    media_type = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    answer = await api.call("POST", "/documents", content=Hanging(), headers=media_type)
    refused(answer, 400, "INVALID_REQUEST")
    await assert_nothing_kept(api)
