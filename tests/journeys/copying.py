"""The program of the page that keeps a copy, run as it stands there; and the truth."""

import json
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from jump.clinical import in_error
from jump.clinical.registry import RESOURCES
from tests.docs.blocks import of_page
from tests.journeys.scene import data

(PROGRAM,) = [each.code for each in of_page("guides/copy") if each.word == "keep.py"]
# Every list of what a patient has, and what is asked of it to have it whole.
LISTS = {
    each.resource.path[1:]: "&include_in_error=true"
    if in_error.INCLUDED in each.resource.listing.extras
    else ""
    for each in RESOURCES
    if each.resource.patient and "{id}" not in each.resource.path
}
Records = dict[str, dict[str, Any]]


@dataclass
class Copy:
    """One copy in a folder: started, killed, and looked at while the program goes on."""

    folder: Path
    url: str
    key: str
    program: str = PROGRAM
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Run the program, a second between rounds in which nothing happens."""
        self.folder.mkdir(exist_ok=True)
        (self.folder / "keep.py").write_text(self.program)
        with (self.folder / "errors").open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "keep.py"], cwd=self.folder, stderr=errors,
                env={"API": f"{self.url}/api/v1", "PK_KEY": self.key, "WAIT": "1"},
            )  # fmt: skip

    def kill(self) -> None:
        """SIGKILL, wherever it is."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def records(self, name: str) -> Records:
        """What it has of a list, by id."""
        rows = self._all("SELECT id, record FROM records WHERE list = ?", name)
        return {row[0]: json.loads(row[1]) for row in rows}

    def marked(self, name: str) -> str:
        """How far it says it is; empty if it has not begun."""
        rows = self._all("SELECT value FROM marks WHERE name = ?", name)
        return rows[0][0] if rows else ""

    def is_like(self, client: httpx.Client) -> bool:
        """Whether it has all that there is, as it is."""
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "errors").read_text()
        return all(self.records(name) == truth(client, name) for name in LISTS)

    def _all(self, query: str, *values: str) -> list[tuple[str, ...]]:
        try:
            db = sqlite3.connect(f"file:{self.folder / 'sync.db'}?mode=ro", uri=True)
        except sqlite3.OperationalError:
            return []
        try:
            return db.execute(query, values).fetchall()
        except sqlite3.OperationalError:
            return []  # not made yet
        finally:
            db.close()


def truth(client: httpx.Client, name: str) -> Records:
    """Everything in a list, by id."""
    found: Records = {}
    cursor = ""
    while True:
        answer = client.get(f"/{name}?limit=100{LISTS[name]}{cursor}")
        found |= {record["id"]: record for record in data(answer)}
        following = answer.json()["meta"]["next_cursor"]
        if following is None:
            return found
        cursor = f"&cursor={following}"
