"""A key reads back what it was made of, and nothing else reads as a key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jump.caller import Mode
from jump.keys import format as key_format
from jump.keys.format import ParsedKey, make_key, masked, new_key_id, parse_key

# By hand: the secret is 61, and so 42 zeros and a z. The CRC-32 of the 68 characters before the
# last underscore is 1446294018, as the trailer of their gzip says too, which in base 62 is
# 1·62^5 + 35·62^4 + 54·62^3 + 31·62^2 + 8·62 + 54, and so the digits 1 Z s V 8 s.
KNOWN = "pk_test_0123456789ABCDEF_000000000000000000000000000000000000000000z_1ZsV8s"

modes = st.sampled_from(["test", "live"])
key_ids = st.text(alphabet=key_format.DIGITS, min_size=16, max_size=16)
secrets = st.binary(min_size=32, max_size=32)


def test_a_key_made_by_hand_is_made_and_read_alike() -> None:
    assert make_key("test", "0123456789ABCDEF", (61).to_bytes(32, "big")) == KNOWN
    assert parse_key(KNOWN) == ParsedKey("test", "0123456789ABCDEF", "0" * 42 + "z")


@given(modes, key_ids, secrets)
def test_every_key_reads_back(mode: Mode, key_id: str, secret: bytes) -> None:
    parsed = parse_key(make_key(mode, key_id, secret))
    assert parsed is not None
    assert (parsed.mode, parsed.id) == (mode, key_id)
    number = 0
    for digit in parsed.secret:
        number = number * 62 + key_format.DIGITS.index(digit)
    assert number.to_bytes(32, "big") == secret


def test_the_largest_secret_fits() -> None:
    parsed = parse_key(make_key("live", "z" * 16, b"\xff" * 32))
    assert parsed is not None
    assert parsed.secret == "yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1"


@given(st.integers(0, len(KNOWN) - 1), st.sampled_from(key_format.DIGITS + "_-\u0660"))
def test_one_mistyped_character_is_noticed_without_a_look_up(place: int, typed: str) -> None:
    text = KNOWN[:place] + typed + KNOWN[place + 1 :]
    assert text == KNOWN or parse_key(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pk_test_",
        KNOWN + "\n",
        " " + KNOWN,
        KNOWN[:-1],
        KNOWN + "0",
        KNOWN.replace("pk_test", "pk_prod"),
        KNOWN.replace("pk_test", "PK_TEST"),
        KNOWN.replace("_", "-"),
        KNOWN.replace("00000", "0000_", 1),
        "\uff50" + KNOWN[1:],
        KNOWN * 100_000,
    ],
)
def test_anything_else_is_no_key(text: str) -> None:
    assert parse_key(text) is None


@given(st.text())
def test_no_text_is_an_error(text: str) -> None:
    assert parse_key(text) is None


def test_a_key_of_the_other_mode_has_another_checksum() -> None:
    assert parse_key(KNOWN.replace("test", "live")) is None


def test_a_parsed_key_does_not_show_its_secret() -> None:
    assert "000z" not in repr(parse_key(KNOWN))


@pytest.mark.parametrize(("key_id", "size"), [("short", 32), ("0" * 15 + "_", 32), ("0" * 16, 31)])
def test_a_key_is_not_made_of_the_wrong_parts(key_id: str, size: int) -> None:
    with pytest.raises(ValueError, match="16 characters and a secret of 32 bytes"):
        make_key("test", key_id, bytes(size))


@given(st.binary(min_size=16, max_size=16))
def test_a_new_id_has_the_shape_of_one(random16: bytes) -> None:
    assert key_format.is_key_id(new_key_id(random16))


def test_new_ids_use_all_that_their_bytes_offer() -> None:
    assert new_key_id((61).to_bytes(16, "big")) == "0" * 15 + "z"
    assert new_key_id((62**16 - 1).to_bytes(16, "big")) == "z" * 16
    assert new_key_id((62**16 + 1).to_bytes(16, "big")) == "0" * 15 + "1"
    with pytest.raises(ValueError, match="16 random bytes"):
        new_key_id(b"")


def test_the_record_of_a_key_is_named_after_it() -> None:
    record = key_format.record_id("0123456789ABCDEF")
    assert record == "key_0123456789ABCDEF"
    assert key_format.key_id_of(record) == "0123456789ABCDEF"


@pytest.mark.parametrize(
    "text", ["", "key_", "0123456789ABCDEF", "key_0123", "wh_0123456789ABCDEF"]
)
def test_another_id_names_no_key(text: str) -> None:
    assert key_format.key_id_of(text) is None


def test_a_masked_key_shows_mode_and_id_alone() -> None:
    assert masked("live", "0123456789ABCDEF") == "pk_live_0123456789ABCDEF_\u2026"


@pytest.mark.parametrize(
    "text",
    [
        "0123456789ABCDEF",
        "key_0123456789ABCDEF",
        "pk_live_0123456789ABCDEF",
        "pk_test_0123456789ABCDEF_",
        "pk_test_0123456789ABCDEF_\u2026",
        "  pk_test_0123456789ABCDEF_secret\n",
    ],
)
def test_a_key_is_recognised_however_it_is_written(text: str) -> None:
    assert key_format.recognised(text) == "key_0123456789ABCDEF"


@pytest.mark.parametrize("text", ["", "key_", "pk_test_", "pk_test_0123", "wh_0123456789ABCDEF"])
def test_anything_else_is_recognised_as_no_key(text: str) -> None:
    assert key_format.recognised(text) is None
