"""docs/compatibility.md tells clients of the real Jump all that section 8 promises them."""

import re
from pathlib import Path

from tests.contract.clauses import contract

DOCUMENT = Path(__file__).parents[2] / "docs" / "compatibility.md"


def test_every_name_of_the_section_is_in_the_document_and_its_exceptions_are_listed() -> None:
    text = DOCUMENT.read_text()
    supported, _, exceptions = text.partition("\n## Exceptions\n")
    names = set(re.findall(r"[\w-]*[_/-]\w[\w-]*|\w+\.\w+", " ".join(left_column())))
    assert len(names) > 30
    assert sorted(name for name in names if name not in supported + exceptions) == []
    assert exceptions.count("\n* ") >= 1


def left_column() -> list[str]:
    """What a client of Jump sends or reads: the first cell of each row, in its code."""
    rows = re.findall(r"\| (.+?) \| .+? \|(?= \||\s*Exceptions)", contract("8"))
    return [code for row in rows for code in re.findall(r"`([^`]+)`", row)]
