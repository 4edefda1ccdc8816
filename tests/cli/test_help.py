"""Every command teaches, and says what was wrong in the same way."""

import pytest
from click.testing import CliRunner

from jump.cli.main import main
from tests.cli.commands import every_command

FOR_PEOPLE_ONLY = {"serve", "api", "work", "listen", "demo"}
WITHOUT_SETTINGS = {**dict.fromkeys(("JUMP_DATABASE_URL", "JUMP_PORT", "PK_KEY"))}


EVERY_COMMAND = sorted(every_command())


def names(path: tuple[str, ...]) -> str:
    return " ".join(path)


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, arguments, prog_name="jump", env=WITHOUT_SETTINGS)
    return result.exit_code, result.output


def test_the_commands_of_the_contract_are_there() -> None:
    wanted = """serve|api|work|migrate|routes|settings|listen|demo|orgs create|orgs list
        |users create
        |keys create
        |keys list|keys revoke|keys rotate|keys limit|webhooks create|webhooks list|webhooks test
        |webhooks pause|webhooks activate|webhooks replay|deliveries list|deliveries show
        |deliveries resend|audit list|practice load|sandbox load"""
    missing = {" ".join(each.split()) for each in wanted.split("|")} - set(
        map(names, EVERY_COMMAND)
    )
    assert missing == set()


@pytest.mark.parametrize("path", EVERY_COMMAND, ids=names)
def test_each_command_says_what_it_does(path: tuple[str, ...]) -> None:
    status, output = run(*path, "--help")
    assert status == 0
    assert f"Usage: jump {' '.join(path)}" in output


@pytest.mark.parametrize("path", [each for each in EVERY_COMMAND if len(each) == 2], ids=names)
def test_each_command_for_operators_teaches_by_an_example(path: tuple[str, ...]) -> None:
    _, output = run(*path, "--help")
    assert "Example" in output
    assert f"  jump {' '.join(path)}" in output.partition("Example")[2]


@pytest.mark.parametrize("path", EVERY_COMMAND, ids=names)
def test_each_command_for_scripts_takes_json(path: tuple[str, ...]) -> None:
    _, output = run(*path, "--help")
    # `jump openapi` prints nothing else.
    assert ("--json" in output) is (path[0] not in {*FOR_PEOPLE_ONLY, "openapi"})


@pytest.mark.parametrize("path", EVERY_COMMAND, ids=names)
def test_wrong_usage_is_exit_status_2(path: tuple[str, ...]) -> None:
    status, output = run(*path, "--no-such-option")
    assert status == 2
    assert "No such option" in output


@pytest.mark.parametrize(
    "arguments",
    [
        ["keys", "create", "--name", "a", "--mode", "test"],
        ["keys", "create", "--name", "a", "--mode", "both", "--scopes", "all"],
        ["keys", "create", "--name", "a", "--mode", "test", "--scopes", "read_everything"],
        ["keys", "create", "--name", "a", "--mode", "test", "--scopes", "all", "--expires", "soon"],
        ["keys", "rotate", "key_0", "--overlap", "2h"],
        ["keys", "limit", "key_0", "many"],
        ["keys", "revoke"],
        ["webhooks", "create", "--url", "https://x.example", "--mode", "test", "--events", "none"],
        ["webhooks", "replay", "wh_0"],
        ["webhooks", "replay", "wh_0", "--since", "1h", "--states", "pending"],
        ["deliveries", "list", "--state", "lost"],
        ["deliveries", "list", "--limit", "0"],
        ["sandbox", "load", "--patients", "0"],
        ["sandbox", "load", "--appointments", "-1"],
        ["practice", "load"],
        ["practice", "load", "nothing.json"],
        ["orgs", "create"],
        ["listen", "--key", "pk_test_0", "--forward-to", "http://localhost:3000"],
        ["listen", "--forward-to", "http://localhost:3000"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_meant_is_wrong_usage_too(arguments: list[str]) -> None:
    status, output = run(*arguments)
    assert status == 2
    assert "Error: " in output
