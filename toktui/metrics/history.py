"""The review of a stretch of time: where the money went, beside the time before and the usual."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from statistics import median
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.clock import QUARTER_MS, Range, local_date
from toktui.metrics.change import Change, change_between
from toktui.metrics.change_facts import ModelGroup, Reason, reasons_for, sides_of
from toktui.metrics.filters import NO_FILTERS, Filters
from toktui.metrics.list_rates import ListRates
from toktui.metrics.one_state import one_state
from toktui.metrics.range_sums import SHORT, Place, groups_in, sums_in, sums_of_all
from toktui.metrics.rollup import last_quarter_before, span_of_quarters
from toktui.metrics.spans import Piece, Span, pieces, so_far, span_of, to_the_same_moment
from toktui.metrics.top_sessions import TopSession, top_sessions
from toktui.metrics.usual import FEWEST, WEEKS
from toktui.store.rollups import MEASURES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from toktui.metrics.sums import Sums
    from toktui.pricing.rates import RateBook

TOP: Final = 50
"""Lines of each list, at most."""
TOP_SESSIONS: Final = 20


class HistoryQuestion(msgspec.Struct, frozen=True):
    """What is reviewed; without a span the week of the day on which it is asked."""

    span: Span | None = None
    filters: Filters = NO_FILTERS


class Bar(msgspec.Struct, frozen=True):
    """A piece of the stretch, and who used what in it, dearest first over the whole stretch."""

    piece: Piece
    sums: Sums
    agents: Mapping[str, Sums]
    models: Mapping[str, Sums]


class UsualSpan(msgspec.Struct, frozen=True):
    """Medians over the last `count` comparable stretches, up to the same moment."""

    count: int
    nusd: int | None
    tokens: int
    calls: int
    cache_hit_rate: float | None


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known of a stretch; lists are dearest first."""

    span: Span
    within: Range
    """Up to now, if the stretch still runs."""
    running: bool
    bars: tuple[Bar, ...]
    sums: Sums
    before: Span
    before_within: Range
    """Up to the same moment, if the stretch still runs."""
    before_sums: Sums
    usual: UsualSpan | None
    """None: the store does not go back far enough, or such a stretch is never usual."""
    change: Change
    reasons: tuple[Reason, ...]
    """The parts of the change that are not nothing, largest first, with what is behind them."""
    agents: tuple[Place, ...]
    models: tuple[Place, ...]
    projects: tuple[Place, ...]
    branches: tuple[Place, ...]
    sessions: tuple[TopSession, ...]
    store_begins_ms: int | None
    """The first quarter of an hour of the store; None: it has no call."""
    calls_before_ms: int | None
    """The last quarter of an hour with a call before the stretch, whatever the filter is; only of
    one that has no call itself."""
    now_ms: int

    @property
    def has_before(self) -> bool:
        """Whether the store goes back to the time before."""
        begins = self.store_begins_ms
        return begins is not None and begins < self.before_within.end_ms


def load_review(
    db: sqlite3.Connection, book: RateBook, question: HistoryQuestion, now_ms: int, zone: ZoneInfo
) -> Review:
    """The review from one state of the store."""
    span = question.span or span_of("week", local_date(now_ms, zone))
    with one_state(db):
        return _Loader(db, book, question.filters, now_ms, zone).review(span)


