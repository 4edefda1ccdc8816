"""`jump orgs`, and --org wherever there are several."""

from tests.processes import Jump


def test_the_first_organisation_comes_with_the_database(jump: Jump) -> None:
    (first,) = jump.run("orgs", "list", "--json").json
    assert first["name"] == "Practice"
    assert first["id"].startswith("org_")


def test_an_organisation_is_made_and_listed(jump: Jump) -> None:
    made = jump.run("orgs", "create", "Riverside Surgery", "--json").json
    assert set(made) == {"id", "name", "created_at"}
    assert jump.run("orgs", "list", "--json").json[1] == made
    assert made["id"] in jump.run("orgs", "list").output


def test_a_name_is_taken_once(light_jump: Jump) -> None:
    light_jump.run("orgs", "create", "--name", "Riverside")
    refused = light_jump.run("orgs", "create", "Riverside")
    assert refused.status == 1
    assert refused.errors == "jump: There is an organisation with this name already.\n"


def test_where_there_are_several_one_is_named(light_jump: Jump) -> None:
    light_jump.run("orgs", "create", "Riverside")
    make = ("keys", "create", "--name", "a", "--mode", "test", "--scopes", "all", "--json")
    refused = light_jump.run(*make)
    assert refused.status == 1
    assert "--org" in refused.errors
    made = light_jump.run(*make, "--org", "Riverside").json
    assert light_jump.run("keys", "list", "--org", "Practice", "--json").json == []
    (listed,) = light_jump.run("keys", "list", "--org", "Riverside", "--json").json
    assert listed["id"] == made["id"]


def test_an_unknown_organisation_is_refused(light_jump: Jump) -> None:
    refused = light_jump.run("keys", "list", "--org", "Nowhere")
    assert (refused.status, refused.output) == (1, "")
    assert refused.errors == "jump: There is no organisation with this id or name.\n"
