"""Schemathesis on a real house, with all of its checks: good and bad requests of every operation,
from the document's examples, its bounds, by chance, and one after the other. It finds nothing.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from tests.processes import Jump
from tests.surface.described import described

HOOKS = Path(__file__).with_name("schemathesis_hooks.py")
EXAMPLES = 5
# A 404 is what an id of nothing gets, and a 409 what a state of a record does.
ACCEPTED = ["2xx", "401", "403", "404", "409"]
REJECTED = ["400", "401", "403", "404", "405", "406", "409", "410", "412", "415", "422", "429"]


def accepted(operation: dict[str, Any]) -> list[str]:
    """What a good request of this operation may get: a refusal only where it tells of a rule."""
    answers, found = operation["responses"], list(ACCEPTED)
    parameters = [
        each.get("$ref", "").rpartition("/")[2] for each in operation.get("parameters", [])
    ]
    if "IfMatch" in parameters:
        found.append("412")
    if "Cursor" in parameters:  # which belongs to one query and is not sent beside an offset
        found.append("400")
    rules = ("400", "410", "415", "422")
    told = [status for status in rules if "description" in answers.get(status, {})]
    return found + told


def settings(key: str) -> Iterator[str]:
    """The lines of schemathesis.toml."""

    def text(value: object) -> str:
        return msgspec.json.encode(value).decode()

    yield f"hooks = {text(str(HOOKS))}"
    yield f"[auth.openapi.apiKey]\nbearer = {text(key)}"
    # A NUL is refused everywhere, which the document says once, in words.
    yield "[generation]\nallow-x00 = false\ndeterministic = true"
    yield f"[checks.negative_data_rejection]\nexpected-statuses = {text(REJECTED)}"
    for verbs in described()["paths"].values():
        for operation in verbs.values():
            yield f"[[operations]]\ninclude-operation-id = {text(operation['operationId'])}"
            yield (
                f"checks.positive_data_acceptance.expected-statuses = {text(accepted(operation))}"
            )


def test_schemathesis_finds_nothing(jump_on: Callable[..., Jump], tmp_path: Path) -> None:
    jump = jump_on(JUMP_TRUSTED_PROXIES="127.0.0.1/32")
    jump.run("sandbox", "load", "--patients", "10")
    made = jump.run(
        *("keys", "create", "--name", "All", "--mode", "test", "--scopes", "all"),
        *("--limit", "1000000", "--json"),
    )
    file = tmp_path / "schemathesis.toml"
    file.write_text("\n".join(settings(made.json["key"])))
    address = f"{jump.start('api').url}/api/v1/openapi.json"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(file)),
            *("run", address, "-n", str(EXAMPLES), "--no-color", "--warnings", "off"),
            *("--request-timeout", "60"),
        ],
        capture_output=True, encoding="utf-8", cwd=tmp_path, timeout=600,
        env={**os.environ, "PYTHONUTF8": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-2_000:]
    operations = sum(len(verbs) for verbs in described()["paths"].values())
    assert re.search(rf"Tested: +{operations}\b", done.stdout)
    phases = re.findall(r"✅ (\w+)", done.stdout)
    assert phases[-4:] == ["Examples", "Coverage", "Fuzzing", "Stateful"]
