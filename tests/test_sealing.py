"""What one secret key sealed or hashed, the next still opens and knows; a third does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jump.sealing import CannotOpen, Keyring

OLD = "the old secret key, long enough to be one"
NEW = "the new secret key, long enough to be one"
OTHER = "somebody else's secret key, long enough.."
CONTEXT = b"org_1/wh_1"


def test_the_same_secret_makes_the_same_hash_on_every_process() -> None:
    assert Keyring(NEW).keyed_hash("api-key", b"x") == Keyring(NEW).keyed_hash("api-key", b"x")
    assert len(Keyring(NEW).keyed_hash("api-key", b"x")) == 32


def test_a_hash_stays_what_it_was() -> None:
    # Written down: hashes in a database must come out alike in every later version. They follow
    # from RFC 5869 (no salt, info "jump hash api-key") and RFC 2104.
    known = "265086b7e85842641bff74a7d248bb0664901050424955444785119f8820e409"
    assert Keyring(NEW).keyed_hash("api-key", b"x").hex() == known


def test_hashes_differ_by_purpose_by_secret_and_by_data() -> None:
    hashes = {
        Keyring(NEW).keyed_hash("api-key", b"x"),
        Keyring(NEW).keyed_hash("session", b"x"),
        Keyring(NEW).keyed_hash("api-key", b"y"),
        Keyring(OTHER).keyed_hash("api-key", b"x"),
    }
    assert len(hashes) == 4


def test_a_hash_made_before_the_secret_changed_still_matches() -> None:
    stored = Keyring(OLD).keyed_hash("api-key", b"x")
    ring = Keyring(NEW, OLD)
    assert ring.keyed_hashes("api-key", b"x") == (ring.keyed_hash("api-key", b"x"), stored)
    assert stored not in Keyring(NEW).keyed_hashes("api-key", b"x")


def test_derived_keys_are_told_apart_and_the_previous_one_still_checks() -> None:
    ring = Keyring(NEW, OLD)
    assert ring.derive("cursors") != ring.derive("links")
    assert ring.derived("cursors") == (ring.derive("cursors"), Keyring(OLD).derive("cursors"))
    assert Keyring(NEW).derived("cursors") == (ring.derive("cursors"),)


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_what_is_sealed_opens_in_its_context(plaintext: bytes, context: bytes) -> None:
    ring = Keyring(NEW)
    assert ring.open(
        "webhook-secret", ring.seal("webhook-secret", plaintext, context), context
    ) == (plaintext)


def test_what_is_sealed_shows_nothing_and_is_never_the_same_twice() -> None:
    ring = Keyring(NEW)
    one, other = (ring.seal("webhook-secret", b"whsec_abc", CONTEXT) for _ in range(2))
    assert one != other
    assert b"whsec_abc" not in one


def test_what_the_previous_secret_sealed_still_opens() -> None:
    sealed = Keyring(OLD).seal("webhook-secret", b"whsec_abc", CONTEXT)
    assert Keyring(NEW, OLD).open("webhook-secret", sealed, CONTEXT) == b"whsec_abc"


def test_new_values_are_sealed_with_the_current_secret() -> None:
    sealed = Keyring(NEW, OLD).seal("webhook-secret", b"whsec_abc", CONTEXT)
    assert Keyring(NEW).open("webhook-secret", sealed, CONTEXT) == b"whsec_abc"


def test_two_secrets_whose_id_bytes_agree_both_open_what_they_sealed() -> None:
    sealed = Keyring(OLD).seal("p", b"x", CONTEXT)
    # One in 256 secrets shares the byte; the first that does is found here.
    twin = next(
        text
        for text in (f"a secret key that shares the byte: {n}" for n in range(10_000))
        if Keyring(text).seal("p", b"x", CONTEXT)[:1] == sealed[:1]
    )
    assert Keyring(twin, OLD).open("p", sealed, CONTEXT) == b"x"
    with pytest.raises(CannotOpen):
        Keyring(twin).open("p", sealed, CONTEXT)


@pytest.mark.parametrize(
    ("ring", "purpose", "context"),
    [
        (Keyring(OTHER), "webhook-secret", CONTEXT),
        (Keyring(NEW), "totp", CONTEXT),
        (Keyring(NEW), "webhook-secret", b"org_1/wh_2"),
    ],
)
def test_another_secret_purpose_or_context_does_not_open_it(
    ring: Keyring, purpose: str, context: bytes
) -> None:
    sealed = Keyring(NEW).seal("webhook-secret", b"whsec_abc", CONTEXT)
    with pytest.raises(CannotOpen):
        ring.open(purpose, sealed, context)


def test_a_changed_or_cut_value_does_not_open() -> None:
    ring = Keyring(NEW)
    sealed = ring.seal("webhook-secret", b"whsec_abc", CONTEXT)
    for place in range(len(sealed)):
        changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        for broken in (changed, sealed[:place]):
            with pytest.raises(CannotOpen):
                ring.open("webhook-secret", broken, CONTEXT)


@pytest.mark.parametrize(("secret", "previous"), [("x" * 31, None), (NEW, "x" * 31), ("", None)])
def test_a_short_secret_is_refused(secret: str, previous: str | None) -> None:
    with pytest.raises(ValueError, match="at least 32 characters"):
        Keyring(secret, previous)


def test_a_keyring_shows_nothing() -> None:
    ring = Keyring(NEW, OLD)
    assert repr(ring) == str(ring) == "Keyring()"
