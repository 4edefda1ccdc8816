"""Where the bars of a chart stand: within its frame, in order, none lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jump.console.charts import HEIGHT, WIDTH, Bar, chart, strip

KINDS = (("done", "answered"), ("failed", "errors"))
COUNTS = st.lists(
    st.fixed_dictionaries(
        {"done": st.integers(0, 10**6), "failed": st.integers(0, 10**6)},
    ),
    max_size=60,
)


def bars(counts: list[dict[str, int]]) -> list[Bar]:
    return [Bar(f"long {number}", str(number), count) for number, count in enumerate(counts)]


@given(COUNTS)
def test_every_count_has_a_shape_within_the_frame(counts: list[dict[str, int]]) -> None:
    made = chart(bars(counts), KINDS)
    assert len(made.shapes) == sum(1 for each in counts for count in each.values() if count)
    for shape in made.shapes:
        assert 0 <= shape.x <= shape.x + shape.width <= WIDTH + 0.001
        assert 0 <= shape.y <= HEIGHT
        assert shape.height >= 2


@given(COUNTS)
def test_the_top_is_a_round_number_that_nothing_passes(counts: list[dict[str, int]]) -> None:
    made = chart(bars(counts), KINDS)
    assert made.top >= max((bar.total for bar in made.bars), default=0)
    assert str(made.top).strip("0") in ("1", "2", "5")
    assert made.total == sum(made.total_of(kind) for kind, _ in KINDS)


def test_the_second_kind_stands_on_the_first() -> None:
    lower, upper = chart(bars([{"done": 60, "failed": 40}]), KINDS).shapes
    assert (lower.kind, lower.y, lower.height) == ("done", HEIGHT * 0.4, HEIGHT * 0.6)
    assert (upper.kind, upper.y, upper.height) == ("failed", 0, HEIGHT * 0.4)


def test_the_axis_names_the_first_the_middle_and_the_last() -> None:
    assert chart(bars([{}] * 5), KINDS).axis == ("0", "2", "4")
    assert chart(bars([{}] * 2), KINDS).axis == ("0", "1")
    assert chart([], KINDS).axis == ()


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.floats(0, 1e6)), max_size=6))
def test_parts_of_a_whole_fill_it_in_their_order_and_each_is_seen(
    parts: list[tuple[str, float]],
) -> None:
    shapes = strip(parts)
    assert [shape.kind for shape in shapes] == [kind for kind, _ in parts]
    ends = 0.0
    for shape in shapes:
        assert shape.x == pytest.approx(ends)
        assert shape.width >= 0.9
        ends += shape.width
    assert ends == pytest.approx(100 if parts else 0)


def test_parts_are_as_wide_as_their_share() -> None:
    small, large = strip([("a", 25.0), ("b", 75.0)])
    assert (small.width, large.width) == (25, 75)
