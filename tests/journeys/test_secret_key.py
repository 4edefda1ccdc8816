"""The secret key is changed without anybody noticing, and no other one is taken by mistake."""

from tests.journeys.scene import Scene, data
from tests.processes import Answer
from tests.rest.api import SECRET_KEY

NEW = "another secret key, long enough to be one"


def keys_listed(scene: Scene, **settings: str) -> Answer:
    return scene.jump.run("keys", "list", **settings)


def test_what_was_made_before_the_secret_key_was_changed_stays_good(scene: Scene) -> None:
    key = scene.new_key()["key"]
    before = scene.jump.start("serve")
    client = scene.client(before, key)
    for name in ("Ada", "Bea", "Cyn"):
        born = {"first_name": name, "last_name": "Ash", "date_of_birth": "1980-02-29"}
        data(client.post("/patients", json=born), 201)
    patients, events = (client.get(f"/{each}?limit=1").json() for each in ("patients", "events"))
    before.terminate()
    changed = {"JUMP_SECRET_KEY": NEW, "JUMP_SECRET_KEY_PREVIOUS": SECRET_KEY}
    client = scene.client(scene.jump.start("serve", **changed), key)
    for path, page in (("patients", patients), ("events", events)):
        following = client.get(f"/{path}?limit=1&cursor={page['meta']['next_cursor']}")
        assert data(following) != page["data"]


def test_a_database_is_not_opened_with_a_secret_key_that_it_never_knew(scene: Scene) -> None:
    assert keys_listed(scene).status == 0
    for command in (("keys", "list"), ("serve",), ("api",), ("work",)):
        refused = scene.jump.run(*command, JUMP_SECRET_KEY=NEW)
        assert (refused.status, refused.output) == (1, "")
        assert refused.errors.startswith("jump: JUMP_SECRET_KEY: This database was used with")
        assert NEW not in refused.errors
    assert keys_listed(scene).status == 0


def test_a_changed_secret_key_is_the_one_that_counts_from_then_on(scene: Scene) -> None:
    assert keys_listed(scene).status == 0
    changed = keys_listed(scene, JUMP_SECRET_KEY=NEW, JUMP_SECRET_KEY_PREVIOUS=SECRET_KEY)
    assert changed.status == 0
    assert keys_listed(scene, JUMP_SECRET_KEY=NEW).status == 0
    assert keys_listed(scene).status == 1


def test_who_has_lost_the_secret_key_says_so_and_goes_on_with_another(scene: Scene) -> None:
    assert keys_listed(scene).status == 0
    taken = scene.jump.run("migrate", "--new-secret-key", JUMP_SECRET_KEY=NEW)
    assert taken.status == 0
    assert keys_listed(scene, JUMP_SECRET_KEY=NEW).status == 0
    assert keys_listed(scene).status == 1
