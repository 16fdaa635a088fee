"""The dated rate book: which rates a call of a model had at a time, in a tier.

The shipped book lies in `data/rates.json`. An update file and the user's own prices lie over it.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Final, NamedTuple

import msgspec

from toktui.model import Tier
from toktui.pricing import names
from toktui.pricing.own import OwnPrices, with_own_prices
from toktui.pricing.rows import (
    Band,
    BookFile,
    GeoRule,
    ModelRates,
    Row,
    Source,
    of_tier,
)

DAY_MS: Final = 86_400_000
_MOST_CACHED: Final = 4096
_NOWHERE: Final = frozenset({"", "global", "not_available", "default"})
"""Places that agents write when nothing was asked for."""


class Lifetimes(NamedTuple):
    """How long a prompt stays cached after a short and after a long write; None: not documented."""

    short_ms: int | None
    long_ms: int | None


class BandRates(msgspec.Struct, frozen=True, gc=False):
    """What a call pays per bucket, in rate units, if its prompt has more than `above` tokens."""

    above: int
    rates: tuple[int, int, int, int, int]
    published: tuple[bool, bool, bool, bool, bool]
    """False: the vendor has no rate for the bucket, which costs what its parent costs."""


class Rate(msgspec.Struct, frozen=True):
    """The rates of one model, tier and period."""

    priced_as: str
    provider: str
    tier: Tier
    valid_from: datetime.date | None
    """The UTC day from which they hold; None: since the model exists."""
    hours: tuple[int, int] | None
    """Minutes of the UTC day between which they hold; None: all day."""
    before_first_date: bool
    """The call is older than the first known price, which is used nevertheless."""
    source: Source
    bands: tuple[BandRates, ...]
    web_search: int | None
    """Nano-dollars for one search; None: not known."""
    rate_id: str

    def band(self, prompt: int) -> BandRates:
        """The rates for a call of so many prompt tokens; on the edge the lower band holds."""
        found = self.bands[0]
        for band in self.bands[1:]:
            if prompt > band.above:
                found = band
        return found


class _Period(NamedTuple):
    start_ms: int
    hours: tuple[int, int] | None
    rate: Rate | None

    def holds(self, at_ms: int) -> bool:
        if at_ms < self.start_ms:
            return False
        if self.hours is None:
            return True
        first, last = self.hours
        minute = at_ms % DAY_MS // 60_000
        return first <= minute < last if first <= last else minute >= first or minute < last


class _Timeline(NamedTuple):
    """Periods, latest last; `only` is the rate of them all if time makes no difference."""

    periods: tuple[_Period, ...]
    only: Rate | None
    before: Rate | None

    def at(self, at_ms: int) -> Rate | None:
        for period in reversed(self.periods):
            if period.holds(at_ms):
                return period.rate
        return self.before


_NO_RATES: Final = _Timeline((), None, None)


class _Entry(NamedTuple):
    model: ModelRates
    sources: Mapping[str, Source]
    main: Source


@dataclass(frozen=True)
class RateBook:
    """All rates that are known. Make one with `load_book`; it never changes."""

    version: str
    """Of the shipped book, and of what lies over it."""
    date: datetime.date
    geo: tuple[GeoRule, ...]
    entries: Mapping[str, _Entry] = field(repr=False)
    _index: Mapping[str, str] = field(repr=False)
    _canonical: dict[str, str | None] = field(default_factory=dict[str, "str | None"], repr=False)
    _timelines: dict[tuple[str, Tier], _Timeline] = field(
        default_factory=dict[tuple[str, Tier], _Timeline], repr=False
    )

    def canonical(self, model: str) -> str | None:
        """The book's id of a model as logged; None if the book does not have exactly that model."""
        try:
            return self._canonical[model]
        except KeyError:
            found = (self._index.get(spelling) for spelling in names.spellings(model))
            model_id = next((found_id for found_id in found if found_id is not None), None)
            if len(self._canonical) >= _MOST_CACHED:
                self._canonical.clear()
            self._canonical[model] = model_id
            return model_id

    def rate_for(self, model: str, at_ms: int, tier: Tier = "standard") -> Rate | None:
        """The rates of a model, as logged, at a UTC time; None if nobody documents any."""
        timeline = self._timelines.get((model, tier))
        if timeline is None:
            timeline = self._add_timeline(model, tier)
        return timeline.only or timeline.at(at_ms)

    def geo_multiple(self, provider: str, geo: str | None) -> tuple[int, int] | None:
        """Numerator and denominator of a place; None if it is a place of unknown price."""
        if geo is None or geo in _NOWHERE:
            return 1, 1
        return next(
            ((rule.numerator, rule.denominator) for rule in self.geo
             if rule.provider == provider and rule.geo == geo),
            None,
        )

    def window(self, model: str) -> int | None:
        """The context window in tokens, as the name states it or else as the book has it."""
        entry = self._entry(model)
        return entry and (names.window_in(model) or entry.model.window)

    def lifetimes(self, model: str) -> Lifetimes:
        """How long the vendor keeps a prompt of this model cached."""
        entry = self._entry(model)
        return Lifetimes(entry.model.short_ms, entry.model.long_ms) if entry else Lifetimes(None, None)

    def models(self) -> tuple[ModelRates, ...]:
        """Every model of the book, for lists."""
        return tuple(entry.model for entry in self.entries.values())

    def rates_of(self, model_id: str) -> tuple[Rate, ...]:
        """Every row of a model in every tier, oldest first, for lists."""
        entry = self.entries.get(model_id)
        if entry is None:
            return ()
        return tuple(
            rate
            for row in entry.model.rows
            for rates in row.tiers
            if (rate := _rate(entry, row, rates.tier)) is not None
        )

    def _entry(self, model: str) -> _Entry | None:
        model_id = self.canonical(model)
        return None if model_id is None else self.entries[model_id]

    def _add_timeline(self, model: str, tier: Tier) -> _Timeline:
        entry = self._entry(model)
        timeline = _timeline(entry, tier) if entry else _NO_RATES
        if len(self._timelines) >= _MOST_CACHED:
            self._timelines.clear()
        self._timelines[model, tier] = timeline
        return timeline


