"""`prices update FILE`: three formats in, rows of ours out, garbage refused by name."""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toktui.dev import prices
from toktui.errors import ToktuiError
from toktui.model import Tier, Tokens
from toktui.pricing.price import price
from toktui.pricing.rates import DATA, RateBook, load_book
from toktui.pricing.update import load_update, merged, read_update, save_update

BOOK = load_book()
TODAY = datetime.date(2026, 11, 22)
NOW = 1_795_348_800_000
YESTERDAY = NOW - 86_400_000


def updated(data: object, book: RateBook = BOOK) -> RateBook:
    update = read_update(json.dumps(data).encode(), book=book, today=TODAY)
    return load_book(update=update.book)


def parts(
    book: RateBook, model: str, *, at_ms: int = NOW, tier: Tier = "standard", prompt: int = 5
) -> tuple[int, ...] | None:
    """Nano-dollars for 1,000 tokens of each bucket, in the band of a prompt of so many thousand."""
    tokens = Tokens(1000, 1000, 1000, 1000 * (prompt - 3), 1000)
    cost = price(book, model=model, at_ms=at_ms, tier=tier, tokens=tokens)
    return cost and tuple(part // (prompt - 3 if i == 3 else 1)
                          for i, part in enumerate(cost.parts[:5]))  # fmt: skip


def litellm_entry(**fields: object) -> dict[str, object]:
    return {
        "litellm_provider": "anthropic", "mode": "chat", "max_input_tokens": 1_000_000,
        "input_cost_per_token": 5e-06, "output_cost_per_token": 2.5e-05,
        "cache_read_input_token_cost": 5e-07, "cache_creation_input_token_cost": 6.25e-06,
        "cache_creation_input_token_cost_above_1hr": 1e-05,
    } | fields  # fmt: skip


# ---- our own format ----


def test_the_shipped_book_as_an_update_changes_nothing() -> None:
    update = read_update((DATA / "rates.json").read_bytes(), book=BOOK, today=TODAY)
    assert (update.format, len(update.book.models)) == ("toktui", 0)
    assert update.unchanged == len(BOOK.entries)


def own_file(**changes: object) -> dict:
    model = {
        "id": "a-model", "provider": "somebody", "names": ["other-name"],
        "rows": [{"tiers": [{"tier": "standard", "bands": [
            [0, 3_000_000_000, 300_000_000, None, None, 15_000_000_000],
        ]}]}],
    }  # fmt: skip
    return {
        "schema": "toktui.rates/1", "version": "mine", "date": "2026-11-01",
        "sources": [{"id": "me", "date": "2026-11-01"}], "models": [model | changes],
    }  # fmt: skip


def test_a_file_of_our_own_adds_a_model_under_all_its_names() -> None:
    book = updated(own_file())
    assert parts(book, "a-model") == (3_000_000, 300_000, 3_000_000, 3_000_000, 15_000_000)
    assert book.canonical("other-name") == "a-model"
    assert book.version == f"{BOOK.version}+mine"
    assert book.canonical("claude-opus-4-8") == "claude-opus-4-8"


BAND = [0, 1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"rows": []}, "rows"),
        ({"id": ""}, "id"),
        ({"id": "A-Model"}, "lower case"),
        ({"names": ["X"]}, "lower case"),
        ({"window": 0}, "window"),
        ({"rows": [{"tiers": []}]}, "tiers"),
        ({"rows": [{"tiers": [{"tier": "turbo", "bands": [BAND]}]}]}, "tier"),
        ({"rows": [{"tiers": [{"tier": "batch", "bands": []}]}]}, "bands"),
        ({"rows": [{"tiers": [{"tier": "batch", "bands": [[5, 1, 1, 1, 1, 1]]}]}]}, "batch"),
        ({"rows": [{"tiers": [{"tier": "batch", "bands": [BAND, BAND]}]}]}, "batch"),
        ({"rows": [{"tiers": [{"tier": "batch", "bands": [[0, -1, 1, 1, 1, 1]]}]}]}, "bands"),
        ({"rows": [{"tiers": [{"tier": "batch", "bands": [[0, 1.5, 1, 1, 1, 1]]}]}]}, "bands"),
        ({"rows": [{"tiers": [{"tier": "batch", "bands": [[0, 10**16, 1, 1, 1, 1]]}]}]}, "bands"),
        ({"rows": [{"tiers": [{"tier": "batch", "bands": [BAND], "source": "x"}]}]}, "source"),
        ({"rows": [{"tiers": [{"tier": "batch", "bands": [BAND]}] * 2}]}, "tiers"),
        ({"rows": [{"tiers": [{"tier": "batch", "bands": [BAND]}], "hours": [60, 60]}]}, "hours"),
        ({"rows": [{"tiers": [{"tier": "batch", "bands": [BAND]}], "valid_from": day}
                   for day in ("2026-02-01", "2026-01-01")]}, "order"),
        ({"rows": [{"tiers": [{"tier": "batch", "bands": [BAND]}], "valid_from": "soon"}]},
         "valid_from"),
    ],
)  # fmt: skip
def test_a_faulty_model_is_refused_with_its_place(changes: dict, named: str) -> None:
    with pytest.raises(ToktuiError, match=named):
        updated(own_file(**changes))


