"""genai-prices' own calculator agrees with ours, over every model of the two big vendors.

What differs, and is ours on purpose:

* rates of tiers that genai-prices has no variant of come from the overlay (batch and flex by the
  vendors' rule, fast of Opus 4.6 and 4.7), where it would silently charge standard;
* its variants begin on the day that they were written down; ours hold for the whole price period;
* long cache writes of OpenAI (12 hours) cost 2.5 times input; it has no price for them;
* mythos 5 and 5.1 and gpt-6.2-sol are not in it;
* its input counts include what was read from and written to the cache.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from genai_prices import Usage
from genai_prices.data import providers
from genai_prices.types import ModelInfo, StartDateConstraint

from toktui.model import TIERS, Tier, Tokens
from toktui.pricing.price import price
from toktui.pricing.rates import load_book

BOOK = load_book()
CONTEXTS: dict[tuple[str, Tier], dict[str, str]] = {
    ("anthropic", "batch"): {"processing": "batch"},
    ("anthropic", "fast"): {"speed": "fast"},
    ("openai", "batch"): {"processing": "batch"},
    ("openai", "flex"): {"service_tier": "flex"},
    ("openai", "priority"): {"service_tier": "priority"},
    ("openai", "fast"): {"service_tier": "fast"},
}
NOT_IN_GENAI = {"claude-mythos-5", "claude-mythos-5-1", "gpt-6.2-sol"}
NOW = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)


def theirs(
    model: ModelInfo,
    provider: str,
    tokens: Tokens,
    tier: Tier,
    at: datetime.datetime,
    searches: int,
) -> Fraction:
    owner = next(p for p in providers if p.id == provider)
    usage = Usage(
        input_tokens=tokens.prompt,
        cache_read_tokens=tokens.cache_read,
        cache_write_tokens=tokens.cache_write_5m + tokens.cache_write_1h,
        cache_write_1h_tokens=tokens.cache_write_1h,
        output_tokens=tokens.output,
        web_searches=searches,
    )
    found = model.calc_price(
        usage, owner, genai_request_timestamp=at, price_context=CONTEXTS.get((provider, tier))
    )
    return Fraction(found.total_price) * 10**9


def has_variant(model: ModelInfo, provider: str, tier: Tier, at: datetime.datetime) -> bool:
    return any(
        variant.when == CONTEXTS.get((provider, tier))
        and (variant.constraint is None or variant.constraint.active(at))
        for variant in model.price_variants or ()
    )


def calls(model: ModelInfo, provider: str) -> list[Tokens]:
    """Calls on both sides of every edge of the model, with every bucket filled."""
    edges = {
        tier.start
        for entry in ([model] if not isinstance(model.prices, list) else model.prices)
        for value in vars(entry.prices).values()
        if not isinstance(value, Decimal) and value is not None
        for tier in value.tiers
    }
    long = 11 if provider == "anthropic" else 0
    small = Tokens(7, 13, 5, long, 17)
    return [small, *(
        Tokens(edge + over - 13 - 5 - long, 13, 5, long, 17) for edge in edges for over in (0, 1)
    )]


def moments(model: ModelInfo) -> list[datetime.datetime]:
    """Now, and both sides of every change of price."""
    changes = [
        entry.constraint.start_date
        for entry in (model.prices if isinstance(model.prices, list) else ())
        if isinstance(entry.constraint, StartDateConstraint)
    ]
    return [NOW, *(
        datetime.datetime.combine(day, datetime.time(), datetime.UTC) - before
        for day in changes
        for before in (datetime.timedelta(), datetime.timedelta(milliseconds=1))
    )]


CASES = [
    pytest.param(provider.id, model, id=model.id)
    for provider in providers
    if provider.id in ("anthropic", "openai")
    for model in provider.models
    if BOOK.entries.get(model.id) is not None
]


@pytest.mark.parametrize(("provider", "model"), CASES)
def test_a_call_costs_what_genai_prices_calculates(provider: str, model: ModelInfo) -> None:
    for at in moments(model):
        at_ms = round(at.timestamp() * 1000)
        for tier in TIERS:
            if tier != "standard" and not has_variant(model, provider, tier, at):
                continue
            for tokens in calls(model, provider):
                cost = price(BOOK, model=model.id, at_ms=at_ms, tier=tier, tokens=tokens)
                assert cost is not None
                assert cost.total_nusd == round(theirs(model, provider, tokens, tier, at, 0))


@pytest.mark.parametrize(("provider", "model"), CASES)
def test_a_tier_that_genai_prices_lacks_is_documented_by_the_overlay_or_unpriced(
    provider: str, model: ModelInfo
) -> None:
    for tier in TIERS[1:]:
        rate = BOOK.rate_for(model.id, round(NOW.timestamp() * 1000), tier)
        if rate is not None and not has_variant(model, provider, tier, NOW):
            assert rate.source.id.startswith("overlay-")


@pytest.mark.parametrize(("provider", "model"), CASES)
def test_a_web_search_costs_what_genai_prices_says_where_it_says_so(
    provider: str, model: ModelInfo
) -> None:
    prices = model.get_prices(NOW)
    if prices.web_searches_kcount is None:
        return
    tokens, at_ms = Tokens(input=1000, output=10), round(NOW.timestamp() * 1000)
    cost = price(BOOK, model=model.id, at_ms=at_ms, tokens=tokens, web_search=3)
    assert cost is not None
    assert cost.total_nusd == round(theirs(model, provider, tokens, "standard", NOW, 3))


def test_every_model_of_the_two_vendors_is_in_the_comparison() -> None:
    compared = {case.values[1].id for case in CASES}
    ours = {
        entry.line.id for entry in BOOK.entries.values()
        if entry.line.provider in ("anthropic", "openai")
    }
    assert ours - compared == NOT_IN_GENAI
    assert len(compared) > 90


@pytest.mark.parametrize("tier", ["batch", "priority", "flex", "fast"])
def test_a_tier_holds_for_a_price_that_is_older_than_its_first_mention(tier: Tier) -> None:
    before_the_cut = round(datetime.datetime(2026, 8, 1, tzinfo=datetime.UTC).timestamp() * 1000)
    multiple = {"batch": Fraction(1, 2), "flex": Fraction(1, 2), "priority": 2, "fast": 2}[tier]

    standard = BOOK.rate_for("gpt-5.6-sol", before_the_cut)
    other = BOOK.rate_for("gpt-5.6-sol", before_the_cut, tier)

    assert standard is not None
    assert other is not None
    for band, base in zip(other.bands, standard.bands, strict=True):
        assert band.rates == tuple(rate * multiple for rate in base.rates)
