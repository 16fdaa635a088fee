"""One look at a stretch of time: its review, and what is asked for or can be told beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from toktui.clock import BEGINNING_MS, END_OF_TIME_MS, Range, local_date
from toktui.metrics.bought import load_bought
from toktui.metrics.filters import NO_FILTERS, Filters
from toktui.metrics.history import HistoryQuestion, Review, load_review
from toktui.metrics.question import is_limited
from toktui.metrics.scope import EVERYTHING, Scope
from toktui.metrics.spans import Span
from toktui.metrics.waste import Waste, load_waste
from toktui.metrics.year import YearDay, load_year

if TYPE_CHECKING:
    import sqlite3
    from zoneinfo import ZoneInfo

    from toktui.metrics.outcomes import Summary
    from toktui.pricing.rates import RateBook


class HistoryAbout(msgspec.Struct, frozen=True):
    """What is reviewed. Without a span: the week in which it is now, or the filter's time."""

    span: Span | None = None
    narrowed: Filters = NO_FILTERS
    """What a line that was opened is about, beside the filter of all screens."""
    name: str = ""
    """How that is called."""
    fixed: bool = False
    """The span was opened from within the filter's time, and holds although that is longer."""
    year: bool = False
    calendar: bool = False
    """Whether the screen has room for the year beside everything else."""


class History(msgspec.Struct, frozen=True):
    """The review, the days of the year if asked for, and the waste if the store knows it."""

    review: Review
    year: tuple[YearDay, ...]
    waste: Waste | None
    bought: Summary | None
    kept: bool
    """The time is the filter's, and does not move."""


def load_history(
    db: sqlite3.Connection,
    book: RateBook,
    about: HistoryAbout,
    now_ms: int,
    zone: ZoneInfo,
    scope: Scope = EVERYTHING,
) -> History:
    """All of it; each part from one state of the store."""
    filters = _narrowed(scope.filters, about.narrowed)
    span, kept = about.span, is_limited(scope.within)
    if kept and not about.fixed:
        span = _days_of(db, scope.within, now_ms, zone)
    review = load_review(db, book, HistoryQuestion(span, filters), now_ms, zone)
    year: tuple[YearDay, ...] = ()
    if about.year or about.calendar:
        year = load_year(db, local_date(now_ms, zone), zone, filters)
    waste = load_waste(db, review.within, filters)
    bought = load_bought(db, scope=Scope(filters, review.within))
    return History(review, year, waste, bought, kept)


def _narrowed(one: Filters, other: Filters) -> Filters:
    """What fits either; where both say something about a field, the narrower one that was opened
    later."""
    if not other:
        return one
    changes = {
        name: getattr(other, name)
        for name in ("agents", "models", "projects", "branches")
        if getattr(other, name)
    }
    return msgspec.structs.replace(one, **changes)


def _days_of(db: sqlite3.Connection, within: Range, now_ms: int, zone: ZoneInfo) -> Span:
    """The days of a filter's time; open ends are the store's first day and today."""
    today = local_date(now_ms, zone)
    last = today if within.end_ms == END_OF_TIME_MS else local_date(within.end_ms - 1, zone)
    if within.start_ms > BEGINNING_MS:
        first = local_date(within.start_ms, zone)
        return Span("days", first, max(first, last))
    begun = db.execute("select min(first_ms) from session").fetchone()[0]
    first = last if begun is None else local_date(begun, zone)
    return Span("days", min(first, last), last)
