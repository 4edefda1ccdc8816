"""The secret key beside an SQLite database is made once, whoever comes first, and never again."""

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import jump
from jump.sealing import Keyring
from jump.settings import SettingsError, keyring, load

SECRET = "a secret key that is long enough to be one"


def mark(ring: Keyring) -> bytes:
    """What tells two keyrings apart."""
    return ring.keyed_hash("test", b"")


def start(folder: Path, **environ: str) -> Keyring:
    return keyring(load({f"JUMP_{name}": value for name, value in environ.items()}, folder))


def key_file(folder: Path) -> Path:
    return folder / "var/jump.db.secret-key"


def test_the_first_start_makes_a_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    start(tmp_path)
    assert stat.S_IMODE(key_file(tmp_path).stat().st_mode) == 0o600
    assert len(key_file(tmp_path).read_text().strip()) == 43
    assert [path.name for path in key_file(tmp_path).parent.iterdir()] == ["jump.db.secret-key"]


def test_the_next_start_finds_it_again(tmp_path: Path) -> None:
    first = start(tmp_path)
    (tmp_path / "var/jump.db").touch()
    assert mark(start(tmp_path)) == mark(first)


def test_two_databases_get_two_keys(tmp_path: Path) -> None:
    assert mark(start(tmp_path)) != mark(start(tmp_path, DATABASE_URL="sqlite:///var/other.db"))


def test_a_key_that_is_given_makes_no_file(tmp_path: Path) -> None:
    assert mark(start(tmp_path, SECRET_KEY=SECRET)) == mark(Keyring(SECRET))
    assert list(tmp_path.iterdir()) == []


def test_the_previous_key_is_part_of_the_ring(tmp_path: Path) -> None:
    ring = start(tmp_path, SECRET_KEY_PREVIOUS=SECRET)
    assert ring.keyed_hashes("test", b"")[1] == mark(Keyring(SECRET))


def test_many_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(lambda _: start(tmp_path), range(40)))
    assert len({mark(ring) for ring in rings}) == 1
    assert len(list(key_file(tmp_path).parent.iterdir())) == 1


def test_two_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    program = (
        "from pathlib import Path; from jump.settings import keyring, load;"
        "print(keyring(load({}, Path('.'))).keyed_hash('test', b'').hex())"
    )
    source = str(Path(jump.__file__).parents[1])
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": source},
            stdout=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    printed = {process.communicate(timeout=60)[0] for process in processes}
    assert printed == {mark(start(tmp_path)).hex().encode() + b"\n"}


def test_a_database_whose_key_is_gone_gets_no_new_one(tmp_path: Path) -> None:
    start(tmp_path)
    (tmp_path / "var/jump.db").touch()
    key_file(tmp_path).unlink()
    with pytest.raises(SettingsError, match=r"^JUMP_SECRET_KEY: .* is gone\. Put the file back"):
        start(tmp_path)
    assert not key_file(tmp_path).exists()


def test_a_key_file_that_was_cut_is_refused(tmp_path: Path) -> None:
    key_file(tmp_path).parent.mkdir()
    key_file(tmp_path).write_text("hunter2")
    with pytest.raises(SettingsError, match=r"^JUMP_SECRET_KEY: .* too short") as refused:
        start(tmp_path)
    assert "hunter2" not in str(refused.value)


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "var").touch()
    with pytest.raises(
        SettingsError, match=r"^JUMP_SECRET_KEY: [^\n]+/var: File exists"
    ) as refused:
        start(tmp_path)
    assert "set JUMP_SECRET_KEY" in str(refused.value)
