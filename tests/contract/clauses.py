"""Reads the listings of this folder: the contract's own words, and the tests that hold us to them.

In a listing, the words of a clause begin at the margin and go on indented by two; the tests that
would fail if it were not kept stand below them, indented by four: `folder/test_file.py::test_name`.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
TESTS = HERE.parent


@dataclass(frozen=True)
class Clause:
    """What the contract says, and which tests hold us to it."""

    words: str
    tests: tuple[str, ...]


def contract(section: str) -> str:
    """The text of a section, on one line, without its heading and the heads of its tables."""
    whole = (HERE / "contract.md").read_text()
    (text,) = re.findall(rf"(?ms)^## {section}\. [^\n]*\n(.*?)(?=^## |\Z)", whole)
    return flat(re.sub(r"(?m)^\|.*\n(?=\| ---)", "", text))


def listed(section: str) -> list[Clause]:
    """The clauses of a section's listings, in the order of the contract."""
    files = sorted(HERE.glob(f"section_{section}*.txt"))
    return [clause for file in files for clause in clauses(file.read_text())]


def clauses(listing: str) -> Iterator[Clause]:
    """The clauses of a listing: each begins at the margin."""
    for words, below in re.findall(r"(?m)(^\S.*\n(?:^  ?\S.*\n)*)((?:^   .*\n)*)", listing):
        yield Clause(flat(words), tuple(line.strip() for line in below.splitlines()))


def left_out(text: str, listed: Iterable[Clause]) -> list[str]:
    """What a listing does not have of the text, or has of its own or in another order."""
    problems, at = [], 0
    for clause in listed:
        found = text.find(clause.words, at)
        if found < 0:
            problems.append(f"The contract does not say here: {clause.words}")
            continue
        problems += _said(text[at:found])
        at = found + len(clause.words)
    return problems + _said(text[at:])


def _said(between: str) -> list[str]:
    """Anything but punctuation says something."""
    return [f"No clause has: {between.strip()}"] if re.search(r"[^\W_]", between) else []


def missing(clause: Clause) -> list[str]:
    """The tests that it names and that are not there."""
    return [name for name in clause.tests if not is_test(name)]


def is_test(name: str) -> bool:
    """Whether pytest would collect a function of this name from this file."""
    file, _, function = name.partition("::")
    path = TESTS / file
    collected = path.name.startswith("test_") and function.startswith("test_")
    return collected and path.is_file() and function in functions(path)


@cache
def functions(path: Path) -> frozenset[str]:
    """The names of a module's functions."""
    body = ast.parse(path.read_text()).body
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return frozenset(node.name for node in body if isinstance(node, kinds))


def flat(text: str) -> str:
    """The text with every run of blanks as one."""
    return " ".join(text.split())
