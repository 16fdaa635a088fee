"""What each day of the last year cost, for its calendar."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.clock import day_start_ms
from toktui.metrics.filters import NO_FILTERS, Filters
from toktui.metrics.range_sums import sums_of_pieces

if TYPE_CHECKING:
    import sqlite3
    from zoneinfo import ZoneInfo

    from toktui.metrics.sums import Sums

WEEKS: Final = 53


class YearDay(msgspec.Struct, frozen=True):
    """One day in the zone."""

    day: datetime.date
    sums: Sums


def load_year(
    db: sqlite3.Connection, today: datetime.date, zone: ZoneInfo, filters: Filters = NO_FILTERS
) -> tuple[YearDay, ...]:
    """Every day from a Monday a year ago up to today, those without calls included."""
    one = datetime.timedelta(days=1)
    first = today - one * (today.weekday() + 7 * (WEEKS - 1))
    days = [first + one * n for n in range((today - first).days + 1)]
    edges = [day_start_ms(day, zone) for day in (*days, today + one)]
    return tuple(map(YearDay, days, sums_of_pieces(db, edges, filters=filters)))
