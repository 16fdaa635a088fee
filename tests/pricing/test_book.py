"""The shipped rate book: compiled from its sources, exact, fast, and offline."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
import warnings
from decimal import Decimal

import genai_prices.types
import msgspec
import pytest
from genai_prices.data import providers

from toktui.dev import prices
from toktui.pricing import rows
from toktui.pricing.rates import DATA, Lifetimes, book_of, load_book, shipped
from toktui.pricing.rows import BookFile, of_tier

BOOK = load_book()
MINUTE = 60_000


def test_compiling_again_gives_the_committed_book() -> None:
    book = prices.compile_book((DATA / "overlay.toml").read_bytes())

    assert rows.encode(book) == (DATA / "rates.json").read_bytes()


def test_another_release_of_genai_prices_is_not_compiled_by_accident(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda _: "9.9.9")
    with pytest.raises(RuntimeError, match=r"9\.9\.9 is installed"):
        prices.compile_book(b"")


def test_what_we_compile_from_is_what_the_package_itself_reads() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours = genai_prices.types._providers_from_raw([
            {**provider, "name": "", "api_pattern": ""}
            for provider in json.loads(prices.genai_data())
        ])

    for mine, theirs in zip(ours, providers, strict=True):
        for model, original in zip(mine.models, theirs.models, strict=True):
            assert model.prices == original.prices
            assert model.match == original.match
            assert (model.price_variants or []) == (original.price_variants or [])


def test_a_price_of_the_first_parties_loses_no_digit() -> None:
    for provider in providers:
        if provider.id not in ("anthropic", "openai", "google", "x-ai", "deepseek", "moonshotai",
                               "zai", "minimax", "mistral", "cursor", "github-copilot"):
            continue
        for model in provider.models:
            listed = model.prices if isinstance(model.prices, list) else [model]
            for entry in listed:
                for price in vars(entry.prices).values():
                    bands = getattr(price, "tiers", [])
                    for each in (getattr(price, "base", price), *(band.price for band in bands)):
                        if each is not None:
                            assert Decimal(rows.rate_units(each)) == each * 10**9


def test_the_book_is_valid_as_a_whole() -> None:
    book = msgspec.json.decode((DATA / "rates.json").read_bytes(), type=BookFile)

    ids = [model.id for model in book.models]
    assert len(set(ids)) == len(ids)
    for model in book.models:
        days = [row.valid_from or datetime.date.min for row in model.rows]
        assert days == sorted(days), model.id
        assert all(of_tier(row, "standard") for row in model.rows), model.id


def test_a_lazily_read_model_is_the_same_as_one_read_at_once() -> None:
    whole = msgspec.json.decode((DATA / "rates.json").read_bytes(), type=BookFile)

    assert tuple(line.whole() for line in shipped().models) == whole.models
    assert book_of(whole).version == BOOK.version


def test_pricing_needs_neither_genai_prices_nor_a_network_library() -> None:
    code = (
        "import sys\n"
        "from toktui.pricing import derive, price, rates, update\n"
        "rates.load_book()\n"
        "print([m for m in sys.modules if m.split('.')[0] in "
        "('genai_prices', 'pydantic', 'httpx2', 'httpcore2', 'socket', 'importlib.metadata')])"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert out.strip() == "[]"


@pytest.mark.parametrize(
    ("model", "window"),
    [
        ("claude-opus-4-8", 1_000_000),
        ("claude-haiku-4-5-20251001", 200_000),
        ("claude-sonnet-4-5-20250929", 200_000),
        ("claude-sonnet-4-5-20250929[1m]", 1_000_000),
        ("gpt-5.4", 1_050_000),
        ("gpt-6.2-sol", 1_050_000),
        ("gemini-3.1-pro-preview", 1_048_576),
        ("glm-4.7", 200_000),
        ("claude-foo-9", None),
        ("claude-foo-9[1m]", None),
    ],
)
def test_the_context_window_is_known_or_not_guessed(model: str, window: int | None) -> None:
    assert BOOK.window(model) == window


@pytest.mark.parametrize(
    ("model", "short", "long"),
    [
        ("claude-opus-4-8", 5 * MINUTE, 60 * MINUTE),
        ("gpt-6.1-sol", 30 * MINUTE, 12 * 60 * MINUTE),
        ("gpt-6.2-sol", 30 * MINUTE, 12 * 60 * MINUTE),
        ("gpt-5.4", None, None),
        ("gemini-3.1-pro-preview", None, None),
        ("nobody-knows", None, None),
    ],
)
def test_cache_lifetimes_are_those_that_the_vendor_documents(
    model: str, short: int | None, long: int | None
) -> None:
    assert BOOK.lifetimes(model) == Lifetimes(short, long)
