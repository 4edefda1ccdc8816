"""The examples of RFC 7396, appendix A, and that nothing given is changed."""

import copy

import pytest

from jump.kit.merge_patch import Json, merge


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_the_examples_of_the_rfc(target: Json, patch: Json, result: Json) -> None:
    assert merge(target, patch) == result


def test_neither_target_nor_patch_is_changed() -> None:
    target: Json = {"a": {"b": 1, "c": 2}, "d": [1]}
    patch: Json = {"a": {"b": None, "e": {"f": None}}}
    before = copy.deepcopy((target, patch))
    assert merge(target, patch) == {"a": {"c": 2, "e": {}}, "d": [1]}
    assert (target, patch) == before


def test_an_empty_patch_changes_nothing() -> None:
    assert merge({"a": {"b": 1}}, {}) == {"a": {"b": 1}}
