"""Coordinates of charts."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toktui.server.charts import columns, index_bar, line, nice_top, shares

numbers = st.floats(0, 1e18)


@given(st.lists(st.none() | numbers, max_size=20), st.none() | numbers, st.booleans())
def test_every_point_of_a_line_is_inside(
    values: list[float | None], level: float | None, from_zero: bool
):
    drawn = line(values, width=100, height=30, pad=3, level=level, from_zero=from_zero)
    assert all(3 <= dot.x <= 97 and 3 <= dot.y <= 27 for dot in drawn.dots)
    assert [dot.number for dot in drawn.dots] == [
        number for number, value in enumerate(values) if value is not None
    ]
    assert drawn.level is None or 3 <= drawn.level <= 27


def test_more_is_higher_and_a_gap_breaks_the_line():
    drawn = line([1, 2, None, 4, 3], width=106, height=36, pad=3)
    assert [dot.x for dot in drawn.dots] == [3, 28, 78, 103]
    assert [dot.y for dot in drawn.dots] == [33, 23, 3, 13]
    assert drawn.paths == ("3.0,33.0 28.0,23.0", "78.0,3.0 103.0,13.0")
    assert line([None, None]).dots == ()


@given(st.lists(st.lists(st.floats(0, 1e15), min_size=1, max_size=5), min_size=1, max_size=12))
def test_columns_stand_on_the_floor_and_do_not_overlap(piles: list[list[float]]):
    top = nice_top(max(sum(pile) for pile in piles))
    drawn = columns(piles, top=top, width=600, height=1000)
    for number, pile in enumerate(piles):
        parts = [one for one in drawn.columns if one.number == number]
        assert len(parts) == sum(value > 0 for value in pile)
        for below, above in pairwise(parts):
            assert above.y + above.height == pytest.approx(below.y, abs=0.02)
        if parts:
            assert parts[0].y + parts[0].height == pytest.approx(1000, abs=0.02)


def test_what_is_little_is_still_seen():
    (column,) = columns([[1]], top=1e6).columns
    assert column.height == 1


@given(st.floats(1e-6, 1e6))
def test_less_than_usual_is_left_and_more_is_right(index: float):
    bar = index_bar(index)
    assert -50 <= bar.x <= 0
    assert bar.x + bar.width <= 50
    assert (bar.x < 0) == (bar.width > 0 and index < 1)
    assert index_bar(1 / index).width == pytest.approx(bar.width, abs=0.02)


def test_shares_of_a_bar_follow_each_other():
    made = shares({"XS": 1, "S": 0, "M": 3}, total=8)
    assert [(one.name, one.x, one.width) for one in made] == [("XS", 0, 12.5), ("M", 12.5, 37.5)]
    assert shares({"XS": 1}, total=0) == ()


@given(st.floats(1e-9, 1e18))
def test_the_top_of_a_scale_is_the_next_easy_number(value: float):
    top = nice_top(value)
    assert value <= top <= 2.0000001 * value
    digits = top / 10 ** math.floor(math.log10(top) + 1e-9)
    assert min(abs(digits - easy) for easy in (1, 2, 4, 5, 6, 8, 10)) < 1e-6
