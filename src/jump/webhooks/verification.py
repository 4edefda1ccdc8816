"""Code that checks our signature, ready to be pasted into a receiver, in seven languages.

The samples are files, so that each is run as it is shown. They check the first set of headers:
HMAC-SHA256 of the timestamp, a dot and the exact bytes of the body, keyed with the whole secret.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).parent / "samples"
_LANGUAGES: Final = (
    ("python", "Python", "verify.py"),
    ("node", "Node", "verify.js"),
    ("php", "PHP", "verify.php"),
    ("ruby", "Ruby", "verify.rb"),
    ("go", "Go", "verify.go"),
    ("java", "Java", "JumpWebhooks.java"),
    ("csharp", "C#", "JumpWebhooks.cs"),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One of them: its name in ids, its title for people, the file it stands in, and the code."""

    name: str
    title: str
    path: Path
    code: str


def _read(name: str, title: str, file: str) -> Sample:
    path = _FOLDER / file
    return Sample(name, title, path, path.read_text(encoding="utf-8"))


SAMPLES: Final = tuple(_read(*each) for each in _LANGUAGES)
