"""genai-prices' JSON data as rows of ours.

Its prices are dollars per million tokens with optional tiers by prompt length, a list of dated (or
time-of-day) prices, and variants by service tier. Three things are ours:

* a variant is often dated by the day on which it was written down; it holds for the whole period
  of the price that it belongs to, and for earlier prices by its multiple, if that is one number;
* a time-of-day price belongs to the dated price before it;
* a model is known by exact names only, never by the beginning of one.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Final

import msgspec

from toktui.model import Tier
from toktui.pricing.multiples import multiple_of, times
from toktui.pricing.rows import (
    UNITS_PER_DOLLAR,
    Band,
    ModelRates,
    Row,
    TierRates,
    nearest_units,
    of_tier,
)

FIRST_PARTIES: Final = (
    "anthropic", "openai", "google", "x-ai", "deepseek", "moonshotai", "zai", "minimax", "mistral",
    "cursor", "github-copilot",
)
"""Providers whose models are known by their bare names; the first one that has a name owns it."""
PASSED_THROUGH: Final = frozenset({"anthropic", "openai", "google", "x-ai"})
"""Vendors whose own prices OpenRouter charges; their rows there know less."""

_VARIANTS: Final[tuple[tuple[str, str, Tier], ...]] = (
    ("processing", "batch", "batch"),
    ("service_tier", "flex", "flex"),
    ("service_tier", "priority", "priority"),
    ("service_tier", "fast", "fast"),
    ("speed", "fast", "fast"),
)
_OTHER_MODALITIES: Final = frozenset({
    "audio_hours", "input_audio_hours", "input_mchars", "requests_kcount", "output_reasoning_mtok",
    "output_citation_mtok", "output_audio_mtok", "output_image_mtok", "output_video_mtok",
    "input_document_kpages", "input_annotated_document_kpages", "input_text_messages_kcount",
})
"""Prices of what coding agents do not log: such a model's cost would be a part of the truth."""


class _Step(msgspec.Struct, frozen=True):
    start: int
    price: Decimal


class _Tiered(msgspec.Struct, frozen=True):
    base: Decimal
    tiers: tuple[_Step, ...]


_Price = Decimal | _Tiered | None
_Prices = dict[str, _Price]


class _Constraint(msgspec.Struct, frozen=True):
    start_date: datetime.date | None = None
    start_time: str | None = None
    end_time: str | None = None


class _Conditional(msgspec.Struct, frozen=True):
    prices: _Prices
    constraint: _Constraint | None = None


class _Variant(msgspec.Struct, frozen=True):
    when: dict[str, str]
    prices: _Prices
    constraint: _Constraint | None = None


class _Clause(msgspec.Struct, frozen=True, rename={"any_of": "or", "all_of": "and"}):
    equals: str | None = None
    starts_with: str | None = None
    ends_with: str | None = None
    contains: str | None = None
    any_of: tuple[_Clause, ...] = ()
    all_of: tuple[_Clause, ...] = ()


class _Model(msgspec.Struct, frozen=True):
    id: str
    match: _Clause
    prices: _Prices | list[_Conditional]
    context_window: int | None = None
    price_variants: tuple[_Variant, ...] | None = None


class Provider(msgspec.Struct, frozen=True):
    """One provider of the file."""

    id: str
    models: tuple[_Model, ...]


class _WithUnits(msgspec.Struct, frozen=True):
    providers: tuple[Provider, ...]


def decode(data: bytes) -> tuple[Provider, ...]:
    """The providers in genai-prices' JSON, with or without its table of units around them.

    Raises `msgspec.DecodeError` if it is something else, naming where.
    """
    if data.lstrip()[:1] == b"[":
        return msgspec.json.decode(data, type=tuple[Provider, ...])
    return msgspec.json.decode(data, type=_WithUnits).providers


def convert(providers: Iterable[Provider]) -> tuple[ModelRates, ...]:
    """Every model that is priced by tokens, sorted by provider and id, no two with one name."""
    by_id = {provider.id: provider for provider in providers}
    taken: set[str] = set()
    models: list[ModelRates] = []
    for provider_id in FIRST_PARTIES:
        provider = by_id.get(provider_id)
        models += _own_models(provider, taken) if provider else ()
    if "openrouter" in by_id:
        models += _routed_models(by_id["openrouter"], taken)
    return tuple(models)


def _own_models(provider: Provider, taken: set[str]) -> Iterator[ModelRates]:
    for model in sorted(provider.models, key=lambda m: m.id):
        if provider.id == "google" and "claude" in model.id:
            continue
        rows = _rows(model)
        model_id = model.id.lower()
        names = {name for name in _names(model.match) if _is_whole_name(name)} | {model_id}
        free = names - taken
        if not rows or (not free and provider.id == "github-copilot"):
            continue
        taken |= names
        owned = model_id in free
        yield ModelRates(
            id=model_id if owned else f"{provider.id}/{model_id}",
            provider=provider.id,
            names=tuple(sorted(free - {model_id})),
            window=model.context_window,
            rows=rows,
        )


def _routed_models(provider: Provider, taken: set[str]) -> Iterator[ModelRates]:
    for model in sorted(provider.models, key=lambda m: m.id):
        vendor, slash, _ = model.id.partition("/")
        rows = _rows(model)
        if not slash or vendor in PASSED_THROUGH or vendor.startswith("~") or not rows:
            continue
        model_id = f"openrouter/{model.id.lower()}"
        names = {f"openrouter/{name}" for name in _names(model.match) if "/" in name}
        free = names - taken - {model_id}
        taken |= names | {model_id}
        yield ModelRates(
            id=model_id,
            provider="openrouter",
            names=tuple(sorted(free)),
            window=model.context_window,
            rows=rows,
        )


