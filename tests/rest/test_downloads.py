"""Links to documents: whose they are, how long they lead somewhere, and what they serve."""

from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from jump.keys import issue, revoke
from jump.kit.clock import MINUTE, SECOND, system_clock
from jump.kit.instants import parse_instant
from jump.sealing import Keyring
from jump.storage.database import Database
from jump.storage.sql import sql
from tests.bucket import Bucket
from tests.clinical.document_records import PDF, SAMPLES
from tests.ports import free_port
from tests.rest.api import SECRET_KEY, Api, client_of, open_api, random_bytes, refused
from tests.rest.test_documents import PATIENT, made
from tests.storage.test_files import open_bucket

ACCESSES = sql(
    "SELECT a.key_id, a.method, a.route, a.status, a.error_code, p.patient_id FROM access_log a"
    " LEFT JOIN access_log_patients p ON p.organisation_id = a.organisation_id AND p.mode = a.mode"
    " AND p.request_id = a.id ORDER BY a.id"
)


@dataclass
class Moved:
    """A clock that a test can move."""

    by: int = 0

    def __call__(self) -> int:
        return system_clock() + self.by


@dataclass
class Scene:
    api: Api
    clock: Moved
    about: dict[str, Any]

    async def document(self, content: bytes = PDF, name: str = "letter.pdf") -> str:
        return str(made(await self.api.send_form("/documents", self.about, content, name))["id"])

    async def link(self, document: str, key: str | None = None) -> str:
        answer = await self.api.get(f"/documents/{document}/download", key=key or self.api.key)
        assert answer.status_code == 200, answer.text
        data = answer.json()["data"]
        assert set(data) == {"url", "expires_at"}
        return str(data["url"])

    async def use(self, url: str, method: str = "GET", **headers: str) -> httpx.Response:
        """As anybody would who has the link: without a key."""
        return await self.api.client.request(method, url, headers=headers)


@pytest.fixture
async def scene(database: Database) -> Scene:
    clock = Moved()
    api = await open_api(database, clock)
    patient = (await api.post("/patients", PATIENT)).json()["data"]["id"]
    about = {"patient_id": patient, "document_type": "letter", "title": "Discharge letter"}
    return Scene(api, clock, about)


def assert_leads_nowhere(answer: httpx.Response) -> None:
    refused(answer, 404, "NOT_FOUND", authenticated=False)


@pytest.mark.parametrize("mime_type", SAMPLES)
async def test_a_link_serves_the_content_as_something_that_runs_nowhere(
    scene: Scene, mime_type: str
) -> None:
    url = await scene.link(await scene.document(SAMPLES[mime_type], "a.html"))
    got = await scene.use(url)
    assert (got.status_code, got.content) == (200, SAMPLES[mime_type])
    headers = got.headers
    assert headers["content-type"].split(";")[0] == mime_type
    assert headers["content-length"] == str(len(SAMPLES[mime_type]))
    assert headers["content-disposition"].startswith('attachment; filename="a.html.')
    assert headers["x-content-type-options"] == "nosniff"
    policy = headers["content-security-policy"]
    assert policy == "sandbox; default-src 'none'; frame-ancestors 'none'"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert not [name for name in headers if name.startswith("access-control-")]
    head = await scene.use(url, "HEAD")
    assert (head.status_code, head.content) == (200, b"")
    own = {"x-request-id", "x-response-time", "ratelimit", "x-ratelimit-remaining"}
    own |= {"x-ratelimit-reset"}
    same = {name: text for name, text in headers.items() if name not in own}
    assert {name: head.headers[name] for name in same} == same


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=2-5", 2, 6), ("bytes=700000-", 700_000, None), ("bytes=-3", -3, None)],
)
async def test_a_part_of_the_content_is_served_as_safely_as_the_whole(
    scene: Scene, asked: str, start: int, end: int | None
) -> None:
    content = PDF + bytes(range(256)) * 5_000
    url = await scene.link(await scene.document(content))
    whole = await scene.use(url)
    part = await scene.use(url, Range=asked)
    expected = content[start:end]
    assert (part.status_code, part.content) == (206, expected)
    first = content.index(expected) if end else len(content) - len(expected)
    last = first + len(expected) - 1
    assert part.headers["content-range"] == f"bytes {first}-{last}/{len(content)}"
    assert part.headers["content-length"] == str(len(expected))
    for name in (
        *("content-type", "content-disposition", "content-security-policy", "accept-ranges"),
        *("x-content-type-options", "cross-origin-resource-policy", "cache-control", "etag"),
    ):
        assert part.headers[name] == whole.headers[name]
    assert "content-range" not in whole.headers


