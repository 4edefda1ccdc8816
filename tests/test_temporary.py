"""Temporary files lie in memory where that is possible, and otherwise where they always do."""

import os
import tempfile
from pathlib import Path

import pytest

from tests import temporary


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when nobody has chosen a place; what a test changes is undone."""
    monkeypatch.setenv("TMPDIR", "/tmp")
    monkeypatch.delenv("TMPDIR")
    monkeypatch.setattr(tempfile, "tempdir", None)


def test_a_folder_with_room_is_the_place_for_us_and_those_we_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(temporary, "ROOM", 0)
    temporary.use_memory(tmp_path)
    assert tempfile.gettempdir() == os.environ["TMPDIR"] == str(tmp_path)


def test_whoever_sets_tmpdir_has_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(temporary, "ROOM", 0)
    monkeypatch.setenv("TMPDIR", "/elsewhere")
    temporary.use_memory(tmp_path)
    assert os.environ["TMPDIR"] == "/elsewhere"


@pytest.mark.parametrize("folder", ["/nowhere", "/proc"])
def test_a_folder_that_is_not_there_or_has_no_room_is_not_used(folder: str) -> None:
    temporary.use_memory(Path(folder))
    assert "TMPDIR" not in os.environ
