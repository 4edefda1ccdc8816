"""`jump users`, and the link that makes the first admin."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.processes import Jump

PASSWORD = "four words in any order"
ADMIN = ("--email", "ada@example.org", "--role", "admin")


def made(jump: Jump, *arguments: str, password: str | None = None) -> dict[str, object]:
    """A user, with a password or a link."""
    given = ("--password-stdin",) if password else ()
    return jump.run("users", "create", *arguments, *given, "--json", given=password).json


def test_a_user_is_made_with_a_password_from_standard_input(jump: Jump) -> None:
    user = made(jump, *ADMIN, "--name", "Ada Lovelace", password=f"{PASSWORD}\n")
    assert set(user) == {
        "id", "email", "name", "role", "status", "totp", "joined_at", "signed_in_at",
        "created_at", "created_by", "link", "link_expires_at",
    }  # fmt: skip
    assert (user["email"], user["name"], user["role"]) == (
        "ada@example.org",
        "Ada Lovelace",
        "admin",
    )
    assert (user["status"], user["link"], user["created_by"]) == ("active", None, "operator")
    (listed,) = jump.run("users", "list", "--json").json
    assert user == listed | {"link": None, "link_expires_at": None}
    assert "ada@example.org" in jump.run("users", "list").output


def test_without_a_password_a_link_is_printed_that_works_once(light_jump: Jump) -> None:
    done = light_jump.run("users", "create", *ADMIN, JUMP_PUBLIC_URL="https://jump.example.org")
    *_, line = done.output.splitlines()
    address = urlsplit(line)
    assert (address.netloc, address.path) == ("jump.example.org", "/settings/developers/join")
    assert len(parse_qs(address.query)["token"][0]) == 43
    (listed,) = light_jump.run("users", "list", "--json").json
    assert listed["status"] == "invited"


@pytest.mark.parametrize(
    ("arguments", "password", "words"),
    [
        (("--email", "nowhere@", "--role", "admin"), PASSWORD, "email: Use an e-mail address"),
        (ADMIN, "short", "password: Use at least 12 characters"),
        (ADMIN, "", "password: Use at least 12 characters"),
        ((*ADMIN, "--name", "x" * 101), PASSWORD, "name: Use 1 to 100 characters"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    light_jump: Jump, arguments: tuple[str, ...], password: str, words: str
) -> None:
    refused = light_jump.run("users", "create", *arguments, "--password-stdin", given=password)
    assert (refused.status, refused.output) == (1, "")
    assert refused.errors.startswith(f"jump: {words}")
    assert refused.errors.count("\n") == 1


def test_an_unknown_role_is_wrong_usage(light_jump: Jump) -> None:
    assert light_jump.run("users", "create", "--email", "a@b.c", "--role", "owner").status == 2


def test_a_user_is_changed_reset_and_removed_by_address_or_id(jump: Jump) -> None:
    ada = made(jump, *ADMIN, password=PASSWORD)
    bob = made(jump, "--email", "bob@example.org", "--role", "viewer", password=PASSWORD)
    email, user_id = str(bob["email"]), str(bob["id"])
    assert jump.run("users", "role", email, "developer", "--json").json["role"] == "developer"
    assert jump.run("users", "rename", user_id, "Bobby", "--json").json["name"] == "Bobby"
    link = jump.run("users", "reset", email, "--totp-off", "--json").json["link"]
    assert "/settings/developers/join?token=" in link
    assert jump.run("users", "sign-ins", email, "--json").json == []
    assert jump.run("users", "sign-out", email, "--json").json == {"ended": 0}
    assert jump.run("users", "remove", email, "--json").json["status"] == "removed"
    refused = jump.run("users", "remove", str(ada["id"]))
    assert (refused.status, refused.errors) == (
        1, "jump: This is the last admin: make another user an admin first.\n",
    )  # fmt: skip
    assert jump.run("users", "remove", email).errors == "jump: There is no user with this id.\n"


def test_users_belong_to_the_organisation_that_is_named(light_jump: Jump) -> None:
    light_jump.run("orgs", "create", "Riverside")
    refused = light_jump.run("users", "create", *ADMIN)
    assert (refused.status, "--org" in refused.errors) == (1, True)
    made(light_jump, *ADMIN, "--org", "Riverside", password=PASSWORD)
    assert light_jump.run("users", "list", "--org", "Practice", "--json").json == []
    assert len(light_jump.run("users", "list", "--org", "Riverside", "--json").json) == 1


def test_a_start_says_where_the_first_admin_is_made_until_there_is_one(jump: Jump) -> None:
    address = "https://jump.example.org/settings/developers/join?token="
    first = jump.start("api", JUMP_PUBLIC_URL="https://jump.example.org")
    ended = first.terminate()
    assert ended.status == 0
    *_, line = first.output.splitlines()
    assert line.startswith(address)
    assert address not in first.errors
    made(jump, *ADMIN, password=PASSWORD)
    second = jump.start("api", JUMP_PUBLIC_URL="https://jump.example.org")
    second.terminate()
    assert "token=" not in second.output
    assert "Listening on" in second.output
