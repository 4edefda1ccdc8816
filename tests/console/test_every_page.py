"""Every page in every state, in a real browser: for everyone, in itself, and within its width."""

import pytest

from tests.console import chromium, shots
from tests.console.house import BASE, House
from tests.console.shots import SHOTS

LOOKS = {
    "wide-light": {"size": chromium.WIDE, "dark": False},
    "narrow-dark": {"size": chromium.NARROW, "dark": True},
}

# Windows between a telephone's and a desk's: half a screen, tablets, a small laptop.
BETWEEN = (640, 768, 1024, 1160, 1257, 1280)

# The pages that have one.
LISTS = {shot.name for shot in SHOTS} | set(shots.NEVER)

# So that no test takes minutes, and several processes share them.
PARTS = 2


def test_every_page_has_a_shot_of_each_of_its_states() -> None:
    assert shots.missing() == []


def test_what_is_said_to_be_impossible_is_named_by_a_page() -> None:
    assert all(name not in {shot.name for shot in SHOTS} for name in shots.NEVER)


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("look", LOOKS)
def test_no_page_has_an_error_a_stranger_or_a_barrier(
    sqlite_house: House, look: str, part: int
) -> None:
    wrong: list[str] = []
    for shot, page in shots.tour(SHOTS[part::PARTS], sqlite_house, **LOOKS[look]):
        wrong += [f"{shot.name}: {line}" for line in chromium.violations(page)]
        if beyond := chromium.scrolls_sideways(page):
            wrong.append(f"{shot.name}: stands out by {beyond} px")
    assert wrong == []


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_is_whole_with_scripts_off(sqlite_house: House, part: int) -> None:
    for shot, page in shots.tour(SHOTS[part::PARTS], sqlite_house, scripts=False):
        assert page.get_by_role("heading", level=1).count() == 1, shot.name
        assert page.locator("button[data-copy]:visible").count() == 0, shot.name


def test_every_table_has_room_in_windows_of_every_width(sqlite_house: House) -> None:
    wrong: list[str] = []
    tables = [shot for shot in SHOTS if f"{shot.page}-empty" in LISTS and shot.state == "content"]
    for shot, page in shots.tour(tables, sqlite_house):
        for width in BETWEEN:
            page.set_viewport_size({"width": width, "height": 800})
            wrong += [f"{shot.name} at {width} px: {line}" for line in chromium.squeezed(page)]
    assert wrong == []


def test_on_paper_times_are_exact_and_nothing_is_there_to_press(sqlite_house: House) -> None:
    page = sqlite_house.window("admin").page
    page.goto(f"{BASE}/audit?mode=test")
    page.emulate_media(media="print")
    told = page.locator("td time").first.evaluate("(e) => getComputedStyle(e, '::after').content")
    assert "UTC" in told
    assert page.locator(".btn:visible, input:visible, nav:visible").count() == 0
