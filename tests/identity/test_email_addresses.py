"""Addresses are written in one way, and what no mail can reach is refused."""

import pytest

from jump.identity import email_addresses


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ada@example.org", "ada@example.org"),
        ("  Ada.Lovelace@Example.ORG\t", "ada.lovelace@example.org"),
        ("o'brien+jump@a.b-c.example", "o'brien+jump@a.b-c.example"),
        ("desk@practice", "desk@practice"),
    ],
)
def test_an_address_is_kept_in_lower_case_without_spaces_around(typed: str, kept: str) -> None:
    assert email_addresses.normalised(typed) == kept
    assert email_addresses.problem(kept) is None


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "@example.org",
        "ada@",
        "ada@example..org",
        "ada@-example.org",
        "ada lovelace@example.org",
        "ada@example.org, bob@example.org",
        "Ada <ada@example.org>",
        "ada@ex\u0430mple.org",  # a Cyrillic letter among them
        "ada@example.org\n",
        "ada\x00@example.org",
        f"{'a' * 65}@example.org",
        f"ada@{'a' * 64}.example",
        f"ada@{'.'.join(['abcdefgh'] * 30)}",
    ],
)
def test_what_is_no_address_is_refused_without_being_told_back(address: str) -> None:
    said = email_addresses.problem(address)
    assert said == "Use an e-mail address such as ada@example.org."
