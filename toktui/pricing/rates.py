"""The dated rate book: which rates a call of a model had at a time, in a tier.

The shipped book lies in `data/rates.json`. An update file and the user's own prices lie over it.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import msgspec

from toktui.model import Tier
from toktui.pricing import names
from toktui.pricing.own import OwnPrices, with_own_prices
from toktui.pricing.periods import BandRates, Rate, Timeline, bands_in, rate_of, timeline
from toktui.pricing.rows import BookFile, GeoRule, ModelLine, ModelRates, ShippedFile, Source

DATA: Final = Path(__file__).parent / "data"

K = TypeVar("K")
V = TypeVar("V")

_MOST_CACHED: Final = 4096
_NOWHERE: Final = frozenset({"", "global", "not_available", "default"})
"""Places that agents write when nothing was asked for."""


class Lifetimes(NamedTuple):
    """How long a prompt stays cached after a short and after a long write; None: not documented."""

    short_ms: int | None
    long_ms: int | None


@dataclass(frozen=True)
class Entry:
    """A model of the book, and what its rows' sources are."""

    line: ModelLine | ModelRates
    sources: Mapping[str, Source]
    main: Source

    @cached_property
    def model(self) -> ModelRates:
        """With its rows."""
        return self.line.whole() if isinstance(self.line, ModelLine) else self.line


@dataclass(frozen=True)
class RateBook:
    """All rates that are known. Make one with `load_book`; it never changes."""

    version: str
    """Of the shipped book, and of what lies over it."""
    date: datetime.date
    geo: tuple[GeoRule, ...]
    entries: Mapping[str, Entry] = field(repr=False)
    """By model id."""
    index: Mapping[str, str] = field(repr=False)
    """Model ids by spelling."""
    _canonical: dict[str, str | None] = field(
        init=False, repr=False, compare=False, default_factory=dict[str, "str | None"]
    )
    _timelines: dict[tuple[str, Tier], Timeline] = field(
        init=False, repr=False, compare=False, default_factory=dict[tuple[str, Tier], Timeline]
    )
    _placed: dict[tuple[str, str], tuple[BandRates, ...] | None] = field(
        init=False, repr=False, compare=False,
        default_factory=dict[tuple[str, str], "tuple[BandRates, ...] | None"],
    )

    def canonical(self, model: str) -> str | None:
        """The book's id of a model as logged; None if the book does not have exactly that model."""
        try:
            return self._canonical[model]
        except KeyError:
            found = (self.index.get(spelling) for spelling in names.spellings(model))
            model_id = next((found_id for found_id in found if found_id is not None), None)
            return _keep(self._canonical, model, model_id)

    def rate_for(self, model: str, at_ms: int, tier: Tier = "standard") -> Rate | None:
        """The rates of a model, as logged, at a UTC time; None if nobody documents any."""
        found = self._timelines.get((model, tier))
        if found is None:
            entry = self.entry(model)
            made = timeline(entry.model, tier, entry.sources, entry.main) if entry else Timeline()
            found = _keep(self._timelines, (model, tier), made)
        return found.only or found.at(at_ms)

    def bands(self, rate: Rate, geo: str | None) -> tuple[BandRates, ...] | None:
        """The rate's bands as they are in a place; None for a place whose price nobody documents.

        What agents write where no place was asked for costs what is published.
        """
        if geo is None or geo in _NOWHERE:
            return rate.bands
        key = (rate.rate_id, geo)
        if key not in self._placed:
            _keep(self._placed, key, self.bands_of(rate, geo))
        return self._placed[key]

    def bands_of(self, rate: Rate, geo: str | None) -> tuple[BandRates, ...] | None:
        """The same for a rate that need not be of this book."""
        if geo is None or geo in _NOWHERE:
            return rate.bands
        rule = self.geo_rule(rate.provider, geo)
        return rule and bands_in(rate, rule.numerator, rule.denominator)

    def geo_rule(self, provider: str, geo: str | None) -> GeoRule | None:
        """What a place multiplies; None if it multiplies nothing or is not known."""
        return next((r for r in self.geo if (r.provider, r.geo) == (provider, geo)), None)

    def window(self, model: str) -> int | None:
        """The context window in tokens, as the name states it or else as the book has it."""
        entry = self.entry(model)
        return entry and (names.window_in(model) or entry.line.window)

    def lifetimes(self, model: str) -> Lifetimes:
        """How long the vendor keeps a prompt of this model cached."""
        entry = self.entry(model)
        return Lifetimes(entry and entry.line.short_ms, entry and entry.line.long_ms)

    def entry(self, model: str) -> Entry | None:
        """What the book has of a model as logged."""
        model_id = self.canonical(model)
        return None if model_id is None else self.entries[model_id]

    def rates_of(self, model: str) -> Iterator[Rate]:
        """Every row of a model as logged, in every tier, oldest first: for lists."""
        entry = self.entry(model)
        if entry is None:
            return
        for row in entry.model.rows:
            for rates in row.tiers:
                source = entry.sources.get(rates.source, entry.main)
                yield rate_of(entry.model, row, rates, source)


def load_book(
    *, own: Mapping[str, OwnPrices] | None = None, update: BookFile | None = None
) -> RateBook:
    """The shipped book; over it an update's models, over these the user's own prices.

    `own` is `[prices]` of the config, by model name as logged.
    Raises `ConfigError` naming a price of the user's that cannot be used.
    """
    return book_of(shipped(), *((update,) if update else ()), own=own)


def shipped() -> ShippedFile:
    """The book that came with the program."""
    return msgspec.json.decode((DATA / "rates.json").read_bytes(), type=ShippedFile)


def book_of(
    *files: ShippedFile | BookFile, own: Mapping[str, OwnPrices] | None = None
) -> RateBook:
    """A book of files, each over the one before: a model of a later file replaces the earlier."""
    entries: dict[str, Entry] = {}
    index: dict[str, str] = {}
    for file in files:
        sources = {source.id: source for source in file.sources}
        for model in file.models:
            entries[model.id] = Entry(model, sources, file.sources[0])
            _add_names(index, model)
    geo = {(rule.provider, rule.geo): rule for file in files for rule in file.geo}
    version = "+".join(file.version for file in files)
    book = RateBook(version, files[-1].date, tuple(geo.values()), entries, index)
    return _with_own(book, own) if own else book


def _with_own(book: RateBook, own: Mapping[str, OwnPrices]) -> RateBook:
    entries, index = dict(book.entries), dict(book.index)
    added: list[str] = []
    for name, prices in own.items():
        base = book.entry(name)
        model, source = with_own_prices(name, prices, base and base.model)
        sources = {**(base.sources if base else {}), source.id: source}
        entries[model.id] = Entry(model, sources, base.main if base else source)
        _add_names(index, model)
        added.append(source.id)
    version = "+".join((book.version, *sorted(added)))
    return RateBook(version, book.date, book.geo, entries, index)


def _add_names(index: dict[str, str], model: ModelLine | ModelRates) -> None:
    """A model's own id always leads to it; another spelling leads to the first that has it."""
    index[model.id] = model.id
    for name in model.names:
        index.setdefault(name, model.id)
    if "/" not in model.id:
        for name in (model.id, *model.names):
            index.setdefault(f"{model.provider}/{name}", model.id)


def _keep(cache: dict[K, V], key: K, value: V) -> V:
    """Remembers, but not the names of a log that makes up new ones for ever."""
    if len(cache) >= _MOST_CACHED:
        cache.clear()
    cache[key] = value
    return value
