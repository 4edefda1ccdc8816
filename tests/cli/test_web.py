"""Addresses that the command line calls."""

import pytest

from jump.cli.web import NoAnswer, exchange, target


@pytest.mark.parametrize(
    ("text", "shown", "loopback"),
    [
        ("http://localhost:3000/hooks?a=b", "http://localhost:3000/hooks?a=b", True),
        ("http://app.localhost/", "http://app.localhost", True),
        ("http://[::1]:3000", "http://[::1]:3000", True),
        ("http://127.9.9.9", "http://127.9.9.9", True),
        ("https://jump.example.org/", "https://jump.example.org", False),
        ("http://10.0.0.1", "http://10.0.0.1", False),
        ("http://localhost.example.org", "http://localhost.example.org", False),
    ],
)
def test_an_address_is_read(text: str, shown: str, loopback: bool) -> None:
    found = target(text)
    assert (str(found), found.is_loopback) == (shown, loopback)


@pytest.mark.parametrize(
    "text",
    [
        "localhost:3000",
        "ftp://a",
        "http://",
        "http://a:b",
        "http://u:p@a",
        "http://a b",
        "http://a#b",
    ],
)
def test_what_is_no_address_is_told_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="Write http:// or https://"):
        target(text)


def test_where_nothing_answers_the_reason_is_a_phrase() -> None:
    with pytest.raises(NoAnswer, match=r"^connection refused$"):
        exchange(target("http://127.0.0.1:1"), "GET", headers={}, timeout=5)