# ---- genai-prices ----


def test_genai_prices_data_gives_the_book_that_it_was_compiled_from() -> None:
    data = prices.genai_data()
    for shape in (data, b'{"units":{},"providers":' + data + b"}"):
        update = read_update(shape, book=BOOK, today=TODAY)
        assert (update.format, len(update.book.models)) == ("genai-prices", 0)


def test_a_changed_price_of_genai_prices_changes_its_model_alone_with_the_overlay_over_it() -> None:
    providers = json.loads(prices.genai_data())
    anthropic = next(p for p in providers if p["id"] == "anthropic")
    opus = next(m for m in anthropic["models"] if m["id"] == "claude-opus-4-7")
    opus["prices"] = [
        {"prices": opus["prices"]},
        {"prices": opus["prices"] | {"input_mtok": 4}, "constraint": {"start_date": "2026-11-20"}},
    ]

    update = read_update(json.dumps(providers).encode(), book=BOOK, today=TODAY)
    book = load_book(update=update.book)

    assert [model.id for model in update.book.models] == ["claude-opus-4-7"]
    assert parts(book, "claude-opus-4-7") == (4_000_000, 500_000, 6_250_000, 10_000_000, 25_000_000)
    assert parts(book, "claude-opus-4-7", tier="fast") == (
        24_000_000, 3_000_000, 37_500_000, 60_000_000, 150_000_000,
    )  # fmt: skip
    assert parts(book, "claude-opus-4-7", at_ms=NOW - 9 * 86_400_000) == parts(
        BOOK, "claude-opus-4-7"
    )


# ---- LiteLLM ----


def test_litellm_prices_that_agree_change_nothing() -> None:
    entry = litellm_entry(input_cost_per_token_batches=2.5e-06,
                          output_cost_per_token_batches=1.25e-05,
                          cache_read_input_token_cost_batches=2.5e-07,
                          cache_creation_input_token_cost_batches=3.125e-06,
                          provider_specific_entry={"us": 1.1, "fast": 2.0})  # fmt: skip
    update = read_update(
        json.dumps({"sample_spec": {"mode": "x"}, "claude-opus-4-8": entry}).encode(),
        book=BOOK, today=TODAY,
    )  # fmt: skip
    assert (update.format, len(update.book.models), update.unchanged) == ("litellm", 0, 1)


def test_a_litellm_price_that_differs_holds_from_today_on() -> None:
    book = updated({"claude-opus-4-8": litellm_entry(input_cost_per_token=4e-06)})

    assert parts(book, "claude-opus-4-8", at_ms=YESTERDAY) == parts(BOOK, "claude-opus-4-8")
    assert parts(book, "claude-opus-4-8") == (4_000_000, 500_000, 6_250_000, 10_000_000, 25_000_000)
    assert parts(book, "claude-opus-4-8", tier="fast") == (
        8_000_000, 1_000_000, 12_500_000, 20_000_000, 50_000_000,
    ), "a tier that the file does not have keeps its multiple"  # fmt: skip
    rate = book.rate_for("claude-opus-4-8", NOW)
    assert rate is not None
    assert rate.source.id.startswith("litellm-file-")
    older = book.rate_for("claude-opus-4-8", YESTERDAY)
    assert older is not None
    assert older.source == BOOK.rate_for("claude-opus-4-8", YESTERDAY).source


def test_a_new_litellm_model_has_tiers_bands_and_long_writes() -> None:
    book = updated({"gpt-7-sol": litellm_entry(
        litellm_provider="openai", input_cost_per_token=2e-06, output_cost_per_token=1e-05,
        cache_read_input_token_cost=1e-07, cache_creation_input_token_cost=2.5e-06,
        cache_creation_input_token_cost_above_1hr=None,
        cache_creation_input_token_cost_above_12hr=5e-06,
        input_cost_per_token_above_272k_tokens=4e-06,
        output_cost_per_token_above_272k_tokens=1.5e-05,
        cache_read_input_token_cost_above_272k_tokens=2e-07,
        cache_creation_input_token_cost_above_272k_tokens=5e-06,
        input_cost_per_token_priority=4e-06, output_cost_per_token_priority=2e-05,
        cache_read_input_token_cost_priority=2e-07,
        cache_creation_input_token_cost_priority=5e-06,
    )})  # fmt: skip

    assert parts(book, "gpt-7-sol") == (2_000_000, 100_000, 2_500_000, 5_000_000, 10_000_000)
    assert parts(book, "gpt-7-sol", prompt=273) == (
        4_000_000, 200_000, 5_000_000, 10_000_000, 15_000_000,
    )  # fmt: skip
    assert parts(book, "gpt-7-sol", tier="priority") == (
        4_000_000, 200_000, 5_000_000, 10_000_000, 20_000_000,
    )  # fmt: skip
    assert parts(book, "gpt-7-sol", tier="fast") == parts(book, "gpt-7-sol", tier="priority")
    assert parts(book, "gpt-7-sol", tier="flex") is None
    assert book.window("gpt-7-sol") == 1_000_000