def load_book(
    *, own: Mapping[str, OwnPrices] | None = None, update: BookFile | None = None
) -> RateBook:
    """The shipped book; over it an update's models, over these the user's own prices."""
    files = (shipped(), update) if update else (shipped(),)
    return book_of(*files, own=own)


def shipped() -> BookFile:
    """The book that came with the program."""
    data = resources.files("toktui.pricing").joinpath("data/rates.json").read_bytes()
    return msgspec.json.decode(data, type=BookFile)


def book_of(*files: BookFile, own: Mapping[str, OwnPrices] | None = None) -> RateBook:
    """A book of files, each over the one before: a model of a later file replaces the earlier."""
    entries: dict[str, _Entry] = {}
    index: dict[str, str] = {}
    for file in files:
        sources = {source.id: source for source in file.sources}
        for model in file.models:
            entries[model.id] = _Entry(model, sources, file.sources[0])
            _add_names(index, model)
    geo = {(rule.provider, rule.geo): rule for file in files for rule in file.geo}
    version = "+".join(file.version for file in files)
    book = RateBook(version, files[-1].date, tuple(geo.values()), entries, index)
    return _with_own(book, own, index) if own else book


def _with_own(
    book: RateBook, own: Mapping[str, OwnPrices], index: Mapping[str, str]
) -> RateBook:
    entries, names_of = dict(book.entries), dict(index)
    digests: list[str] = []
    for name, prices in own.items():
        known = book.canonical(name)
        base = book.entries[known] if known else None
        model, source = with_own_prices(name, prices, base.model if base else None)
        sources = {**(base.sources if base else {}), source.id: source}
        entries[model.id] = _Entry(model, sources, base.main if base else source)
        _add_names(names_of, model)
        digests.append(source.id)
    version = "+".join((book.version, *sorted(digests)))
    return RateBook(version, book.date, book.geo, entries, names_of)


def _add_names(index: dict[str, str], model: ModelRates) -> None:
    """A model's own id always leads to it; another spelling leads to the first that has it."""
    index[model.id] = model.id
    for name in model.names:
        index.setdefault(name, model.id)
    if "/" not in model.id:
        for name in (model.id, *model.names):
            index.setdefault(f"{model.provider}/{name}", model.id)


def _timeline(entry: _Entry, tier: Tier) -> _Timeline:
    periods = tuple(
        _Period(_start_ms(row), row.hours, _rate(entry, row, tier)) for row in entry.model.rows
    )
    first = periods[0]
    early = first.rate if first.rate and first.rate.valid_from else None
    before = early and msgspec.structs.replace(early, before_first_date=True)
    timeless = len(periods) == 1 and first.hours is None and before is None
    return _Timeline(periods, first.rate if timeless else None, before)


def _start_ms(row: Row) -> int:
    if row.valid_from is None:
        return -(1 << 62)
    epoch = datetime.date(1970, 1, 1)
    return (row.valid_from - epoch).days * DAY_MS


def _rate(entry: _Entry, row: Row, tier: Tier) -> Rate | None:
    rates = of_tier(row, tier)
    if rates is None:
        return None
    source = entry.sources.get(rates.source, entry.main)
    day = row.valid_from.isoformat() if row.valid_from else "start"
    hours = f".{row.hours[0]}-{row.hours[1]}" if row.hours else ""
    return Rate(
        priced_as=entry.model.id,
        provider=entry.model.provider,
        tier=tier,
        valid_from=row.valid_from,
        hours=row.hours,
        before_first_date=False,
        source=source,
        bands=tuple(map(_band_rates, rates.bands)),
        web_search=row.web_search,
        rate_id=f"{entry.model.id}:{tier}:{day}{hours}:{source.id}",
    )


def _band_rates(band: Band) -> BandRates:
    read, short, long = band.cache_read, band.cache_write_5m, band.cache_write_1h
    short_rate = band.input if short is None else short
    return BandRates(
        above=band.above,
        rates=(
            band.input,
            band.input if read is None else read,
            short_rate,
            short_rate if long is None else long,
            band.output,
        ),
        published=(True, read is not None, short is not None, long is not None, True),
    )
