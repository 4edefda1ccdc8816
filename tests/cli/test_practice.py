"""`jump practice load`, as an operator uses it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.processes import Jump

DOCUMENT = Path(__file__).parents[2] / "src/jump/docs/pages/running/practice-file.md"
EXAMPLE = re.findall(r"(?ms)^```json practice.json\n(.*?)^```$", DOCUMENT.read_text())[0]


@pytest.fixture
def whole() -> Any:
    return json.loads(EXAMPLE)


def write(jump: Jump, content: Any) -> str:
    path = jump.folder / "practice.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def test_the_example_of_the_document_is_loaded_into_live_mode_and_again(
    jump: Jump, whole: Any
) -> None:
    path = write(jump, EXAMPLE)
    dry = jump.run("practice", "load", path, "--dry-run")
    assert dry.output.endswith("Nothing was changed: this was a dry run.\n")
    first = jump.run("practice", "load", path, "--json").json
    assert (first["mode"], first["dry_run"]) == ("live", False)
    assert first["clinicians"] == {
        "added": ["okafor", "evans"],
        "changed": [],
        "deactivated": [],
        "unchanged": [],
    }
    whole["clinicians"][0]["title"] = "Professor"
    del whole["clinicians"][1]
    again = jump.run("practice", "load", write(jump, whole))
    assert again.status == 0
    assert re.search(r"^clinicians +0 +1 +1 +0$", again.output, re.MULTILINE)
    assert "Made inactive, clinicians: evans\n" in again.output
    assert again.output.endswith("Loaded into live mode.\n")
    rows = jump.run("audit", "list", "--mode", "live", "--action", "clinician.updated", "--json")
    assert {row["actor"]["kind"] for row in rows.json} == {"operator"}
    assert len(rows.json) == 2


def test_everything_that_is_wrong_is_listed_with_its_path_and_nothing_is_loaded(
    light_jump: Jump, whole: Any
) -> None:
    whole["locations"][0]["timezone"] = "Europe/Atlantis"
    whole["clinicians"][1]["sessions"][0]["starts_at"] = "9 o'clock"
    path = write(light_jump, whole)
    refused = light_jump.run("practice", "load", path)
    assert (refused.status, refused.output) == (1, "")
    assert refused.errors == (
        "clinicians[1].sessions[0].starts_at: Use a time of day as HH:MM, such as 09:30.\n"
        "locations[0].timezone: Use the name of a time zone, such as Europe/London.\n"
        "jump: Nothing was loaded. 2 things are wrong in the file.\n"
    )
    as_json = light_jump.run("practice", "load", path, "--json")
    assert as_json.status == 1
    assert [each["path"] for each in json.loads(as_json.output)["errors"]] == [
        "clinicians[1].sessions[0].starts_at",
        "locations[0].timezone",
    ]
    assert light_jump.run("audit", "list", "--mode", "live", "--json").json == []


@pytest.mark.parametrize("content", ["", "{", "[" * 100_000, "\x00", '{"locations": "\\ud800"}'])
def test_what_is_no_json_is_refused_in_two_lines(light_jump: Jump, content: str) -> None:
    refused = light_jump.run("practice", "load", write(light_jump, content))
    assert refused.status == 1
    assert re.fullmatch(r"file: .*\.\njump: Nothing was loaded\. .*\.\n", refused.errors)


def test_a_file_that_is_not_there_is_wrong_usage(light_jump: Jump) -> None:
    for path in ("nothing.json", "."):
        refused = light_jump.run("practice", "load", path)
        assert refused.status == 2
        assert "Error: " in refused.errors


def test_a_file_without_end_is_not_read_to_it(light_jump: Jump) -> None:
    refused = light_jump.run("practice", "load", "/dev/zero")
    assert refused.status == 1
    assert refused.errors == "jump: The file is larger than 16 MiB.\n"
