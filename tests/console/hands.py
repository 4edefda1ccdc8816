"""How somebody goes through pages: by mouse or by keyboard alone, with scripts or without, narrow.

By keyboard everything is reached by Tab, and what has the focus is seen to have it.
"""

from dataclasses import dataclass

from playwright.sync_api import Page

from tests.console import chromium

FOCUS = """() => {
  const focused = document.activeElement;
  const seen = focused.closest(".pick, .seg label") || focused;
  const name = focused.ariaLabel || (focused.labels?.[0] || focused).innerText;
  return [name.trim(), getComputedStyle(seen).outlineStyle];
}"""
MOST_TABS = 120


@dataclass(frozen=True)
class Way:
    """One way to go through pages."""

    size: tuple[int, int] = chromium.WIDE
    scripts: bool = True
    by_keyboard: bool = False


HANDS = {
    "mouse": Way(),
    "no-scripts": Way(scripts=False),
    "keyboard": Way(by_keyboard=True),
    "narrow": Way(size=chromium.NARROW),
}


@dataclass(frozen=True)
class Hands:
    """Somebody's hands on a page."""

    page: Page
    by_keyboard: bool = False

    @property
    def copies(self) -> bool:
        """Whether there are buttons to copy with: a script adds them."""
        return bool(self.page.locator("[data-copy]:visible").count())

    def press(self, name: str, of: str = "") -> None:
        """A button of this name; `of` is how its name begins where it says of what."""
        if self.by_keyboard:
            self._tab_to(name)
            self.page.keyboard.press("Enter")
        else:
            button = self.page.get_by_role("button", name=name, exact=not of)
            (button.first if of else button.last).click()

    def follow(self, name: str) -> None:
        """The first link whose name holds this: what stands before it as a sign belongs to it."""
        before = self.page.url
        if self.by_keyboard:
            self._tab_to(name)
            self.page.keyboard.press("Enter")
        else:
            self.page.get_by_role("link", name=name).first.click()
        self.page.wait_for_url(lambda url: url != before)

    def write(self, label: str, text: str) -> None:
        """Into a field."""
        if self.by_keyboard:
            self._tab_to(label)
            self.page.keyboard.type(text)
        else:
            self.page.get_by_label(label, exact=True).fill(text)

    def tick(self, label: str) -> None:
        """A box of a label that begins so."""
        if self.by_keyboard:
            self._tab_to(label, begins=True)
            self.page.keyboard.press("Space")
        else:
            self.page.get_by_role("checkbox", name=label).check()

    def _tab_to(self, words: str, *, begins: bool = False) -> None:
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            label, outline = self.page.evaluate(FOCUS)
            if label == words or (begins and label.split("\n")[0].strip() == words):
                assert outline != "none", f"nobody sees that {words} has the focus"
                return
        raise AssertionError(f"no Tab leads to {words}")
