"""The derivation of a price says what `price` did, to the nano-dollar."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toktui.model import TIERS, Tokens
from toktui.pricing.derive import Multiplier, derive, exact_nusd, why_unpriced
from toktui.pricing.price import price
from toktui.pricing.rates import load_book

BOOK = load_book()
NOW = 1_795_348_800_000
counts = st.integers(0, 300_000)


@given(
    st.sampled_from(["claude-haiku-5-5", "claude-opus-4-8", "gpt-5.6-sol", "deepseek-v4-pro"]),
    st.sampled_from(TIERS),
    st.sampled_from([None, "us"]),
    st.builds(Tokens, input=counts, cache_read=counts, cache_write_1h=counts, output=counts),
    st.integers(0, 2),
)
def test_the_lines_multiply_and_add_up_to_the_cost(model, tier, geo, tokens, searches) -> None:
    arguments = {"model": model, "at_ms": NOW, "tier": tier, "geo": geo, "tokens": tokens,
                 "web_search": searches}  # fmt: skip
    cost = price(BOOK, **arguments)
    derivation = derive(BOOK, **arguments)

    assert (derivation is None) is (cost is None)
    if derivation is None:
        assert why_unpriced(BOOK, model=model, at_ms=NOW, tier=tier, geo=geo, web_search=searches)
        return
    assert derivation.cost == cost
    assert sum(line.nusd for line in derivation.lines) == derivation.cost.total_nusd
    assert round(exact_nusd(derivation)) == derivation.cost.total_nusd
    assert derivation.above < tokens.prompt or derivation.above == 0
    assert derivation.up_to is None or tokens.prompt <= derivation.up_to


def test_multipliers_are_named_with_their_source() -> None:
    derivation = derive(
        BOOK, model="us.anthropic.claude-opus-4-6-v1", at_ms=NOW, tier="fast", geo="us",
        tokens=Tokens(input=1),
    )  # fmt: skip
    assert derivation is not None
    overlay = "overlay-2026-11-22"
    assert derivation.multipliers == (
        Multiplier("fast", 6, 1, True, overlay),
        Multiplier("geo us", 11, 10, False, overlay),
    )
    assert derivation.source_id == overlay
    assert derivation.book_version == BOOK.version
    assert derivation.cost.priced_as == "claude-opus-4-6"


def test_a_bucket_at_the_rate_of_another_says_so() -> None:
    derivation = derive(
        BOOK, model="gpt-5.4", at_ms=NOW, tokens=Tokens(input=1, cache_write_1h=2, output=3)
    )
    assert derivation is not None
    assert [(line.part, line.rate_of) for line in derivation.lines] == [
        ("input", "input"), ("cache_write_1h", "input"), ("output", "output"),
    ]  # fmt: skip


def test_the_band_and_the_day_are_told() -> None:
    derivation = derive(BOOK, model="gpt-5.6-sol", at_ms=NOW, tokens=Tokens(input=272_001))
    assert derivation is not None
    assert (derivation.above, derivation.up_to) == (272_000, None)
    assert str(derivation.valid_from) == "2026-08-21"
    assert str(derivation.source_date) == "2026-11-10"
    short = derive(BOOK, model="gpt-5.6-sol", at_ms=NOW, tokens=Tokens(input=272_000))
    assert short is not None
    assert (short.above, short.up_to) == (0, 272_000)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"model": "claude-foo-9"}, "does not have this model"),
        ({"model": "claude-sonnet-5", "tier": "fast"}, "fast rates"),
        ({"model": "gpt-5", "geo": "us"}, "place"),
        ({"model": "deepseek-v4-pro", "web_search": 1}, "web search"),
        ({"model": "claude-opus-4-8"}, "too large"),
    ],
)
def test_what_is_missing_is_said(arguments: dict, reason: str) -> None:
    tokens = Tokens(input=2**53 - 1)
    assert derive(BOOK, at_ms=NOW, tokens=tokens, **arguments) is None
    assert reason in why_unpriced(BOOK, at_ms=NOW, **arguments)
