"""What is said of an Authorization header in which no key is: enough to mend it."""

import pytest

from jump.errors import Unauthorized
from jump.keys import header
from jump.keys.format import make_key, parse_key

KEY = make_key("test", "0123456789abcdef", bytes(range(32)))


def refusal(presented: str | None) -> str:
    """The words with which a header is refused, wherever that is noticed."""
    try:
        text = header.token(presented)
    except Unauthorized as refused:
        return refused.message
    assert parse_key(text) is None
    return header.not_a_key(text)


@pytest.mark.parametrize(
    ("presented", "words"),
    [
        (None, "missing. Send it as"),
        ("  ", "missing. Send it as"),
        ("Bearer", "Is the variable with the key set?"),
        ("bearer ", "Is the variable with the key set?"),
        (KEY, "Bearer is missing"),
        (f"Basic {KEY}", "the scheme Bearer"),
        ("Basic cGtfdGVzdF8=", "the scheme Bearer"),
        (f"Token {KEY}", "the scheme Bearer"),
        (f"Bearer Bearer {KEY}", "one API key and nothing else"),
        (f"Bearer {KEY}, Bearer {KEY}", "one API key and nothing else"),
        (f'Bearer "{KEY}"', "quotes"),
        (f"Bearer '{KEY}", "quotes"),
        ("Bearer $PK_KEY", "begins with pk_test_ or pk_live_"),
        ("Bearer sk_test_4eC39HqLyjWDarjtT1zdp7dc", "begins with pk_test_ or pk_live_"),
        ("Bearer pk_test_...", f"has {len(KEY)} characters"),
        (f"Bearer {KEY[:-1]}", f"has {len(KEY)} characters"),
        (f"Bearer {KEY}0", f"has {len(KEY)} characters"),
        (f"Bearer {KEY.replace('test', 'live')}", "checksum"),
        (f"Bearer {KEY[:-1]}{'0' if KEY[-1] != '0' else '1'}", "checksum"),
        (f"Bearer {KEY.replace('_', '-')}", "begins with pk_test_ or pk_live_"),
    ],
)
def test_whoever_sends_no_key_is_told_why_it_is_none(presented: str | None, words: str) -> None:
    told = refusal(presented)
    assert words in told
    assert KEY.split("_")[3] not in told


def test_a_key_is_read_whatever_stands_around_it() -> None:
    for presented in (f"Bearer {KEY}", f"bearer   {KEY}", f"  BEARER {KEY} "):
        assert header.token(presented) == KEY
