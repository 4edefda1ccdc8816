"""What commands print: whole, aligned, and harmless to a terminal."""

import pytest

from jump.cli.showing import harmless, print_facts, print_table


def test_a_table_is_aligned_and_nothing_in_it_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    long = "wh_" + "0" * 200
    print_table(("ID", "NAME"), [(long, "a"), ("b", "[red]c[/]")], "none")
    first, second, third = capsys.readouterr().out.splitlines()
    assert second == f"{long}  a"
    assert (first.index("NAME"), third.index("[red]c[/]")) == (205, 205)


def test_an_empty_table_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("ID",), [], "There is nothing yet.")
    assert capsys.readouterr().out == "There is nothing yet.\n"


def test_what_came_from_elsewhere_cannot_move_the_cursor(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_facts([("name", "a\x1b[2Jb\nc\u202ed")])
    printed = capsys.readouterr().out
    assert printed == "name  a\ufffd[2Jb\ufffdc\ufffdd\n"
    assert harmless("a\nb\x07", keep="\n") == "a\nb\ufffd"
