"""Files that never became a document: what a process leaves that dies, and what nobody removes."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jump.caller import Tenant
from jump.clinical.records import document_uploads as uploads
from jump.clinical.records.document_uploads import GIVEN_UP_AFTER, Content, Upload
from jump.errors import Unavailable
from jump.identity import organisations
from jump.kit.clock import MINUTE, system_clock
from jump.storage import files
from jump.storage.database import Database, StorageUnavailable, Tx
from jump.storage.files import Files
from jump.storage.sql import sql
from tests.bucket import Bucket
from tests.clinical.document_records import PDF
from tests.databases import Store
from tests.ports import free_port
from tests.storage.test_files import open_bucket

ROWS = sql("SELECT content_name FROM document_uploads ORDER BY content_name")
HOLD = sql(
    "INSERT INTO documents (organisation_id, mode, id, patient_id, document_type, title, mime_type,"
    " file_size, sha256, status, content_name, entered_in_error, created_at, updated_at, version,"
    " created_by) VALUES (:organisation, :mode, 'doc_1', 'pat_1', 'letter', 'Letter', 'text/plain',"
    " 1, 'x', 'available', :name, FALSE, 1, 1, 1, 'operator')"
)
PATIENT = sql(
    "INSERT INTO patients (organisation_id, mode, id, first_name, last_name, date_of_birth,"
    " consent_sms, consent_email, consent_marketing, is_deceased, custom_fields, status,"
    " created_at, updated_at, version, created_by) VALUES (:organisation, :mode, 'pat_1', 'Ada',"
    " 'Lovelace', '1980-02-29', FALSE, FALSE, FALSE, FALSE, '{}', 'active', 1, 1, 1, 'operator')"
)


@pytest.fixture
async def database(store: Store) -> AsyncIterator[Database]:
    opened = store.open(connections=1)
    yield opened
    await opened.close()


@pytest.fixture
def place(tmp_path: Path) -> Files:
    return files.folder(tmp_path / "documents")


async def nothing_wrong(tx: Tx) -> None:
    """Any upload may begin."""


async def chunks() -> AsyncIterator[bytes]:
    yield PDF


async def begun(database: Database) -> Upload:
    """An upload of which nothing but its row is there."""
    found = (await database.read(organisations.everyone))[0]
    upload = uploads.new_upload(Tenant(found.id, "test"), "doc_1")
    await uploads.begin(database, upload, nothing_wrong)
    return upload


async def arrived(database: Database, place: Files) -> Content:
    """An upload whose file is whole, by a process that then died."""
    return await uploads.receive(place, await begun(database), chunks())


async def hold(database: Database, content: Content) -> None:
    """The transaction that gives the file to a document."""

    async def work(tx: Tx) -> None:
        await uploads.take(tx, content.upload)
        tenant = content.upload.tenant
        await tx.run(PATIENT, organisation=tenant.organisation, mode=tenant.mode)
        await tx.run(HOLD, **content.upload.args())

    await database.write(work)


def lying(tmp_path: Path) -> list[str]:
    return [each.name for each in (tmp_path / "documents").rglob("*") if each.is_file()]


async def rows(database: Database) -> int:
    return len(await database.read(lambda tx: tx.all(ROWS)))


async def test_what_a_dead_process_left_goes_after_an_hour_and_not_before(
    database: Database, store: Store, place: Files, tmp_path: Path
) -> None:
    content = await arrived(database, place)
    assert content.sha256 == hashlib.sha256(PDF).hexdigest()
    half = await begun(database)
    part = tmp_path / "documents" / f"{half.file_name}#1"
    part.write_bytes(PDF)
    await store.set_clock(database, system_clock() + GIVEN_UP_AFTER - MINUTE)
    await uploads.sweep(database, place)
    assert (len(lying(tmp_path)), await rows(database)) == (2, 2)
    await store.set_clock(database, system_clock() + GIVEN_UP_AFTER + MINUTE)
    await uploads.sweep(database, place)
    assert (lying(tmp_path), await rows(database)) == ([], 0)
    await uploads.sweep(database, place)


async def test_the_file_of_a_document_is_nobodys_to_remove(
    database: Database, store: Store, place: Files, tmp_path: Path
) -> None:
    content = await arrived(database, place)
    await hold(database, content)
    # As when the answer to the commit was lost on its way.
    await uploads.abandon(database, place, content.upload)
    await store.set_clock(database, system_clock() + 9 * GIVEN_UP_AFTER)
    await uploads.sweep(database, place)
    assert lying(tmp_path) == [content.upload.content_name]
    assert await rows(database) == 0


async def test_a_file_that_was_given_up_is_taken_by_no_document(
    database: Database, store: Store, place: Files, tmp_path: Path
) -> None:
    content = await arrived(database, place)
    await store.set_clock(database, system_clock() + GIVEN_UP_AFTER + MINUTE)
    await uploads.sweep(database, place)
    with pytest.raises(Unavailable, match="took too long"):
        await hold(database, content)
    # Even a process that slept through all that, and finishes its file now, leaves nothing.
    late = await uploads.receive(place, content.upload, chunks())
    with pytest.raises(Unavailable):
        await hold(database, late)
    await uploads.abandon(database, place, content.upload)
    assert (lying(tmp_path), await rows(database)) == ([], 0)


async def test_what_cannot_be_removed_now_is_removed_later(
    database: Database, store: Store, place: Files, tmp_path: Path
) -> None:
    content = await arrived(database, place)
    away = open_bucket(Bucket(free_port()))
    await uploads.abandon(database, away, content.upload)
    with pytest.raises(Unavailable):
        await hold(database, content)
    with pytest.raises(StorageUnavailable):
        await uploads.sweep(database, away)
    assert await rows(database) == 1
    await uploads.sweep(database, place)
    assert (lying(tmp_path), await rows(database)) == ([], 0)
