"""What is usual for a day: the same weekday of the last weeks, up to the same time of day."""

from __future__ import annotations

import datetime
from statistics import median
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.clock import QUARTER_MS, day_start_ms, local_date
from toktui.metrics.sums import SUM_SELECT, sums_of

if TYPE_CHECKING:
    import sqlite3
    from zoneinfo import ZoneInfo

WEEKS: Final = 4
FEWEST: Final = 2
"""Days that it takes to call something usual."""


class Usual(msgspec.Struct, frozen=True):
    """Medians over the days; None: too few of them, or nothing known."""

    days: int
    nusd: int | None
    tokens: int | None
    cache_hit_rate: float | None


NOTHING_USUAL: Final = Usual(0, None, None, None)


def load_usual(
    db: sqlite3.Connection, now_ms: int, zone: ZoneInfo, meant: str = ""
) -> Usual:
    """The same weekday up to this time over the last four weeks, as far as the store goes back.

    `meant` are conditions on rows `q`, each after ` and `: `filters.conditions`.
    """
    first = db.execute("select min(quarter) from quarter").fetchone()[0]
    if first is None:
        return NOTHING_USUAL
    begun = local_date(int(first) * QUARTER_MS, zone)
    today = local_date(now_ms, zone)
    days = [today - datetime.timedelta(weeks=week) for week in range(1, WEEKS + 1)]
    spans = [_until_now(day, now_ms, zone) for day in days if day >= begun]
    if len(spans) < FEWEST:
        return NOTHING_USUAL
    costs: list[int] = []
    tokens: list[int] = []
    rates: list[float] = []
    for start, end in spans:
        cost, total, read, prompt, calls, unpriced = _until(db, start, end, meant)
        tokens.append(total)
        if not calls or unpriced < calls:
            costs.append(cost)
        if prompt:
            rates.append(read / prompt)
    return Usual(
        len(spans),
        round(median(costs)) if len(costs) >= FEWEST else None,
        round(median(tokens)),
        median(rates) if len(rates) >= FEWEST else None,
    )


def _until_now(day: datetime.date, now_ms: int, zone: ZoneInfo) -> tuple[int, int]:
    """From the start of a day to the time of day that it is now."""
    time_of_day = datetime.datetime.fromtimestamp(now_ms / 1000, zone).time()
    end = datetime.datetime.combine(day, time_of_day, tzinfo=zone)
    return day_start_ms(day, zone), round(end.timestamp() * 1000)


def _until(
    db: sqlite3.Connection, start: int, end: int, meant: str
) -> tuple[int, int, int, int, int, int]:
    """Cost, tokens, cache reads, prompt tokens, calls and unpriced calls of `[start, end]`.

    Whole quarters come from the rollup, what is left of the last one from its calls.
    """
    edge = end // QUARTER_MS
    whole = sums_of(
        db.execute(
            f"select {SUM_SELECT} from quarter q where q.quarter >= ? and q.quarter < ?{meant}",
            (start // QUARTER_MS, edge),
        ).fetchone()
    )
    rest = db.execute(
        "select coalesce(sum(q.cost_nusd), 0), coalesce(sum(q.cache_read), 0),"
        " coalesce(sum(q.input + q.cache_read + q.cache_write_5m + q.cache_write_1h), 0),"
        " coalesce(sum(q.output), 0), count(*), count(*) - count(q.cost_nusd)"
        " from session s indexed by session_last"
        " join call q on q.session = s.id and q.at_ms >= ?1 and q.at_ms <= ?2"
        f" where s.last_ms >= ?1 and s.first_ms <= ?2{meant}",
        (max(start, edge * QUARTER_MS), end),
    ).fetchone()
    cost, read, prompt, output, calls, unpriced = rest
    return (
        whole.priced_nusd + cost,
        whole.tokens + prompt + output,
        whole.cache_read + read,
        whole.prompt + prompt,
        whole.calls + calls,
        whole.unpriced + unpriced,
    )
