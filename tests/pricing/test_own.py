"""The user's own prices lie over the book."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from toktui.config import OwnRates
from toktui.errors import ConfigError
from toktui.model import Tier, Tokens
from toktui.pricing.price import price
from toktui.pricing.rates import load_book

NOW = 1_795_348_800_000
BEFORE = NOW - 400 * 86_400_000
ALL = Tokens(1_000_000, 1_000_000, 1_000_000, 1_000_000, 1_000_000)


def parts(
    own: dict[str, OwnRates], model: str, *, at_ms: int = NOW, tier: Tier = "standard"
) -> list[float] | None:
    cost = price(load_book(own=own), model=model, at_ms=at_ms, tier=tier, tokens=ALL)
    return cost and [part / 10**9 for part in cost.parts[:5]]


def test_a_set_bucket_costs_the_own_price_and_the_others_what_the_book_says() -> None:
    own = {"claude-opus-4-8": OwnRates(input=Decimal("3.3"), output=Decimal(15))}
    assert parts(own, "claude-opus-4-8-20260101") == [3.3, 0.5, 6.25, 10, 15]


def test_other_models_keep_their_price() -> None:
    own = {"claude-opus-4-8": OwnRates(input=Decimal(3))}
    assert parts(own, "claude-opus-4-7") == [5, 0.5, 6.25, 10, 25]


def test_a_tier_keeps_its_multiple_of_the_own_price() -> None:
    own = {"claude-opus-4-8": OwnRates(input=Decimal(3))}
    assert parts(own, "claude-opus-4-8", tier="fast") == [6, 1, 12.5, 20, 50]
    assert parts(own, "claude-opus-4-8", tier="batch") == [1.5, 0.25, 3.125, 5, 12.5]
    assert parts(own, "claude-opus-4-8", tier="flex") is None


def test_an_own_price_holds_from_its_day_on() -> None:
    day = datetime.date(2026, 1, 1)
    own = {"gpt-5.6-sol": OwnRates(input=Decimal(1), valid_from=day)}
    book = load_book(own=own)

    def rate(text: str) -> int:
        at_ms = round(datetime.datetime.fromisoformat(text).timestamp() * 1000)
        found = book.rate_for("gpt-5.6-sol", at_ms)
        assert found is not None
        return found.bands[0].rates[0] // 10**9

    assert [rate("2025-12-31T23:59:59Z"), rate("2026-01-01T00:00Z"), rate("2026-11-01T00:00Z")] == [
        5, 1, 1,
    ]  # fmt: skip
    found = book.rate_for("gpt-5.6-sol", NOW)
    assert found is not None
    assert found.bands[0].rates[4] == 20 * 10**9, "the cut of August still holds for output"


def test_a_model_that_the_book_does_not_know_gets_a_price() -> None:
    own = {"My-Model": OwnRates(input=Decimal(3), output=Decimal(15), cache_read=Decimal("0.3"))}
    assert parts(own, "my-model") == [3, 0.3, 3, 3, 15]
    assert parts(own, "my-model", tier="batch") is None
    assert parts(own, "my-model-2") is None


def test_an_own_model_that_is_dated_prices_earlier_calls_and_says_so() -> None:
    day = datetime.date(2026, 1, 1)
    own = {"mine": OwnRates(input=Decimal(3), output=Decimal(15), valid_from=day)}
    rate = load_book(own=own).rate_for("mine", BEFORE)
    assert rate is not None
    assert rate.before_first_date


def test_decimals_are_exact() -> None:
    own = {"mine": OwnRates(input=Decimal("0.1"), output=Decimal("0.000000001"))}
    cost = price(load_book(own=own), model="mine", at_ms=NOW, tokens=Tokens(input=3))
    assert cost is not None
    assert cost.total_nusd == 300


def test_zero_is_a_price() -> None:
    own = {"local": OwnRates(input=Decimal(0), output=Decimal(0))}
    assert parts(own, "local") == [0, 0, 0, 0, 0]


def test_an_unknown_model_needs_input_and_output() -> None:
    with pytest.raises(ConfigError, match="does not know") as raised:
        load_book(own={"my\x1b[31mmodel": OwnRates(input=Decimal(1))})
    assert "\x1b" not in raised.value.what
    assert "input and output" in raised.value.hint


def test_more_decimals_than_the_book_keeps_are_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r'\[prices."gpt-5"\].*0.0000000001'):
        load_book(own={"gpt-5": OwnRates(input=Decimal("0.0000000001"))})


def test_the_source_and_the_version_change_with_the_price() -> None:
    one = load_book(own={"gpt-5": OwnRates(input=Decimal(1))})
    two = load_book(own={"gpt-5": OwnRates(input=Decimal(2))})
    assert one.version != two.version != load_book().version
    first, second = one.rate_for("gpt-5", NOW), two.rate_for("gpt-5", NOW)
    assert first is not None
    assert second is not None
    assert first.rate_id != second.rate_id
    assert first.source.id.startswith("own-")