def test_a_reseller_in_litellm_does_not_set_a_vendors_price() -> None:
    book = updated({
        "azure/gpt-5": litellm_entry(litellm_provider="azure", input_cost_per_token=9e-06),
        "dashscope/qwen3-coder-plus": litellm_entry(litellm_provider="dashscope"),
        "openrouter/a/b": litellm_entry(litellm_provider="openrouter"),
    })
    assert parts(book, "azure/gpt-5") == parts(BOOK, "gpt-5")
    assert book.canonical("qwen3-coder-plus") == "qwen3-coder-plus"
    assert book.canonical("a/b") == "openrouter/a/b"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("input_cost_per_token", -1e-06), ("output_cost_per_token", "cheap"),
        ("cache_read_input_token_cost", True), ("input_cost_per_token", 1e300),
        ("cache_read_input_token_cost", [1]),
    ],
)  # fmt: skip
def test_a_litellm_field_that_is_no_price_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(ToktuiError, match=rf"claude-opus-4-8: {field}"):
        updated({"claude-opus-4-8": litellm_entry(**{field: value})})


# ---- anything else ----


@pytest.mark.parametrize(
    "data",
    [b"", b" ", b"{}", b"[]", b"null", b"1", b'"x"', b"[1]", b"{", b"\xff\xfe", b'{"a": 1}',
     b'{"a": {"b": 1}}', b'{"schema": "toktui.rates/1"}', b'{"schema": "toktui.rates/9"}',
     b'{"providers": []}', b'{"providers": 3}', b'[{"id": "anthropic"}]', b"[" * 100_000,
     b'{"a":' * 100_000, b"<html>", b'{"m": {"litellm_provider": "azure"}}'],
)  # fmt: skip
def test_what_is_no_price_file_is_refused_with_the_formats_that_are(data: bytes) -> None:
    with pytest.raises(ToktuiError) as raised:
        read_update(data, book=BOOK, today=TODAY)
    assert "LiteLLM" in raised.value.hint
    assert raised.value.exit_code == 1


@given(st.data())
def test_a_damaged_file_is_refused_or_gives_valid_rates(data: st.DataObject) -> None:
    whole = json.dumps(own_file()).encode()
    at = data.draw(st.integers(0, len(whole) - 1))
    damaged = whole[:at] + data.draw(st.binary(max_size=3)) + whole[at + 1 :]
    try:
        update = read_update(damaged, book=BOOK, today=TODAY)
    except ToktuiError:
        return
    for model in update.book.models:
        assert list(load_book(update=update.book).rates_of(model.id))


def test_a_file_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toktui.pricing.update.LARGEST", 10)
    with pytest.raises(ToktuiError, match="larger than"):
        read_update(b"[" * 11, book=BOOK, today=TODAY)


# ---- saving ----


def test_a_saved_update_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "prices.json"
    update = read_update(json.dumps(own_file()).encode(), book=BOOK, today=TODAY)
    save_update(update.book, path)
    assert load_update(path) == update.book
    assert [entry.name for entry in path.parent.iterdir()] == ["prices.json"]
    assert load_update(tmp_path / "none.json") is None


def test_an_interrupted_save_leaves_the_file_of_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "prices.json"
    update = read_update(json.dumps(own_file()).encode(), book=BOOK, today=TODAY)
    save_update(update.book, path)
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ToktuiError, match="No space left"):
        save_update(msgspec.structs.replace(update.book, version="next"), path)
    assert path.read_bytes() == before
    assert list(tmp_path.glob("*prices*")) == [path]


def test_a_damaged_saved_update_is_an_error_with_a_hint(tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    path.write_bytes(b'{"schema":"toktui.rates/1"')
    with pytest.raises(ToktuiError, match="damaged") as raised:
        load_update(path)
    assert "update the prices again" in raised.value.hint


def test_a_second_update_keeps_the_models_of_the_first() -> None:
    first = read_update(json.dumps(own_file()).encode(), book=BOOK, today=TODAY).book
    book = load_book(update=first)
    data = json.dumps({"claude-opus-4-8": litellm_entry(input_cost_per_token=4e-06)}).encode()
    second = read_update(data, book=book, today=TODAY).book

    both = load_book(update=merged(first, second))

    assert parts(both, "a-model") == parts(book, "a-model")
    assert parts(both, "claude-opus-4-8") != parts(book, "claude-opus-4-8")
    rate = both.rate_for("a-model", NOW)
    assert rate is not None
    assert rate.source.id == "me"
