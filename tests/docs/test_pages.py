"""The pages as they are served: whole, linked, safe, and complete where the code holds a list."""

import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from jump.docs import expanding, fillings, library
from jump.docs.navigation import BASE, GROUPS, address
from jump.events.catalog import EVENT_TYPES
from jump.keys.scopes import SCOPES
from jump.settings import VARIABLES
from tests.docs.blocks import PAGES
from tests.docs.reader_app import PUBLIC_URL, browser, make_app, seen

HOSTILE = "\"><script>alert(1)</script>' onfocus=x &amp; \x00 {{7*7}} pk_live_0"
# Links to other faces of the program.
ELSEWHERE = ("/settings/developers", "/api/v1/openapi.json")


@pytest.fixture
async def reader(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(make_app(tmp_path)) as client:
        yield client


async def every_page(reader: httpx.AsyncClient) -> dict[str, httpx.Response]:
    """Each page that the navigation of the first one names, by its path."""
    listed = dict.fromkeys(seen(await reader.get(BASE)).listed)
    return {path: await reader.get(path) for path in listed}


async def test_every_file_is_a_page_in_the_navigation_and_opens(
    reader: httpx.AsyncClient,
) -> None:
    pages = await every_page(reader)
    assert {path: page.status_code for path, page in pages.items() if page.status_code != 200} == {}
    assert set(map(address, PAGES)) <= set(pages)
    files = {
        path.relative_to(library.FOLDER).with_suffix("").as_posix()
        for path in library.FOLDER.rglob("*.md")
    }
    assert files == {*PAGES, "records"}
    for path, page in pages.items():
        assert page.text.count("<h1>") == 1, path
        assert page.text.count('aria-current="page"') == 2, path


async def test_every_link_and_every_anchor_leads_somewhere(reader: httpx.AsyncClient) -> None:
    pages = await every_page(reader)
    taken_apart = {path: seen(page) for path, page in pages.items()}
    broken = []
    for path, page in taken_apart.items():
        assert len(page.ids) == len(set(page.ids)), path
        for link in page.links:
            target, _, anchor = link.partition("#")
            target = target or path
            if target.startswith(("https://", *ELSEWHERE)):
                continue
            if target not in taken_apart:
                answer = await reader.get(target)
                if anchor or answer.status_code != 200:
                    broken.append(f"{path} -> {link}")
            elif anchor and anchor not in taken_apart[target].ids:
                broken.append(f"{path} -> {link}")
    assert broken == []


async def test_pages_follow_one_another_in_the_order_of_the_navigation(
    reader: httpx.AsyncClient,
) -> None:
    paths = list(await every_page(reader))
    for before, path, after in zip([None, *paths], paths, [*paths[1:], None], strict=False):
        text = (await reader.get(path)).text
        assert re.findall(r'rel="prev" href="([^"]*)"', text) == ([before] if before else [])
        assert re.findall(r'rel="next" href="([^"]*)"', text) == ([after] if after else [])


async def test_nothing_comes_from_elsewhere_and_nothing_runs_inside_a_page(
    reader: httpx.AsyncClient,
) -> None:
    loaded: set[str] = set()
    for path, page in (await every_page(reader)).items():
        found = seen(page)
        assert found.inline == [], path
        loaded |= set(found.loaded)
        nonce = re.findall(r"script-src 'nonce-([\w-]+)'", page.headers["content-security-policy"])
        assert set(re.findall(r'nonce="([^"]*)"', page.text)) == set(nonce)
    for file in loaded:
        assert file.startswith(f"{BASE}/static/")
        answer = await reader.get(file)
        assert answer.status_code == 200
        assert "url(" not in answer.text
        assert "immutable" in answer.headers["cache-control"]


async def test_every_answer_has_the_headers_of_a_public_page(reader: httpx.AsyncClient) -> None:
    asked = ["", "/", "/nothing", "/search?q=a", "/search?z=1", "/webhooks/schemas/nothing.json"]
    for path in asked:
        answer = await reader.get(BASE + path)
        assert answer.headers["x-request-id"].startswith("req_")
        assert re.fullmatch(r"\d+ms", answer.headers["x-response-time"])
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in answer.headers
        assert "access-control-allow-origin" not in answer.headers
    first, again = await reader.get(BASE), await reader.get(BASE)
    assert first.headers["content-security-policy"] != again.headers["content-security-policy"]


async def test_behind_a_proxy_that_ends_tls_a_browser_is_told_to_stay_with_https(
    tmp_path: Path,
) -> None:
    app = make_app(tmp_path, JUMP_TRUSTED_PROXIES="203.0.113.0/24")
    for proxy, told in (("203.0.113.9", True), ("198.51.100.7", False)):
        async with browser(app, proxy) as reader:
            answer = await reader.get(BASE, headers={"X-Forwarded-Proto": "https"})
        assert ("strict-transport-security" in answer.headers) == told


async def test_what_is_not_there_or_not_allowed_is_said_in_the_same_look(
    reader: httpx.AsyncClient,
) -> None:
    for method, path, status in (
        ("GET", "/nothing", 404),
        ("GET", "/limits/", 404),
        ("GET", "/records", 404),
        ("GET", "/../docs/index.md", 404),
        ("GET", "/search?zz=1", 400),
        ("POST", "/limits", 405),
        ("DELETE", "/search", 405),
    ):
        answer = await reader.request(method, BASE + path)
        assert answer.status_code == status
        assert "<h1>" in answer.text
    assert answer.headers["allow"] == "GET, HEAD"
    moved = await reader.get(f"{BASE}/")
    assert (moved.status_code, moved.headers["location"]) == (307, BASE)
    head = await reader.head(f"{BASE}/limits")
    assert (head.status_code, head.content) == (200, b"")


async def test_a_search_finds_sections_by_all_their_words(reader: httpx.AsyncClient) -> None:
    async def found(words: str) -> list[str]:
        page = await reader.get(f"{BASE}/search", params={"q": words})
        assert page.status_code == 200
        return re.findall(r'<li>\s*<a href="([^"]*)"', page.text.partition('class="found"')[2])

    assert (await found("RATE_limited"))[0] == f"{BASE}/errors#rate_limited"
    assert f"{BASE}/webhooks/verification#python" in await found("compare_digest sha256")
    assert (await found("write_holds"))[0] == f"{BASE}/permissions#write_holds"
    assert await found("nothing has these zzz words") == []
    assert await found("   ") == []
    everything = await found("a")
    assert 0 < len(everything) <= 30


async def test_what_is_searched_for_is_text_whatever_it_is(reader: httpx.AsyncClient) -> None:
    for words in (HOSTILE, "x" * 5000, "%", "\ud7ff", "((((", "<b>"):
        page = await reader.get(f"{BASE}/search", params={"q": words})
        assert page.status_code == 200
        assert seen(page).inline == []
        assert "<b>" not in page.text
        assert "49" not in page.text.partition("<main")[2]


def test_every_error_has_an_entry_with_its_status() -> None:
    text = library.text_of("errors")
    entries = re.findall(
        r"^## `([A-Z_]+)`\n\n\*\*(\d{3})\.\*\* (.+?)\n\n(.+?)\n", text, re.M | re.S
    )
    told = {code: int(status) for code, status, _, _ in entries}
    assert told == {each.code: each.status for each in fillings.problems()}
    assert len(told) == 15


async def test_what_the_code_holds_as_a_list_is_told_whole(reader: httpx.AsyncClient) -> None:
    text = (await reader.get(f"{BASE}/permissions")).text
    assert [name for name in SCOPES if f'id="{name}"' not in text] == []
    text = (await reader.get(f"{BASE}/webhooks/events")).text
    assert [name for name in EVENT_TYPES if f'id="{name.replace(".", "-")}"' not in text] == []
    text = (await reader.get(f"{BASE}/running/settings")).text
    assert [name for name in VARIABLES if f"<code>{name}</code>" not in text] == []


def test_every_gap_is_filled_and_every_filling_fills_one() -> None:
    gaps = {gap for page in PAGES for gap in expanding.gaps(library.text_of(page))}
    assert gaps == set(fillings.all_of([], []))
    with pytest.raises(KeyError):
        expanding.expand("<!-- nothing -->", {})


async def test_pages_name_the_address_of_this_installation(reader: httpx.AsyncClient) -> None:
    text = (await reader.get(f"{BASE}/paging")).text
    assert f"{PUBLIC_URL}/api/v1/patients" in text
    assert library.DEFAULT_URL not in text


def test_no_page_is_named_twice() -> None:
    assert len(PAGES) == len(set(PAGES))
    assert all(group.pages for group in GROUPS)


@pytest.mark.parametrize("module", ["jump.cli.keys", "jump.application.service"])
def test_what_no_reader_asked_for_is_not_loaded(module: str) -> None:
    told = f"import sys, {module}; print([m for m in sys.modules if m.startswith({{}})])"
    heavy = "('markdown_it', 'pygments.formatters', 'jump.docs.library', 'jump.docs.markup')"
    done = subprocess.run(
        [sys.executable, "-c", told.format(heavy)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