def _names(clause: _Clause) -> Iterator[str]:
    for part in (*clause.any_of, *clause.all_of):
        yield from _names(part)
    for text in (clause.equals, clause.starts_with, clause.ends_with, clause.contains):
        if text:
            yield text.lower()


def _is_whole_name(name: str) -> bool:
    """False for the beginning of a name, such as `gpt-5-nano-` or `claude-sonnet-4-2025`."""
    return name[-1] not in "-@." and "/" not in name and not name.endswith("-2025")


def _rows(model: _Model) -> tuple[Row, ...]:
    """The model's dated rows with every documented tier; none if tokens do not price it."""
    dated = model.prices if isinstance(model.prices, list) else [_Conditional(model.prices)]
    if not all(_is_priced_by_tokens(model.id, entry.prices) for entry in dated):
        return ()
    variants = model.price_variants or ()
    rows: list[Row] = []
    last_day: datetime.date | None = None
    for index, entry in enumerate(dated):
        limit = entry.constraint or _Constraint()
        last_day = limit.start_date or last_day
        end = next((later.constraint.start_date for later in dated[index + 1 :]
                    if later.constraint and later.constraint.start_date), None)
        rows.append(Row(
            tiers=tuple(_tiers(entry.prices, variants, end)),
            valid_from=last_day,
            hours=_hours(limit),
            web_search=_per_use(entry.prices.get("web_searches_kcount")),
        ))
    return tuple(_with_earlier_tiers(rows))


def _is_priced_by_tokens(model_id: str, prices: _Prices) -> bool:
    if not prices:
        return model_id.endswith(":free")
    known = {key for key, price in prices.items() if price is not None}
    return {"input_mtok", "output_mtok"} <= known and not known & _OTHER_MODALITIES


def _tiers(
    prices: _Prices, variants: tuple[_Variant, ...], end: datetime.date | None
) -> Iterator[TierRates]:
    yield TierRates("standard", _bands(prices))
    for tier in ("batch", "flex", "priority", "fast"):
        overrides: _Prices = {}
        for variant in variants:
            if _is_of(variant, tier) and _started(variant, end):
                overrides = {**variant.prices, **overrides}
        if overrides or any(_is_of(v, tier) and not v.prices and _started(v, end)
                            for v in variants):
            yield TierRates(tier, _bands({**prices, **overrides}))


def _is_of(variant: _Variant, tier: str) -> bool:
    return any(variant.when == {key: value} for key, value, of in _VARIANTS if of == tier)


def _started(variant: _Variant, end: datetime.date | None) -> bool:
    """True if the variant was in force at the end of the period."""
    start = variant.constraint.start_date if variant.constraint else None
    return start is None or end is None or start < end


def _with_earlier_tiers(rows: list[Row]) -> Iterator[Row]:
    """Gives a tier of later rows to earlier ones, where it is one multiple of standard."""
    for index, row in enumerate(rows):
        added: list[TierRates] = []
        for later in rows[index + 1 :]:
            for rates in later.tiers:
                have = {t.tier for t in (*row.tiers, *added)}
                multiple = multiple_of(rates, of_tier(later, "standard"))
                if rates.tier not in have and multiple is not None:
                    standard = row.tiers[0]
                    added.append(TierRates(rates.tier, times(standard.bands, multiple)))
        yield msgspec.structs.replace(row, tiers=(*row.tiers, *added))


def _bands(prices: Mapping[str, _Price]) -> tuple[Band, ...]:
    found = {
        name: price for name, price in prices.items()
        if name.endswith("_mtok") and price is not None
    }
    short = found.get("cache_write_5m_mtok", found.get("cache_write_mtok"))
    starts = {step.start for price in found.values() if isinstance(price, _Tiered)
              for step in price.tiers}
    return tuple(
        Band(
            above,
            _units(found.get("input_mtok"), above) or 0,
            _units(found.get("cache_read_mtok"), above),
            _units(short, above),
            _units(found.get("cache_write_1h_mtok"), above),
            _units(found.get("output_mtok"), above) or 0,
        )
        for above in sorted({0, *starts})
    )


def _units(price: _Price, above: int) -> int | None:
    """Rate units of a price where the prompt has more than `above` tokens."""
    if price is None:
        return None
    dollars = price if isinstance(price, Decimal) else price.base
    if isinstance(price, _Tiered):
        for step in price.tiers:
            if step.start <= above and above:
                dollars = step.price
    return nearest_units(dollars * UNITS_PER_DOLLAR)




def _per_use(price: _Price) -> int | None:
    """Nano-dollars per use of a price per thousand uses."""
    return nearest_units(price * UNITS_PER_DOLLAR / 1000) if isinstance(price, Decimal) else None


def _hours(limit: _Constraint) -> tuple[int, int] | None:
    if limit.start_time is None or limit.end_time is None:
        return None
    return _minute(limit.start_time), _minute(limit.end_time)


def _minute(text: str) -> int:
    at = datetime.time.fromisoformat(text)
    shift = at.utcoffset() or datetime.timedelta()
    return (at.hour * 60 + at.minute - round(shift.total_seconds() / 60)) % (24 * 60)