class _Loader:
    def __init__(
        self, db: sqlite3.Connection, book: RateBook, filters: Filters, now_ms: int, zone: ZoneInfo
    ) -> None:
        self._db = db
        self._filters = filters
        self._now_ms = now_ms
        self._zone = zone
        self._rates = ListRates(db, book)

    def review(self, span: Span) -> Review:
        zone, now_ms = self._zone, self._now_ms
        within = so_far(span, zone, now_ms)
        before = compared_with(span)
        before_within = to_the_same_moment(before, span, zone, now_ms)
        cut = pieces(span, zone)
        starts = [piece.within.start_ms for piece in cut]
        groups = self._by_model(within, starts)
        old = self._by_model(before_within, [before_within.start_ms])
        sums, before_sums = _all(groups), _all(old)
        sides = [sides_of(found, self._rates) for found in (old, groups)]
        change = change_between(
            sides[0], sides[1], before_nusd=before_sums.priced_nusd, after_nusd=sums.priced_nusd
        )
        places = groups_in(
            self._db, within, ("project", "branch"), filters=self._filters, measures=SHORT
        )
        first, _ = span_of_quarters(self._db)
        begins = None if first is None else first * QUARTER_MS
        return Review(
            span=span,
            within=within,
            running=now_ms + 1 < span.range(zone).end_ms,
            bars=_bars(cut, groups),
            sums=sums,
            before=before,
            before_within=before_within,
            before_sums=before_sums,
            usual=self._usual(span, begins),
            change=change,
            reasons=reasons_for(change, sides[0], sides[1]),
            agents=_places((group.words[0], "", group.sums) for group in groups),
            models=_places((group.model, "", group.sums) for group in groups),
            projects=_places(((g.words[0], "", g.sums) for g in places), SHORT),
            branches=_places(
                ((g.words[1], g.words[0], g.sums) for g in places if g.words[1]), SHORT
            ),
            sessions=top_sessions(self._db, within, self._filters, sums, most=TOP_SESSIONS),
            store_begins_ms=begins,
            calls_before_ms=None if sums.calls else self._calls_before(within.start_ms),
            now_ms=now_ms,
        )

    def _calls_before(self, at_ms: int) -> int | None:
        quarter = last_quarter_before(self._db, at_ms // QUARTER_MS)
        return None if quarter is None else quarter * QUARTER_MS

    def _by_model(self, within: Range, starts: Sequence[int]) -> list[ModelGroup]:
        """By piece, agent, model and tier; also cut where a list price changed."""
        begun = (start for start in starts if start < within.end_ms)
        edges = sorted({*begun, *self._rates.changes_in(within), within.end_ms})
        found = groups_in(
            self._db, edges, ("agent", "model", "tier"), filters=self._filters
        )
        return [
            ModelGroup(
                group.words, group.priced_as, group.sums, edges[group.period],
                bisect_right(starts, edges[group.period]) - 1,
            )
            for group in found
        ]  # fmt: skip

    def _usual(self, span: Span, begins: int | None) -> UsualSpan | None:
        """Comparable stretches that the store knows whole."""
        if begins is None or span.kind not in ("day", "week", "month"):
            return None
        spans: list[Span] = [span]
        for _ in range(WEEKS):
            spans.append(compared_with(spans[-1]))
        begun = local_date(begins, self._zone)
        ranges = [
            to_the_same_moment(each, span, self._zone, self._now_ms)
            for each in spans[1:]
            if each.first >= begun
        ]
        if len(ranges) < FEWEST:
            return None
        found = [sums_in(self._db, each, filters=self._filters, measures=SHORT) for each in ranges]
        costs = [sums.cost_nusd for sums in found if sums.cost_nusd is not None]
        rates = [sums.cache_hit_rate for sums in found if sums.cache_hit_rate is not None]
        return UsualSpan(
            len(found),
            round(median(costs)) if len(costs) >= FEWEST else None,
            round(median(sums.tokens for sums in found)),
            round(median(sums.calls for sums in found)),
            median(rates) if len(rates) >= FEWEST else None,
        )


def compared_with(span: Span) -> Span:
    """The stretch before; of a day the same weekday a week before."""
    return span.moved(-7 if span.kind == "day" else -1)


def _all(groups: Sequence[ModelGroup]) -> Sums:
    return sums_of_all(group.sums for group in groups)


def _bars(cut: Sequence[Piece], groups: Sequence[ModelGroup]) -> tuple[Bar, ...]:
    by_piece: defaultdict[int, list[ModelGroup]] = defaultdict(list)
    for group in groups:
        by_piece[group.piece].append(group)
    return tuple(
        Bar(
            piece,
            _all(by_piece[index]),
            {p.name: p.sums for p in _places((g.words[0], "", g.sums) for g in by_piece[index])},
            {p.name: p.sums for p in _places((g.model, "", g.sums) for g in by_piece[index])},
        )
        for index, piece in enumerate(cut)
    )


def _places(
    rows: Iterable[tuple[str, str, list[int]]], measures: Sequence[str] = MEASURES
) -> tuple[Place, ...]:
    """The sums of each name, dearest first; then by tokens."""
    by_name: defaultdict[tuple[str, str], list[list[int]]] = defaultdict(list)
    for name, about, sums in rows:
        by_name[name, about].append(sums)
    found = [Place(*name, sums_of_all(rows, measures)) for name, rows in by_name.items()]
    found.sort(key=lambda place: (-place.sums.priced_nusd, -place.sums.tokens, place.name))
    return tuple(found[:TOP])
