"""Reads the event feed of a key over HTTP, from now on and without end.

It waits out what passes by itself: an API that restarts or cannot be reached, a limit that is
spent. What does not pass ends it, in one line.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode

import msgspec

from jump.cli.operating import Refused
from jump.cli.web import NoAnswer, Reply, Target, exchange

WAIT_SECONDS = 30
TIMEOUT_SECONDS = WAIT_SECONDS + 15
LONGEST_BACK_OFF = 15
PAGE = 20
_PASSES = (500, 502, 503, 504)


class _Meta(msgspec.Struct):
    next_cursor: str


class _Page(msgspec.Struct):
    # The bytes that a receiver gets, taken as they stand.
    data: list[msgspec.Raw]
    meta: _Meta


@dataclass
class FeedReader:
    """The feed of one key at one API, `api` being where its paths begin.

    `tell` is given a line for people where something passes; `sleep` waits so many seconds.
    """

    api: Target
    key: str
    tell: Callable[[str], None]
    sleep: Callable[[float], None]
    _cursor: str | None = None
    _failures: int = field(default=0)

    def begin(self) -> None:
        """Take the place in the feed that is now. Raises Refused."""
        while self._cursor is None:
            self._ask({"start": "now", "wait": "0"})

    def events(self) -> Iterator[bytes]:
        """The events that come, each as the exact body of a delivery. Raises Refused."""
        while True:
            assert self._cursor is not None
            yield from self._ask({"cursor": self._cursor, "wait": str(WAIT_SECONDS)})

    def _ask(self, query: dict[str, str]) -> list[bytes]:
        """One page, or none where something has to be waited out first."""
        headers = {"Authorization": f"Bearer {self.key}", "Accept": "application/json"}
        below = f"/events?{urlencode({'limit': str(PAGE), **query})}"
        try:
            reply = exchange(self.api, "GET", below, headers=headers, timeout=TIMEOUT_SECONDS)
        except NoAnswer as failure:
            self._back_off(f"The API cannot be reached ({failure}): trying until it can.")
            return []
        if reply.status in _PASSES:
            self._back_off(f"The API answers {reply.status}: trying until it is well again.")
            return []
        if reply.status == 429:
            self._wait_for_quota(reply)
            return []
        if reply.status != 200:
            raise Refused(_words_of(reply))
        return self._taken(reply)

    def _taken(self, reply: Reply) -> list[bytes]:
        try:
            page = msgspec.json.decode(reply.body, type=_Page)
        except msgspec.DecodeError:
            raise Refused(f"What answers at {self.api} is not this API.") from None
        if self._failures:
            self.tell("The API answers again.")
        self._failures, self._cursor = 0, page.meta.next_cursor
        return [bytes(item) for item in page.data]

    def _back_off(self, words: str) -> None:
        if not self._failures:
            self.tell(words)
        self.sleep(min(LONGEST_BACK_OFF, 2**self._failures / 2))
        self._failures = min(self._failures + 1, 10)

    def _wait_for_quota(self, reply: Reply) -> None:
        text = reply.headers.get("retry-after", "")
        seconds = int(text) if text.isdecimal() and len(text) < 6 else 60
        self.tell(f"The key's limit is spent: waiting {seconds} s, then going on where it was.")
        self.sleep(max(1, seconds))


class _Error(msgspec.Struct):
    message: str


class _Failure(msgspec.Struct):
    error: _Error


def _words_of(reply: Reply) -> str:
    """The API's own words for what it refuses."""
    try:
        message = msgspec.json.decode(reply.body, type=_Failure).error.message
    except msgspec.DecodeError:
        return f"{reply.status} is answered. Is --api the address of this program?"
    return f"The API refuses it ({reply.status}): {message}"
