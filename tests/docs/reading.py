"""A reader who tries a page: pastes its blocks in order, and compares what comes with the page.

Blocks of one page run in one shell, so that a later one has what an earlier one kept.
"""

import json
import re
import shutil
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from jump.docs.library import DEFAULT_URL
from tests.docs import likeness
from tests.docs.blocks import SAMPLES, Block
from tests.docs.house import House
from tests.ports import free_port
from tests.processes import Jump
from tests.talking import Talking, talk

READY = r"Listening on|Waiting"
HOOK = "https://example.org/hooks"
# What people put in from what was printed before.
KEY, SECRET = "pk_test_...", "whsec_..."


@dataclass
class Reader:
    """One reader of one page."""

    house: House
    jump: Jump
    url: str
    notes: Path
    port: str = field(default_factory=lambda: str(free_port()))
    printed: str = ""
    background: list[Talking] = field(default_factory=list)

    def read(self, blocks: list[Block]) -> None:
        """Try every block. AssertionError where a page does not tell the truth."""
        for name in ("verify.py", "verify.js"):
            shutil.copy(SAMPLES / name, self.jump.folder / name)
        for block in blocks:
            if block.is_file:
                (self.jump.folder / block.word).write_text(self.put_in(block.code))
        with ExitStack() as stack:
            shell = stack.enter_context(_shell(self.jump, self.notes, self.house.key))
            for block in blocks:
                if not block.is_file:
                    self._try(block, shell, stack)

    def put_in(self, code: str) -> str:
        """A block with what is this reader's own."""
        filled = code.replace(DEFAULT_URL, self.url).replace(HOOK, self.house.receiver.url)
        filled = re.sub(r"\b3000\b", self.port, filled)
        said = "\n".join([self.printed, *(each.said for each in self.background)])
        for gap, shape in ((KEY, r"pk_test_\w{50,}"), (SECRET, r"whsec_\S{20,}")):
            if gap in filled:
                filled = filled.replace(gap, re.findall(shape, said)[-1])
        return filled

    def _try(self, block: Block, shell: "Shell", stack: ExitStack) -> None:
        code = self.put_in(block.code)
        match block.language, block.word:
            case "sh", "":
                self.printed = shell.paste(code)
            case "sh", "background":
                key = {"PK_KEY": shell.value("PK_KEY")}
                talking = talk(self.jump, "-c", code, command=["bash", "-eu"], **key)
                self.background.append(stack.enter_context(talking))
                self.background[-1].wait_for(READY)
            case "json", "":
                wrong = likeness.unlike(json.loads(code), json.loads(self.printed))
                assert wrong == [], f"{block.name} {block.number}: {wrong}"
            case "text", "receiver":
                self.background[-1].wait_for(likeness.pattern(code.strip()))
            case "text", "" | "headers":
                _compare_lines(code, self.printed)
            case _:
                raise AssertionError(f"nothing runs {block.name}")


def _compare_lines(shown: str, printed: str) -> None:
    for line in shown.strip().splitlines():
        wanted = re.sub(r"\d+", r"\\d+", likeness.pattern(line))
        assert re.search(f"(?m)^{wanted}\\s*$", printed), f"{line!r} is not in {printed!r}"


class Shell:
    """A shell that blocks are pasted into; what they print goes into a folder of its own."""

    def __init__(self, process: "subprocess.Popen[str]", notes: Path) -> None:
        self._process = process
        self._notes = notes
        self._pasted = 0

    def __enter__(self) -> "Shell":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def paste(self, code: str) -> str:
        """Run a block to its end; what it printed. AssertionError if a command of it failed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._pasted += 1
        out, errors = (self._notes / f".{name}-{self._pasted}" for name in ("out", "errors"))
        self._process.stdin.write(f"{{\n{code}\n}} > {out} 2> {errors}\necho done\n")
        self._process.stdin.flush()
        said = self._process.stdout.readline()
        assert said == "done\n", f"{code}\n{errors.read_text()}"
        return out.read_text()

    def value(self, name: str) -> str:
        """What a variable holds."""
        return self.paste(f'printf %s "${{{name}-}}"')


def _shell(jump: Jump, notes: Path, key: str) -> Shell:
    process = subprocess.Popen(
        ["bash", "-eu", "-o", "pipefail"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=jump.folder, env=jump.environment(PK_KEY=key),
    )  # fmt: skip
    return Shell(process, notes)
