"""What a browser carries for us comes back to that browser only, unchanged, and for a while."""

import pytest

from jump.console.carried import (
    HELD_FOR,
    ONCE_FOR,
    Held,
    Once,
    open_held,
    open_once,
    seal_held,
    seal_once,
)
from jump.sealing import Keyring

KEYRING = Keyring("a secret key for tests, and for nothing else")
BROWSER, NOW, PATH = "a mark", 1_000_000_000, "/settings/developers/keys"
ONCE = Once(PATH, NOW, "Done.", {"key": "pk_test_x"})
HELD = Held(PATH, "create", NOW, (("name", "a"), ("name", "b")))


def opened(text: str, **changed: object) -> Once | None:
    given = {"browser": BROWSER, "path": PATH, "now": NOW, "keyring": KEYRING} | changed
    return open_once(text=text, **given)  # type: ignore[arg-type]


def test_it_comes_back_as_it_was() -> None:
    sealed = seal_once(KEYRING, BROWSER, ONCE)
    assert "pk_test" not in sealed
    assert opened(sealed) == ONCE
    assert open_held(KEYRING, BROWSER, seal_held(KEYRING, BROWSER, HELD), NOW) == HELD


@pytest.mark.parametrize(
    "changed",
    [
        {"browser": "another mark"},
        {"browser": ""},
        {"path": f"{PATH}/other"},
        {"now": NOW + ONCE_FOR},
        {"keyring": Keyring("another secret key, long enough for one")},
    ],
)
def test_elsewhere_or_later_it_does_not(changed: dict[str, object]) -> None:
    assert opened(seal_once(KEYRING, BROWSER, ONCE), **changed) is None


def test_a_held_form_is_given_back_for_an_hour() -> None:
    sealed = seal_held(KEYRING, BROWSER, HELD)
    assert open_held(KEYRING, BROWSER, sealed, NOW + HELD_FOR - 1) == HELD
    assert open_held(KEYRING, BROWSER, sealed, NOW + HELD_FOR) is None


@pytest.mark.parametrize("text", ["", "x", "\u00e9", "QUJD", "A" * 300_000])
def test_any_other_text_is_nothing(text: str) -> None:
    assert opened(text) is None
    assert open_held(KEYRING, BROWSER, text, NOW) is None


def test_one_kind_does_not_pass_for_the_other() -> None:
    assert open_held(KEYRING, BROWSER, seal_once(KEYRING, BROWSER, ONCE), NOW) is None
