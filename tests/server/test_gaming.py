"""The cheap moves that do no work: none of them improves a place on the board."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from toktui.server.board import WORTH, index_of, units_of, why_not
from toktui.server.tables import SUMS

USUAL = 4_000_000_000.0


def member(**sums: int) -> dict[str, Any]:
    """28 days of one member: 20 changes, 90 dollars, 67M tokens."""
    base = {
        **dict.fromkeys(SUMS, 0), "calls": 2_000, "input": 5_000_000, "cache_read": 61_000_000,
        "output": 1_000_000, "cost_nusd": 90_000_000_000, "landed_xs": 4, "landed_s": 10,
        "landed_m": 5, "landed_l": 1, "shares": 1, "days": 20, "flagged": False,
    }  # fmt: skip
    return {**base, **{name: base[name] + more for name, more in sums.items()}}


def index(one: dict[str, Any]) -> float:
    assert not why_not(one)
    return index_of(one["cost_nusd"], units_of(one), USUAL)


DOLLARS = 1_000_000_000


@pytest.mark.parametrize(
    "move",
    [
        {"cache_read": 100_000_000, "cost_nusd": 50 * DOLLARS},
        {"output": 2_000_000, "cost_nusd": 50 * DOLLARS},
        {"input": 20_000_000, "cost_nusd": 100 * DOLLARS},
        {"landed_m": -1, "landed_s": 4},
        {"landed_s": -5, "landed_xs": 20},
        {"landed_l": -1, "landed_m": 4},
        {"landed_s": -3, "reverted": 3},
    ],
    ids=["pad cached input", "verbose output", "burn input", "split M", "split S", "split L",
         "reverted work"],
)  # fmt: skip
def test_a_move_that_does_no_work_never_lowers_the_index(move: dict[str, int]):
    assert index(member(**move)) >= index(member())


def test_hiding_the_price_of_models_leaves_no_index():
    assert why_not(member(unpriced_tokens=20_000_000)) == "too much without a price"


def test_few_changes_few_days_and_many_reverts_are_not_enough_yet():
    assert why_not(member(landed_s=-10, landed_m=-5)) == "too few changes"
    assert why_not(member(days=-15)) == "too few days"
    assert why_not(member(reverted=10)) == "too many reverted"


def test_little_data_stays_near_what_is_usual():
    lucky, steady = index_of(0, 1, USUAL), index_of(0, 100, USUAL)
    assert steady < lucky < 1


def test_each_size_is_worth_no_less_than_four_of_the_one_below():
    worth = list(WORTH.values())
    assert all(big >= 4 * small for small, big in itertools.pairwise(worth))
