"""The pages of the reference are the OpenAPI document, whole, and every command there is taken."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from jump.application.endpoints import document
from jump.docs.chaptering import rules_of
from jump.docs.library import text_of
from jump.docs.reference import METHODS, Chapter, chapters
from jump.docs.wording import kind_of
from jump.kit.ids import sample_id
from tests.calling import call
from tests.docs.house import House
from tests.docs.reader_app import browser, make_app, seen

DOCUMENT = json.loads(document())
# What the house has of its own, for the ids of the examples.
LISTS = {
    "pat": "/patients",
    "type": "/appointment-types",
    "cli": "/clinicians",
    "loc": "/locations",
}
NEVER_RIGHT = {"METHOD_NOT_ALLOWED", "UNSUPPORTED_MEDIA_TYPE", "UNAUTHORIZED", "INTERNAL_ERROR"}


def told(url: str = "https://jump.example.org") -> list[Chapter]:
    return chapters(DOCUMENT, url)


def operations() -> list[tuple[str, str]]:
    return [
        (method.upper(), path)
        for path, each in DOCUMENT["paths"].items()
        for method in each
        if method in METHODS
    ]


def test_every_operation_stands_in_one_chapter_with_a_command_and_an_answer() -> None:
    found = [each for chapter in told() for each in chapter.operations]
    assert sorted((each.method, each.path) for each in found) == sorted(operations())
    assert len({each.id for each in found}) == len(found)
    for each in found:
        assert each.curls, each.id
        assert all(curl.startswith("curl ") for curl in each.curls), each.id
        assert each.answer.example or each.answer.media_type != "application/json", each.id
        assert {refusal.status for refusal in each.refusals} >= {"400", "500"}, each.id
        assert all(refusal.codes for refusal in each.refusals), each.id


async def test_every_chapter_is_a_page_with_all_of_it(tmp_path: Path) -> None:
    async with browser(make_app(tmp_path)) as reader:
        for chapter in told():
            page = await reader.get(f"/docs/reference/{chapter.name}")
            assert page.status_code == 200
            ids = seen(page).ids
            assert [each.id for each in chapter.operations if each.id not in ids] == []
            for each in chapter.fields:
                assert f"<code>{each.name}</code>" in page.text


def test_what_holds_for_records_is_told_of_chapters_that_are_there() -> None:
    names = {chapter.name for chapter in told()}
    assert set(rules_of(text_of("records"))) <= names


def run(curl: str, house: House, folder: Path, ids: dict[str, str]) -> tuple[int, Any]:
    """What a command of the pages answers, with ids of this house in it."""
    command = curl.replace("curl ", "curl -s -o answer -w '%{http_code}' ", 1)
    for sample, real in ids.items():
        command = command.replace(sample, real)
    done = subprocess.run(
        ["bash", "-eu", "-c", command], capture_output=True, text=True, timeout=60,
        cwd=folder, env=house.jump.environment(PK_KEY=house.key),
    )  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    return int(done.stdout), (folder / "answer").read_bytes()


def test_every_command_of_the_reference_is_taken(house: House, tmp_path: Path) -> None:
    (tmp_path / "letter.pdf").write_bytes(b"%PDF-1.4\n%%EOF\n")
    ids = {
        sample_id(prefix): call(house.url, "GET", path, house.key).json()["data"][0]["id"]
        for prefix, path in LISTS.items()
    }
    wrong = []
    commands = [
        (each, curl)
        for chapter in told(house.url)
        for each in chapter.operations
        for curl in each.curls
    ]
    for each, curl in commands:
        status, body = run(curl, house, tmp_path, ids)
        said = {each.answer.status, *(refusal.status for refusal in each.refusals)}
        code = json.loads(body)["error"]["code"] if status >= 400 else ""
        if str(status) not in said or code in NEVER_RIGHT:
            wrong.append(f"{each.id}: {status} {body[:300]!r}")
        if status in (400, 422) and b"00000000" not in curl.encode():
            wrong.append(f"{each.id}: {body[:300]!r}")
    assert wrong == []


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "text"),
        ({"type": "string", "maxLength": 100}, "text, 100 characters at most"),
        ({"type": ["string", "null"], "format": "date"}, "date or null"),
        (
            {"type": "string", "anyOf": [{"format": "date-time"}, {"format": "date"}]},
            "time or date",
        ),
        ({"type": "integer", "minimum": 1, "maximum": 1440}, "whole number, 1 to 1,440"),
        ({"type": "number", "minimum": 0}, "number, 0 or more"),
        ({"enum": ["a", "b", None]}, "`a`, `b`, or null"),
        ({"const": "x"}, "`x`"),
        ({"type": "array", "items": {"$ref": "#/a"}}, "list of object"),
        ({"anyOf": [{"type": "null"}, {"type": "boolean"}]}, "true or false or null"),
        ({}, "anything"),
    ],
)
def test_a_schema_is_told_in_words(schema: dict[str, Any], words: str) -> None:
    referred = {"type": "object"}
    assert kind_of(schema, lambda given: referred if "$ref" in given else given) == words
