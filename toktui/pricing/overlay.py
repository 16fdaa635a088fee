"""Our overlay: what the public price data lacks, laid over rows that were made from it."""

from __future__ import annotations

import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Annotated

import msgspec

from toktui.model import Tier
from toktui.pricing.multiples import times
from toktui.pricing.rows import (
    UNITS_PER_DOLLAR,
    Band,
    GeoRule,
    ModelRates,
    Row,
    Source,
    TierRates,
    of_tier,
)

Duration = Annotated[str, msgspec.Meta(pattern="^[0-9]+[mh]$")]


class TierRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tier as a multiple of standard, for a provider or some of its models."""

    provider: str
    tier: Tier
    multiply: Decimal
    note: str
    models: tuple[str, ...] = ()


class Geo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place as a multiple."""

    provider: str
    geo: str
    multiply: Decimal


class WebSearch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one search costs where a row does not say."""

    provider: str
    dollars: Decimal


class Cache(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Lifetimes of a provider's prompt cache."""

    provider: str
    short: Duration
    long: Duration
    only_with_writes: bool = False
    long_write_of_input: Decimal | None = None


class LikeModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model that costs what another one costs."""

    id: str
    like: str
    note: str


class Window(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Context window in tokens."""

    models: tuple[str, ...]
    tokens: int


class Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """More spellings of a model."""

    id: str
    names: tuple[str, ...]


class Overlay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    date: datetime.date
    tier: tuple[TierRule, ...] = ()
    geo: tuple[Geo, ...] = ()
    web_search: tuple[WebSearch, ...] = ()
    cache: tuple[Cache, ...] = ()
    model: tuple[LikeModel, ...] = ()
    window: tuple[Window, ...] = ()
    names: tuple[Names, ...] = ()

    @property
    def source(self) -> Source:
        """How rows of the overlay name where they come from."""
        return Source(f"overlay-{self.date.isoformat()}", self.date)


def decode(data: bytes) -> Overlay:
    """The overlay in a TOML file."""
    return msgspec.toml.decode(data, type=Overlay)


def lay_over(models: tuple[ModelRates, ...], overlay: Overlay) -> tuple[ModelRates, ...]:
    """The models with everything that the overlay adds; what they have already stays."""
    known = {model.id: model for model in models}
    added = tuple(
        msgspec.structs.replace(
            known[like.like], id=like.id, names=(), rows=_from(known[like.like], overlay.source.id)
        )
        for like in overlay.model
        if like.id not in known and like.like in known
    )
    return tuple(_model(model, overlay) for model in (*models, *added))


def geo_rules(overlay: Overlay) -> tuple[GeoRule, ...]:
    """The places that cost more."""
    return tuple(
        GeoRule(rule.provider, rule.geo, *rule.multiply.as_integer_ratio(), overlay.source.id)
        for rule in overlay.geo
    )


def _from(model: ModelRates, source: str) -> tuple[Row, ...]:
    return tuple(
        msgspec.structs.replace(
            row,
            tiers=tuple(msgspec.structs.replace(rates, source=source) for rates in row.tiers),
        )
        for row in model.rows
    )


def _model(model: ModelRates, overlay: Overlay) -> ModelRates:
    cache = next((c for c in overlay.cache if c.provider == model.provider), None)
    if cache and cache.only_with_writes and not _sells_writes(model):
        cache = None
    windows = [w.tokens for w in overlay.window if model.id in w.models]
    more = {name for n in overlay.names if n.id == model.id for name in n.names}
    fee = next((w.dollars for w in overlay.web_search if w.provider == model.provider), None)
    return msgspec.structs.replace(
        model,
        names=tuple(sorted({*model.names, *more})),
        window=model.window or (windows[0] if windows else None),
        short_ms=_ms(cache.short) if cache else model.short_ms,
        long_ms=_ms(cache.long) if cache else model.long_ms,
        rows=tuple(_row(model, row, overlay, cache, fee) for row in model.rows),
    )


def _row(
    model: ModelRates, row: Row, overlay: Overlay, cache: Cache | None, fee: Decimal | None
) -> Row:
    tiers = list(row.tiers)
    if cache and cache.long_write_of_input:
        factor = Fraction(cache.long_write_of_input)
        tiers = [_with_long_writes(rates, factor) for rates in tiers]
    for rule in overlay.tier:
        applies = rule.provider == model.provider and (not rule.models or model.id in rule.models)
        if applies and not any(rates.tier == rule.tier for rates in tiers):
            bands = times(tiers[0].bands, Fraction(rule.multiply))
            tiers.append(TierRates(rule.tier, bands, overlay.source.id))
    web_search = row.web_search
    if web_search is None and fee is not None:
        web_search = int(fee * UNITS_PER_DOLLAR)
    return msgspec.structs.replace(row, tiers=tuple(tiers), web_search=web_search)


def _sells_writes(model: ModelRates) -> bool:
    return any(
        band.cache_write_5m is not None
        for row in model.rows
        if (standard := of_tier(row, "standard")) is not None
        for band in standard.bands
    )


def _with_long_writes(rates: TierRates, of_input: Fraction) -> TierRates:
    def mend(band: Band) -> Band:
        if band.cache_write_5m is None or band.cache_write_1h is not None:
            return band
        return msgspec.structs.replace(band, cache_write_1h=round(band.input * of_input))

    return msgspec.structs.replace(rates, bands=tuple(map(mend, rates.bands)))


def _ms(duration: str) -> int:
    return int(duration[:-1]) * {"m": 60_000, "h": 3_600_000}[duration[-1]]
