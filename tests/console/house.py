"""A console that runs: a real `jump serve` on a practice with data, and windows that look at it."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page

from tests.console import chromium
from tests.console.chromium import Watched
from tests.console.practice import PASSWORD, SECRET_KEY, Practice, email, prepare
from tests.databases import Store
from tests.processes import Jump, Running
from tests.receiver import Receiver

BASE = "/settings/developers"
# Where everybody comes to who signs in.
HOME = re.compile(rf"{BASE}(\?|$)")


@dataclass
class House:
    """The server, the practice, the browser; who has signed in once is known again."""

    running: Running
    practice: Practice
    browser: Browser
    jump: Jump
    windows: list[Watched] = field(default_factory=list)
    signed_in: dict[str, Sequence[Any]] = field(default_factory=dict)

    def window(
        self,
        role: str | None = None,
        *,
        size: tuple[int, int] = chromium.WIDE,
        dark: bool = False,
        scripts: bool = True,
    ) -> Watched:
        """A window, in which the user of a role is signed in."""
        made = chromium.window(
            self.browser, self.running.url, size=size, dark=dark, scripts=scripts
        )
        self.windows.append(made)
        if role is None:
            return made
        if role in self.signed_in:
            made.page.context.add_cookies(self.signed_in[role])
        else:
            sign_in(made.page, role)
            self.signed_in[role] = made.page.context.cookies()
        return made

    def tab(self, beside: Watched) -> Watched:
        """One more page of the same person, in the same window."""
        made = Watched(beside.page.context.new_page(), beside.origin)
        self.windows.append(made)
        return made

    def close(self) -> None:
        """Close every window, and see that none did what it should not."""
        wrong = [line for each in self.windows for line in (*each.errors, *each.strangers)]
        for each in self.windows:
            each.page.context.close()
        self.windows.clear()
        assert wrong == []


def settings_for(store: Store) -> dict[str, str]:
    """The environment of the server; with it there is the page of all parts."""
    return {
        "JUMP_DATABASE_URL": store.url,
        "JUMP_SECRET_KEY": SECRET_KEY,
        "CONSOLE_PARTS": "yes",
    }


def settings_to_send(store: Store, receiver: Receiver, retries: str) -> dict[str, str]:
    """The same for a server that may call a receiver on this machine, and tries again so."""
    return {
        **settings_for(store),
        "JUMP_WEBHOOK_ALLOW_NETWORKS": "127.0.0.0/8",
        "JUMP_WEBHOOK_ALLOW_PORTS": str(receiver.port),
        "JUMP_WEBHOOK_CA_FILE": receiver.ca_file,
        "JUMP_RETRY_SCHEDULE": retries,
    }


@contextmanager
def open_house(store: Store, jump: Jump) -> Iterator[House]:
    """A practice with everything, served and looked at. Raises ChromiumMissing."""
    # The browser's driver has a loop of its own in this thread, so that nothing else may run one.
    practice = prepare(store)
    running = jump.start("serve")
    try:
        with chromium.chromium() as browser:
            house = House(running, practice, browser, jump)
            yield house
            house.close()
    finally:
        running.kill()


def sign_in(page: Page, role: str, password: str = PASSWORD) -> None:
    """As a person does it."""
    page.goto(f"{BASE}/sign-in")
    page.get_by_label("E-mail").fill(email(role))
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(HOME)
