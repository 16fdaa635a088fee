"""The money of one call: whole nano-dollars that add up, rounded once, half to even."""

from __future__ import annotations

import datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toktui.model import BUCKETS, PARTS, TIERS, Tier, Tokens
from toktui.pricing.price import MOST_NUSD, Cost, half_even, next_turn, price, split
from toktui.pricing.rates import load_book
from toktui.pricing.rows import TOKENS_PER_UNIT

BOOK = load_book()
NOW = 1_795_348_800_000
MODELS = [
    "claude-haiku-5-5", "claude-opus-5-5", "claude-sonnet-4-5", "gpt-5.4", "gpt-6-luna",
    "gpt-5.6-sol", "o4-mini", "gemini-3.1-pro-preview", "deepseek-v4-pro", "gpt-5-pro",
]  # fmt: skip

counts = st.one_of(st.integers(0, 5), st.integers(0, 400_000), st.sampled_from([200_000, 272_000]))
tokens = st.builds(
    Tokens, input=counts, cache_read=counts, cache_write_5m=counts, cache_write_1h=counts,
    output=counts,
)
calls = st.fixed_dictionaries({
    "model": st.sampled_from(MODELS),
    "tier": st.sampled_from(TIERS),
    "geo": st.sampled_from([None, "", "global", "us"]),
    "at_ms": st.integers(1_700_000_000_000, 1_900_000_000_000),
    "web_search": st.integers(0, 3),
    "tokens": tokens,
})


def cost_of(model: str, tier: Tier = "standard", **buckets: int) -> Cost:
    found = price(BOOK, model=model, at_ms=NOW, tier=tier, tokens=Tokens(**buckets))
    assert found is not None
    return found


@given(calls)
def test_the_parts_add_up_and_none_is_off_by_more_than_one(call: dict) -> None:
    cost = price(BOOK, **call)
    if cost is None:
        return
    rate = BOOK.rate_for(call["model"], call["at_ms"], call["tier"])
    assert rate is not None
    place = Fraction(11, 10) if call["geo"] == "us" else Fraction(1)
    band = [b for b in rate.bands if not b.above or call["tokens"].prompt > b.above][-1]
    exact = [
        Fraction(getattr(call["tokens"], bucket) * per_million, TOKENS_PER_UNIT) * place
        for bucket, per_million in zip(BUCKETS, band.rates, strict=True)
    ]

    assert len(cost.parts) == len(PARTS)
    assert sum(cost.parts) == cost.total_nusd
    assert cost.total_nusd == round(sum(exact)) + cost.parts[-1]
    for part, share in zip(cost.parts, exact, strict=False):
        assert abs(part - share) < 1
    prompt_at_input = call["tokens"].prompt * Fraction(band.rates[0], TOKENS_PER_UNIT) * place
    assert cost.saved_nusd == round(prompt_at_input - sum(exact[:4]))


@given(calls, st.sampled_from(BUCKETS), st.integers(1, 1000))
def test_more_tokens_in_a_bucket_never_cost_less(call: dict, bucket: str, more: int) -> None:
    fuller = {name: getattr(call["tokens"], name) for name in BUCKETS}
    fuller[bucket] += more
    less = price(BOOK, **call)
    longer = price(BOOK, **{**call, "tokens": Tokens(**fuller)})
    assert (less is None) is (longer is None)
    if less is not None and longer is not None:
        assert longer.total_nusd >= less.total_nusd


@given(calls)
def test_reasoning_is_inside_output_and_costs_nothing_more(call: dict) -> None:
    thinking = {name: getattr(call["tokens"], name) for name in BUCKETS}
    thinking["reasoning"] = thinking["output"]
    assert price(BOOK, **{**call, "tokens": Tokens(**thinking)}) == price(BOOK, **call)


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**9))
def test_halves_go_to_the_even_neighbour(numerator: int, denominator: int) -> None:
    assert half_even(numerator, denominator) == round(Fraction(numerator, denominator))


