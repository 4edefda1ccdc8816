"""Takes a picture of every page in every state, wide and narrow, light and dark, into a folder.

    .venv/bin/python -m tests.console.screenshots FOLDER

It fails when a page or a state has no line in `shots`, or a page cannot be shown.
"""

import sys
import tempfile
from pathlib import Path

from tests.console import chromium, shots
from tests.console.house import House, open_house, settings_for
from tests.databases import SqliteStore
from tests.processes import Jump

SIZES = {"1280": chromium.WIDE, "320": chromium.NARROW}


def main(folder: Path) -> int:
    """The exit status; what is missing is told line by line."""
    if missing := shots.missing():
        sys.stderr.write("\n  ".join(["No shot shows:", *missing, ""]))
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        store = SqliteStore(Path(made))
        jump = Jump(settings_for(store), Path(made))
        with open_house(store, jump) as house:
            _take_all(house, folder)
    sys.stdout.write(f"{len(shots.SHOTS) * 4} pictures are in {folder}\n")
    return 0


def _take_all(house: House, folder: Path) -> None:
    for shot in shots.SHOTS:
        for width, size in SIZES.items():
            for look in ("light", "dark"):
                page = shots.take(shot, house, size=size, dark=look == "dark")
                page.screenshot(path=folder / f"{shot.name}-{width}-{look}.png", full_page=True)
                page.context.close()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Say in which folder: python -m tests.console.screenshots FOLDER")
    sys.exit(main(Path(sys.argv[1])))