async def test_a_range_behind_the_end_gets_the_whole_file(scene: Scene) -> None:
    url = await scene.link(await scene.document())
    answer = await scene.use(url, Range=f"bytes={len(PDF)}-")
    assert (answer.status_code, answer.content) == (200, PDF)
    assert "content-range" not in answer.headers


async def test_a_download_goes_on_only_where_the_content_is_the_same(scene: Scene) -> None:
    document = await scene.document()
    url = await scene.link(document)
    etag = (await scene.use(url)).headers["etag"]
    assert (await scene.use(await scene.link(document))).headers["etag"] == etag
    other = await scene.use(await scene.link(await scene.document(PDF + b" ")))
    asked = {"Range": "bytes=4-"}
    assert (await scene.use(url, **asked, **{"If-Range": etag})).status_code == 206
    for stale in (other.headers["etag"], f"W/{etag}", "Sun, 29 Nov 2026 09:00:00 GMT"):
        again = await scene.use(url, **asked, **{"If-Range": stale})
        assert (again.status_code, again.content) == (200, PDF)


async def test_ranges_are_for_get_alone_and_for_one_of_them(scene: Scene) -> None:
    url = await scene.link(await scene.document())
    assert (await scene.use(url, "HEAD", Range="bytes=2-5")).status_code == 200
    whole = await scene.use(url, Range="bytes=0-1,3-4")
    assert (whole.status_code, whole.content) == (200, PDF)


async def test_a_link_holds_nothing_that_can_be_read_and_leads_to_our_own_address(
    scene: Scene,
) -> None:
    document = await scene.document()
    first, second = await scene.link(document), await scene.link(document)
    assert first != second
    assert first.startswith("http://jump.test/downloads/")
    for known in (document, scene.about["patient_id"], scene.api.organisation, scene.api.key):
        for part in known.split("_")[-2:]:
            assert len(part) < 5 or part not in first


async def test_a_link_leads_somewhere_for_five_minutes(scene: Scene) -> None:
    answer = await scene.api.get(f"/documents/{await scene.document()}/download")
    data = answer.json()["data"]
    until = parse_instant(data["expires_at"])
    assert 5 * MINUTE - SECOND <= until - scene.clock() <= 5 * MINUTE
    scene.clock.by += until - scene.clock() - 2 * SECOND
    assert (await scene.use(data["url"])).status_code == 200
    scene.clock.by += 2 * SECOND
    assert_leads_nowhere(await scene.use(data["url"]))


async def test_a_link_that_was_changed_or_made_up_leads_nowhere(scene: Scene) -> None:
    url = await scene.link(await scene.document())
    base, _, token = url.rpartition("/")
    flipped = token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB")
    other = Keyring("another secret key, of another house").seal("document-link", b"x", b"")
    sealed = scene.api.parts.keyring.seal("signing-secret", b"x", b"").hex()
    for wrong in ("", "x", flipped, token[:40], token + "A", token * 9, "%00", "..", token + "/a"):
        assert_leads_nowhere(await scene.use(f"{base}/{wrong}"))
    for wrong in (other.hex(), sealed, "\u00fc"):
        assert_leads_nowhere(await scene.use(f"{base}/{wrong}"))
    assert (await scene.use(url)).status_code == 200


async def test_a_link_is_of_one_key(scene: Scene) -> None:
    url = await scene.link(await scene.document())
    other = await scene.api.make_key()
    own = f"Bearer {scene.api.key}"
    assert (await scene.use(url, Authorization=own)).status_code == 200
    for sent in (f"Bearer {other}", "Bearer nonsense", own[:-1], ""):
        assert_leads_nowhere(await scene.use(url, Authorization=sent))
    live = await scene.api.make_key(mode="live")
    elsewhere = await scene.api.make_key(organisation=await scene.api.new_organisation("Next"))
    document = await scene.document()
    for key in (live, elsewhere):
        answer = await scene.api.get(f"/documents/{document}/download", key=key)
        refused(answer, 404, "NOT_FOUND")


async def test_a_key_that_is_revoked_takes_its_links_along(scene: Scene) -> None:
    api = scene.api
    record, key = await api.new_key("read_documents")
    url = await scene.link(await scene.document(), key)
    assert (await scene.use(url)).status_code == 200
    caller = api.operator()
    await api.database.write(lambda tx: revoke.revoke(tx, caller, record.id, api.parts.clock()))
    assert_leads_nowhere(await scene.use(url))
    await api.settle()
    rows = await api.database.read(lambda tx: tx.all(ACCESSES))
    refusals = [row for row in rows if row["status"] == 404]
    assert [(row["key_id"], row["patient_id"]) for row in refusals] == [(record.id, None)]


