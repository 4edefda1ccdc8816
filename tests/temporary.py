"""Where everything temporary lies while tests run: in memory, where the machine has it to spare.

The same files, calls and rules as on a disk, but no test waits for one; whoever wants the disk
sets TMPDIR. What lies there is up to those who ask `tempfile`: pytest, PostgreSQL, the browser.
"""

import os
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # what Linux calls a folder in memory
ROOM = 4 * 2**30  # for a few databases of 11 MB each for every worker, and what failed tests leave


def use_memory(folder: Path = MEMORY) -> None:
    """Make `folder` the place of temporary files for this process and those it starts."""
    if "TMPDIR" in os.environ or not is_fit(folder):
        return
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None  # so that it is looked up anew


def is_fit(folder: Path) -> bool:
    """Whether it is there, has room, and lets programs run that tests compile."""
    try:
        about = os.statvfs(folder)
    except OSError:
        return False
    has_room = about.f_bavail * about.f_frsize >= ROOM
    return has_room and not about.f_flag & os.ST_NOEXEC and os.access(folder, os.W_OK)
