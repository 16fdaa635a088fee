"""The parts of a difference add up to it, to the nano-dollar, whatever the data."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toktui.metrics.change import CAUSES, Change, Key, Side, change_between

RATES = (5_000_000_000, 500_000_000, 6_250_000_000, 10_000_000_000, 25_000_000_000)
MILLION = 1_000_000


def side(
    calls: int = 10,
    tokens: tuple[int, ...] = (10, 40_000, 900, 0, 400),
    rates: tuple[int, ...] = RATES,
    *,
    paid: int = 1,
    fees: int = 0,
    unpriced: int = 0,
) -> Side:
    """`calls` equal calls; each pays `paid` times the list rates."""
    counts = tuple(count * calls for count in tokens)
    listed = tuple(count * rate for count, rate in zip(counts, rates, strict=True))
    return Side(
        calls=calls + unpriced, priced=calls, tokens=counts,  # pyright: ignore[reportArgumentType]
        costs=tuple(paid * each // MILLION for each in listed),  # pyright: ignore[reportArgumentType]
        fees=fees * calls, listed=listed,  # pyright: ignore[reportArgumentType]
    )  # fmt: skip


def moved(change: Change) -> set[str]:
    return {part.cause for part in change.parts if part.nusd}


KEY: Key = ("opus", "standard")
OTHER: Key = ("haiku", "standard")
counts = st.integers(0, 10**12)


@st.composite
def sides(draw: st.DrawFn) -> Side:
    calls = draw(st.integers(1, 10**5))
    priced = draw(st.one_of(st.just(calls), st.just(0), st.integers(0, calls)))
    tokens = tuple(draw(counts) if priced else 0 for _ in RATES)
    rates = draw(st.none() | st.tuples(*(st.integers(0, 10**11) for _ in RATES)))
    listed = rates and tuple(n * rate for n, rate in zip(tokens, rates, strict=True))
    costs = tuple(draw(counts) if n else 0 for n in tokens)
    fees = draw(counts) if priced else 0
    return Side(calls, priced, tokens, costs, fees, listed)  # pyright: ignore[reportArgumentType]


ranges = st.dictionaries(
    st.tuples(st.sampled_from(("a", "b", "c")), st.sampled_from(("standard", "fast"))), sides(),
    max_size=5,
)  # fmt: skip


@given(ranges, ranges)
def test_the_parts_add_up_to_the_nano_dollar(
    before: dict[Key, Side], after: dict[Key, Side]
):
    change = change_between(before, after)
    assert [part.cause for part in change.parts] == list(CAUSES)
    assert sum(part.nusd for part in change.parts) == change.difference
    assert change.of("other") == 0
    costs = [sum(sum(s.costs) + s.fees for s in r.values()) for r in (before, after)]
    assert change.difference == costs[1] - costs[0]


@given(ranges, ranges)
def test_the_other_direction_has_the_other_sign(before: dict[Key, Side], after: dict[Key, Side]):
    there, back = change_between(before, after), change_between(after, before)
    assert [part.nusd for part in there.parts] == [-part.nusd for part in back.parts]


@given(ranges)
def test_without_a_change_every_part_is_nothing(same: dict[Key, Side]):
    assert moved(change_between(same, same)) == set()


@given(ranges, st.integers(2, 50))
def test_more_of_the_same_is_more_calls_and_nothing_else(same: dict[Key, Side], times: int):
    more = {
        key: Side(
            s.calls * times, s.priced * times,
            *(tuple(n * times for n in each) for each in (s.tokens, s.costs)),  # pyright: ignore[reportArgumentType]
            fees=s.fees * times,
            listed=s.listed and tuple(n * times for n in s.listed),  # pyright: ignore[reportArgumentType]
        )
        for key, s in same.items()
    }  # fmt: skip
    assert moved(change_between(same, more)) <= {"calls"}


@pytest.mark.parametrize(
    ("cause", "after"),
    [
        ("calls", {KEY: side(20), OTHER: side(20)}),
        ("mix", {KEY: side(5), OTHER: side(15)}),
        ("prompt", {KEY: side(tokens=(20, 80_000, 1800, 0, 400)), OTHER: side()}),
        ("cache", {KEY: side(tokens=(910, 40_000, 0, 0, 400)), OTHER: side()}),
        ("output", {KEY: side(tokens=(10, 40_000, 900, 0, 800)), OTHER: side()}),
        ("prices", {KEY: side(rates=tuple(2 * rate for rate in RATES)), OTHER: side()}),
        ("bands", {KEY: side(paid=2), OTHER: side()}),
        ("fees", {KEY: side(fees=10_000_000), OTHER: side()}),
        ("unpriced", {KEY: side(5, unpriced=5), OTHER: side()}),
    ],
)
def test_where_one_thing_changed_only_its_part_is_not_nothing(
    cause: str, after: dict[Key, Side]
):
    before = {KEY: side(), OTHER: side(tokens=(1, 2_000, 90, 0, 4000))}
    if OTHER in after:
        other = after[OTHER]
        after = {**after, OTHER: side(other.priced, (1, 2_000, 90, 0, 4000))}
    change = change_between(before, after)
    assert moved(change) == {cause}
    assert change.difference != 0


def test_a_model_that_only_one_range_has_is_calls_and_mix():
    another = {KEY: side(), OTHER: side(tokens=(1, 1, 1, 1, 1))}
    assert moved(change_between({KEY: side()}, another)) == {"calls", "mix"}
    assert moved(change_between({}, {KEY: side()})) == {"calls"}


def test_two_factors_share_what_they_make_together():
    """6 calls of $2 after 2 calls of $1: $2 by the calls alone, $2 by the length alone..."""
    rates = (1_000_000, 0, 0, 0, 0)
    before = {KEY: side(2, (1_000, 0, 0, 0, 0), rates)}
    after = {KEY: side(6, (2_000, 0, 0, 0, 0), rates)}
    change = change_between(before, after)
    # alone: calls 4_000, length 2_000; together 10_000; the 4_000 more are halved
    assert (change.of("calls"), change.of("prompt")) == (6_000, 4_000)


def test_rounding_each_call_to_nano_dollars_is_no_change_of_prices():
    one = side(3)
    other = msgspec.structs.replace(one, costs=(one.costs[0] + 2, *one.costs[1:]))
    change = change_between({KEY: one}, {KEY: other})
    assert moved(change) == {"other"}
    assert change.of("other") == 2


def test_what_was_too_large_to_add_up_is_the_rest():
    change = change_between({KEY: side()}, {KEY: side(20)}, after_nusd=(1 << 63) - 1)
    assert sum(part.nusd for part in change.parts) == change.difference
    assert change.of("other") > 1 << 62