@pytest.mark.parametrize(("overlap", "works"), [("none", False), ("1h", True)])
async def test_a_link_lasts_no_longer_than_the_secret_that_asked_for_it(
    scene: Scene, overlap: str, works: bool
) -> None:
    api = scene.api
    record, key = await api.new_key("read_documents")
    url = await scene.link(await scene.document(), key)
    caller, at = api.operator(), api.parts.clock()
    await api.database.write(
        lambda tx: issue.rotate(tx, api.parts.keyring, caller, record.id, overlap, at, random_bytes)
    )
    assert ((await scene.use(url)).status_code == 200) == works


async def test_a_link_goes_on_after_the_secret_key_was_changed(scene: Scene) -> None:
    api = scene.api
    url = await scene.link(await scene.document())
    changed = Keyring("the next secret key, just as long as it", SECRET_KEY)
    object.__setattr__(api.parts, "keyring", changed)
    assert (await scene.use(url)).status_code == 200
    object.__setattr__(api.parts, "keyring", Keyring("the one after that, and none before"))
    assert_leads_nowhere(await scene.use(url))


async def test_each_use_counts_and_is_recorded_with_key_and_patient(scene: Scene) -> None:
    api = scene.api
    record, key = await api.new_key("read_documents", limit=4)
    url = await scene.link(await scene.document(), key)
    for left in (2, 1, 0):
        answer = await scene.use(url)
        assert answer.headers["x-ratelimit-remaining"] == str(left)
    refused(await scene.use(url), 429, "RATE_LIMITED")
    await api.settle()
    rows = await api.database.read(lambda tx: tx.all(ACCESSES))
    # Those of one millisecond are in no order.
    of_key = Counter(
        (row["method"], row["route"], row["status"], row["error_code"], row["patient_id"])
        for row in rows
        if row["key_id"] == record.id
    )
    patient = scene.about["patient_id"]
    assert of_key == {
        ("GET", "/documents/{id}/download", 200, None, patient): 1,
        ("GET", "/downloads/{token}", 200, None, patient): 3,
        ("GET", "/downloads/{token}", 429, "RATE_LIMITED", None): 1,
    }
    seen = (await api.get(f"/patients/{patient}/access-log")).json()["data"]
    assert [each["route"] for each in seen].count("/downloads/{token}") == 3


async def test_a_link_takes_no_query_and_only_reads(scene: Scene) -> None:
    url = await scene.link(await scene.document())
    for query in ("a=b", "response-content-type=text/html", f"k={scene.api.key}"):
        refused(await scene.use(f"{url}?{query}"), 400, "INVALID_REQUEST", authenticated=False)
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        answer = await scene.use(url, method)
        refused(answer, 405, "METHOD_NOT_ALLOWED", authenticated=False)
        assert answer.headers["allow"] == "GET, HEAD"


async def test_a_live_document_is_not_served_in_clear(scene: Scene) -> None:
    api = scene.api
    live = await api.make_key(mode="live")
    patient = (await api.post("/patients", PATIENT, key=live)).json()["data"]["id"]
    about = {**scene.about, "patient_id": patient}
    document = made(await api.send_form("/documents", about, PDF, key=live))["id"]
    path = urlsplit(await scene.link(document, live)).path
    async with client_of(api.app, "203.0.113.9") as clear:
        assert_leads_nowhere(await clear.get(path))
    async with client_of(api.app, "203.0.113.9", "https") as safe:
        assert (await safe.get(path)).content == PDF


async def test_content_that_is_gone_is_a_fault_and_a_store_that_is_away_is_told(
    scene: Scene,
) -> None:
    url = await scene.link(await scene.document())
    [file] = [each for each in scene.api.folder.rglob("*") if each.is_file()]
    content = file.read_bytes()
    file.unlink()
    refused(await scene.use(url), 500, "INTERNAL_ERROR")
    file.write_bytes(content)
    assert (await scene.use(url)).content == content
    object.__setattr__(scene.api.parts, "files", open_bucket(Bucket(free_port())))
    error = refused(await scene.use(url), 503, "UNAVAILABLE")
    assert error["message"] == "The service cannot reach its data. Try again soon."
    answer = await scene.api.send_form("/documents", scene.about, PDF)
    refused(answer, 503, "UNAVAILABLE")
