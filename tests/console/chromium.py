"""Chromium for tests: found, started headless, and made to report what pages should not do."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect
from playwright.sync_api import sync_playwright as playwright

from tests.patience import PATIENCE

# The shell first: the same engine without the browser's own windows, which cost four times as much.
SHELL = "chromium-headless-shell"
NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
WAIT_MILLISECONDS = 1_000 * PATIENCE
WIDE, NARROW = (1280, 900), (320, 800)

expect.set_options(timeout=WAIT_MILLISECONDS)


class ChromiumMissing(Exception):
    """There is no browser on this machine; the words say what to install."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser. Raises ChromiumMissing."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        raise ChromiumMissing(
            "The console's tests need Chromium, and there is none on this machine:"
            f" apt-get install {SHELL}"
        )
    with playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@dataclass
class Watched:
    """One window, and what went wrong in it: errors of its console, requests to other hosts."""

    page: Page
    origin: str
    errors: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(WAIT_MILLISECONDS)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._asked)

    def _said(self, message: ConsoleMessage) -> None:
        # The browser's own note that a page was answered 403 or 422 is no error of the page.
        if message.type in ("error", "warning") and "status of 4" not in message.text:
            self.errors.append(message.text)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((f"{self.origin}/", "data:")):
            self.strangers.append(request.url)


def window(
    browser: Browser,
    origin: str,
    *,
    size: tuple[int, int] = WIDE,
    dark: bool = False,
    scripts: bool = True,
) -> Watched:
    """A new window with no history; its context goes with `close`."""
    context: BrowserContext = browser.new_context(
        base_url=origin,
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        java_script_enabled=scripts,
        reduced_motion="reduce",
        locale="en-GB",
    )
    if scripts:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
    return Watched(context.new_page(), origin)


def violations(page: Page) -> list[str]:
    """What axe finds, with every rule on and every element of the page: a line for each."""
    page.evaluate(AXE)
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']}: {each['help']} ({node['target']}: {node['failureSummary']})"
        for each in found["violations"]
        for node in each["nodes"]
    ]


SQUEEZED = """() => {
  const found = [];
  for (const frame of document.querySelectorAll(".frame")) {
    if (frame.scrollWidth > frame.clientWidth) {
      found.push(`${frame.innerText.slice(0, 40)}: cut off`);
    }
    const texts = document.createTreeWalker(frame, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = texts.currentNode;
      if (text.parentElement.closest("a, code, .name, .soft, caption")) continue;
      for (const word of text.data.matchAll(/[\\p{L}.]+/gu)) {
        const range = document.createRange();
        range.setStart(text, word.index);
        range.setEnd(text, word.index + word[0].length);
        if (range.getClientRects().length > 1) found.push(`${word[0]}: broken`);
      }
    }
  }
  return found;
}"""


def squeezed(page: Page) -> list[str]:
    """Tables that are cut off, and words in them that are broken; ids and names may be."""
    found: list[str] = page.evaluate(SQUEEZED)
    return found


def scrolls_sideways(page: Page) -> int:
    """How many pixels of the page stand out at the side."""
    found: int = page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return found
