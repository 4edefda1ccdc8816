"""Runs the code that receivers paste, each sample in its own language and as it is shown.

What a machine lacks is left out by `tests/conftest.py`, which says so; CI needs what it installs.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jump.webhooks.verification import SAMPLES

JUDGES = Path(__file__).parent / "verifying"
CI = Path(__file__).parents[2] / ".ci" / "run"
RUN_WITHIN_SECONDS = 100


@dataclass(frozen=True)
class Language:
    """What runs a sample: programs, Debian's package of them, and commands, run one after another.

    `files` are put into the folder beside the sample; a name may lead into a folder of its own.
    """

    programs: tuple[str, ...]
    package: str
    files: Mapping[str, str]
    commands: tuple[Sequence[str], ...]
    sample_in: str = "."

    def is_here(self) -> bool:
        """Whether this machine can run it."""
        return all(map(shutil.which, self.programs))

    def is_needed(self) -> bool:
        """Whether CI has installed it: then it has to be there."""
        return bool(os.environ.get("CI")) and self.package in CI.read_text().split()


LANGUAGES = {
    "python": Language((), "python3", {"judge.py": "judge.py"}, ((sys.executable, "judge.py"),)),
    "node": Language(("node",), "nodejs", {"judge.js": "judge.js"}, (("node", "judge.js"),)),
    "php": Language(("php",), "php-cli", {"judge.php": "judge.php"}, (("php", "judge.php"),)),
    "ruby": Language(("ruby",), "ruby", {"judge.rb": "judge.rb"}, (("ruby", "-w", "judge.rb"),)),
    "go": Language(
        ("go",),
        "golang-go",
        {"judge.go": "main.go"},
        (("go", "mod", "init", "example"), ("go", "vet", "./..."), ("go", "run", ".")),
        sample_in="jump",
    ),
    "java": Language(
        ("javac", "java"),
        "default-jdk-headless",
        {"Judge.java": "Judge.java"},
        (("javac", "-Xlint:all", "-Werror", "Judge.java"), ("java", "-cp", ".", "Judge")),
    ),
    "csharp": Language(
        ("mcs", "mono"),
        "mono-mcs",
        {"Judge.cs": "Judge.cs"},
        (
            ("mcs", "-warnaserror", "-r:System.Core", "JumpWebhooks.cs", "Judge.cs"),
            ("mono", "JumpWebhooks.exe"),
        ),
    ),
}  # fmt: skip


def left_out() -> list[str]:
    """The languages that this machine lacks and need not have."""
    return [n for n, each in LANGUAGES.items() if not each.is_here() and not each.is_needed()]


def run(name: str, folder: Path, given: str) -> list[str]:
    """What the sample says to each line, in an empty folder."""
    language = LANGUAGES[name]
    sample = next(each.path for each in SAMPLES if each.name == name)
    (folder / language.sample_in).mkdir(exist_ok=True)
    shutil.copy(sample, folder / language.sample_in / sample.name)
    for source, target in language.files.items():
        shutil.copy(JUDGES / source, folder / target)
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod", "GOPROXY": "off"}
    said = ""
    for command in language.commands:
        done = subprocess.run(
            command, input=given, cwd=folder, env=environment, text=True, capture_output=True,
            timeout=RUN_WITHIN_SECONDS,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        said = done.stdout
    return said.split()
