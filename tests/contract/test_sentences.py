"""Every clause of the contract's sections 3, 4 and 8 names tests that would fail were it not kept.

A sentence added to contract.md is asked for here until it is listed with its tests. Whether a test
really holds what its clause says, its writer and its reader judge: break the program, and see.
"""

import pytest

from tests.contract.clauses import Clause, clauses, contract, left_out, listed, missing

SECTIONS = ("3", "4", "8")

by_section = pytest.mark.parametrize("section", SECTIONS)


@by_section
def test_every_word_of_the_contract_is_in_a_clause_in_its_order_and_nothing_else_is(
    section: str,
) -> None:
    assert left_out(contract(section), listed(section)) == []


@by_section
def test_every_clause_names_a_test_and_none_that_is_not_there(section: str) -> None:
    for clause in listed(section):
        assert clause.tests, f"No test holds us to: {clause.words}"
        assert missing(clause) == [], clause.words
        assert len(set(clause.tests)) == len(clause.tests), clause.words


def test_what_a_listing_leaves_out_adds_or_repeats_is_found() -> None:
    text = "| `/x` | R | one\\*, two (`a` by default). Three: four. |"
    whole = (
        "`/x` | R\n    t\none\\*,\n  two\n    t\n\n(`a` by default).\n    t\nThree: four.\n    t\n"
    )
    assert left_out(text, clauses(whole)) == []
    assert [each.tests for each in clauses("one\n  two\nthree\n    t\n")] == [(), ("t",)]
    for line, problem in (
        ("Three: four.", "No clause has: Three: four."),
        ("(`a` by default).", "No clause has: (`a` by default)."),
    ):
        assert problem in str(left_out(text, clauses(whole.replace(f"{line}\n", "\n"))))
    assert left_out(text, clauses(whole + "Three: four.\n    t\n")) != []
    assert left_out(text, clauses(whole + "Five.\n    t\n")) != []


def test_a_test_that_is_not_there_is_found() -> None:
    here = "contract/test_sentences.py"
    names = [f"{here}::test_a_test_that_is_not_there_is_found", f"{here}::test_nothing", here]
    names += ["contract/clauses.py::missing", "contract/test_none.py::test_x"]
    assert missing(Clause("x", tuple(names))) == names[1:]