@given(st.lists(st.integers(0, 10**12), min_size=5, max_size=5), st.integers(1, 10**6))
def test_split_gives_the_rest_to_the_largest_remainders(
    numerators: list[int], denominator: int
) -> None:
    total = half_even(sum(numerators), denominator)
    parts = split(tuple(numerators), denominator, total)

    assert sum(parts) == total
    remainders = [numerator % denominator for numerator in numerators]
    raised = [part - n // denominator for part, n in zip(parts, numerators, strict=True)]
    assert set(raised) <= {0, 1}
    for one, up in zip(remainders, raised, strict=True):
        for other, other_up in zip(remainders, raised, strict=True):
            assert not (one > other and up < other_up)


def test_equal_remainders_are_settled_in_the_order_of_the_buckets() -> None:
    assert split((5, 5, 5, 5, 0), 10, 2) == (1, 1, 0, 0, 0)
    assert split((0, 5, 15, 0, 0), 10, 2) == (0, 1, 1, 0, 0)


@pytest.mark.parametrize(
    ("bucket_counts", "nusd"),
    [({"cache_write_5m": 1}, 62), ({"cache_write_5m": 5}, 312), ({"cache_write_5m": 3}, 188)],
)
def test_a_half_nano_dollar_goes_to_the_even_one(bucket_counts: dict, nusd: int) -> None:
    assert cost_of("claude-haiku-5-5", "batch", **bucket_counts).total_nusd == nusd


def test_a_prompt_on_the_edge_pays_the_lower_band_and_one_more_token_moves_all() -> None:
    edge = cost_of("claude-haiku-5-5", input=10, cache_read=99_990, output=1000)
    over = cost_of("claude-haiku-5-5", input=11, cache_read=99_990, output=1000)

    assert edge.total_nusd == 10 * 100 + 99_990 * 10 + 1000 * 500
    assert over.total_nusd == 11 * 500 + 99_990 * 50 + 1000 * 2500


def test_output_does_not_decide_the_band() -> None:
    assert cost_of("gpt-5.4", input=272_000, output=9_000).total_nusd == (
        272_000 * 2500 + 9_000 * 15_000
    )


def test_cache_writes_count_for_the_band() -> None:
    cost = cost_of("gpt-6.1-sol", input=1, cache_read=100_000, cache_write_5m=100_000,
                   cache_write_1h=72_000)  # fmt: skip
    assert cost.parts[:4] == (4000, 100_000 * 200, 100_000 * 5000, 72_000 * 10_000)


@pytest.mark.parametrize(
    ("model", "tier", "geo", "nusd"),
    [
        ("claude-sonnet-4-5-20250929", "batch", None, 150_000_000),
        ("claude-opus-4-6", "standard", "us", 550_000_000),
        ("claude-opus-4-6", "fast", None, 3_000_000_000),
        ("claude-opus-4-7", "fast", None, 3_000_000_000),
        ("claude-opus-4-8", "fast", None, 1_000_000_000),
        ("claude-opus-4-8", "fast", "us", 1_100_000_000),
        ("claude-fable-5", "standard", "global", 1_000_000_000),
        ("claude-opus-5-5", "fast", "not_available", 800_000_000),
        ("gpt-5.5", "priority", None, 1_250_000_000),
        ("gpt-5.4", "flex", None, 125_000_000),
        ("gemini-3.1-pro-preview", "priority", None, 360_000_000),
    ],
)
def test_a_hundred_thousand_input_tokens_cost(
    model: str, tier: Tier, geo: str | None, nusd: int
) -> None:
    cost = price(BOOK, model=model, at_ms=NOW, tier=tier, geo=geo, tokens=Tokens(input=100_000))
    assert cost is not None
    assert cost.total_nusd == nusd


@pytest.mark.parametrize(
    ("model", "tier", "geo", "searches"),
    [
        ("claude-foo-9", "standard", None, 0),
        ("claude-sonnet-5", "fast", None, 0),
        ("claude-opus-4-8", "priority", None, 0),
        ("claude-opus-4-8", "flex", None, 0),
        ("gpt-5-nano", "priority", None, 0),
        ("deepseek-v4-pro", "batch", None, 0),
        ("claude-opus-4-8", "standard", "mars", 0),
        ("gpt-5.4", "standard", "us", 0),
        ("deepseek-v4-pro", "standard", None, 1),
    ],
)
def test_what_nobody_documents_is_unpriced_and_not_standard(
    model: str, tier: Tier, geo: str | None, searches: int
) -> None:
    assert price(BOOK, model=model, at_ms=NOW, tier=tier, geo=geo, tokens=Tokens(input=1),
                 web_search=searches) is None  # fmt: skip


def test_fees_are_not_multiplied() -> None:
    cost = price(BOOK, model="claude-opus-4-8", at_ms=NOW, tier="batch", geo="us",
                 tokens=Tokens(), web_search=10)  # fmt: skip
    assert cost is not None
    assert cost.parts == (0, 0, 0, 0, 0, 100_000_000)
    assert cost.saved_nusd == 0


def test_a_call_without_tokens_costs_nothing_and_is_priced() -> None:
    assert cost_of("claude-opus-4-8").total_nusd == 0


def test_a_bucket_without_a_published_rate_costs_what_input_costs() -> None:
    assert cost_of("gpt-5-pro", cache_read=1_000_000).total_nusd == 15_000_000_000
    assert cost_of("gpt-5.4", cache_write_5m=100).total_nusd == 250_000


def test_savings_net_the_write_premium_and_can_be_negative() -> None:
    assert cost_of("claude-opus-4-8", cache_read=1000, output=5).saved_nusd == 1000 * 4500
    assert cost_of("claude-opus-4-8", cache_write_1h=1000).saved_nusd == -1000 * 5000


def test_damage_that_would_overflow_a_sum_is_unpriced() -> None:
    most = MOST_NUSD // 5000
    assert cost_of("claude-opus-4-8", input=most).total_nusd <= MOST_NUSD
    assert price(BOOK, model="claude-opus-4-8", at_ms=NOW, tokens=Tokens(input=2**53 - 1)) is None


def test_the_next_turn_is_the_context_read_or_written() -> None:
    turn = next_turn(BOOK, model="claude-opus-4-8", at_ms=NOW, context=200_000, lifetime="long")
    assert turn == (100_000_000, 2_000_000_000)
    turn = next_turn(BOOK, model="claude-opus-4-8", at_ms=NOW, context=200_000, lifetime="short",
                     geo="us")  # fmt: skip
    assert turn == (110_000_000, 1_375_000_000)
    assert next_turn(BOOK, model="nobody", at_ms=NOW, context=1, lifetime=None) is None


def test_the_next_turn_of_a_model_without_cache_writes_is_cold_at_the_input_rate() -> None:
    turn = next_turn(BOOK, model="gpt-5", at_ms=NOW, context=1_000, lifetime=None)
    assert turn == (125_000, 1_250_000)


def test_the_next_turn_is_in_the_band_of_its_context() -> None:
    turn = next_turn(BOOK, model="gpt-6.1-sol", at_ms=NOW, context=272_001, lifetime="short")
    assert turn == (272_001 * 200, 272_001 * 5000)


def test_the_rate_id_names_model_tier_day_and_source() -> None:
    at = round(datetime.datetime(2026, 9, 1, tzinfo=datetime.UTC).timestamp() * 1000)
    cost = price(BOOK, model="gpt-5.6-sol", at_ms=at, tier="priority", tokens=Tokens(input=1))
    assert cost is not None
    assert cost.rate_id == "gpt-5.6-sol:priority:2026-08-21:genai-prices-0.2.3"
    assert cost.priced_as == "gpt-5.6-sol"


def test_rate_ids_are_unique_in_the_book() -> None:
    ids = [rate.rate_id for model_id in BOOK.entries for rate in BOOK.rates_of(model_id)]
    assert len(ids) == len(set(ids))
    assert len(ids) > 1000
