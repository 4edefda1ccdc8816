"""Every block of code of the pages is run, and what it prints is as the page shows it."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import WebhookVerificationError

from jump.keys.format import parse_key
from tests.docs.blocks import PAGES, Block, of_page
from tests.docs.house import House, a_delivery, installed
from tests.docs.reading import Reader
from tests.talking import talk

ALL = [block for page in PAGES for block in of_page(page)]
# Blocks that need something else than a reader with a shell, each run by a test of its own below.
OTHERWISE = {
    "authentication: text key",
    "webhooks: http delivery",
    "webhooks/verification: python library",
    "running/operating: sh several",
    "running/operating: sh proxy",
    "running/operating: sh bucket",
}
READ = [page for page in PAGES if any(b.page == page and b.name not in OTHERWISE for b in ALL)]
STARTS_ITS_OWN = "getting-started"


def block(name: str) -> Block:
    (found,) = [each for each in ALL if each.name == name]
    return found


@pytest.mark.parametrize("page", READ)
def test_what_a_page_says_happens(page: str, house: House, tmp_path: Path) -> None:
    jump = house.jump
    if page == STARTS_ITS_OWN:
        jump = installed(tmp_path / "own", house.receiver)
    url = f"http://127.0.0.1:{jump.settings['JUMP_PORT']}"
    notes = tmp_path / "notes"
    notes.mkdir()
    reader = Reader(house, jump, url, notes)
    reader.read([each for each in of_page(page) if each.name not in OTHERWISE])


def test_every_block_that_no_reader_runs_is_there_and_has_its_test() -> None:
    assert {each.name for each in ALL} >= OTHERWISE
    source = Path(__file__).read_text()
    assert [name for name in OTHERWISE if source.count(f'block("{name}")') != 1] == []


def test_a_key_looks_as_the_page_says() -> None:
    shown = block("authentication: text key").code.strip()
    text = (Path(__file__).parents[2] / "src/jump/docs/pages/authentication.md").read_text()
    (pattern,) = re.findall(r"`(pk_\(test.*?)`", " ".join(text.split()))
    assert re.fullmatch(pattern, shown)
    assert parse_key(shown) is not None


def test_a_delivery_is_as_the_page_shows_it(house: House) -> None:
    request, _ = a_delivery(house)
    head, _, body = block("webhooks: http delivery").code.partition("\n\n")
    _, *lines = head.splitlines()
    shown = [line.partition(": ")[0].lower() for line in lines]
    came = [name.lower() for name, _ in request.headers]
    assert [name for name in came if name in shown] == shown
    of_transport = {"host", "content-length", "accept", "accept-encoding"}
    assert set(came) - set(shown) == {*of_transport, "x-webhook-test"}
    assert re.findall(r'"(\w+)":', body)[:6] == re.findall(r'"(\w+)":', request.body.decode())[:6]


def test_the_library_takes_ours_and_refuses_all_else(house: House) -> None:
    request, secret = a_delivery(house)
    code = block("webhooks/verification: python library").code
    names = {"secret": secret, "body": request.body, "headers": dict(request.headers)}
    exec(code, names)
    assert names["event"]["type"] == "patient.created"
    with pytest.raises(WebhookVerificationError):
        exec(code, {**names, "body": request.body + b" "})


def shell(house: House, folder: Path, code: str) -> str:
    jump = installed(folder, house.receiver)
    done = subprocess.run(
        ["sh", "-eu", "-c", code], capture_output=True, text=True, timeout=60,
        cwd=folder, env=jump.environment(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_several_processes_share_one_postgresql(
    house: House, tmp_path: Path, empty_postgres: str
) -> None:
    code = block("running/operating: sh several").code
    code = code.replace("postgresql://jump@db.internal/jump", empty_postgres)
    jump = installed(tmp_path, house.receiver)
    run: Callable[..., Any] = lambda text: talk(jump, "-c", text, command=["sh"])  # noqa: E731
    setting_up, _, _ = code.partition("jump api")
    with run(setting_up) as made:
        made.wait_for("Applied")
        assert made.end().status == 0
    # What makes the secret key is said once; what follows is for every machine.
    _, _, on_each = setting_up.partition("\n")
    with run(f"{on_each}\njump api") as api:
        api.wait_for("Listening on")
        with run(f"{on_each}\njump work") as work:
            work.wait_for("Working")


def test_a_bucket_is_named_and_its_key_is_not_shown(house: House, tmp_path: Path) -> None:
    printed = shell(house, tmp_path, block("running/operating: sh bucket").code)
    assert re.search(r"JUMP_DOCUMENTS_URL\s+s3://practice-documents/jump", printed)
    assert "ACCESS_KEY" not in printed


def test_what_stands_behind_a_proxy_is_told_so(house: House, tmp_path: Path) -> None:
    printed = shell(house, tmp_path, block("running/operating: sh proxy").code)
    assert re.search(r"JUMP_TRUSTED_PROXIES\s+10\.0\.0\.0/24", printed)
    assert re.search(r"JUMP_PUBLIC_URL\s+https://jump\.example\.org", printed)
