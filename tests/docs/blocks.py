"""The blocks of code of the written pages, as their files have them, in order."""

from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from jump.docs import library
from jump.docs.navigation import GROUPS

PAGES = [name for group in GROUPS for name in group.pages]
SAMPLES = Path(library.FOLDER).parents[1] / "webhooks" / "samples"


@dataclass(frozen=True)
class Block:
    """One block: its page, its place there, the words after the fence, and the code."""

    page: str
    number: int
    language: str
    word: str
    code: str

    @property
    def is_file(self) -> bool:
        """Whether it is saved under its word, for a later block to use."""
        return "." in self.word

    @property
    def name(self) -> str:
        """What a test that runs it is found by."""
        return f"{self.page}: {self.language} {self.word}"


def of_page(page: str) -> list[Block]:
    """Every block of a page. AssertionError for code that is not fenced."""
    tokens = MarkdownIt("commonmark").enable("table").parse(library.text_of(page))
    assert not [token for token in tokens if token.type == "code_block"], page
    fences = [token for token in tokens if token.type == "fence"]
    found = []
    for number, token in enumerate(fences):
        language, _, word = token.info.partition(" ")
        found.append(Block(page, number, language, word, token.content))
    return found
