"""The past of plans' windows: how full each was, as the vendor said, or what its calls cost.

Official windows come from `limit_past`. Claude's 5-hour blocks are derived from the calls
(`counting.md` section 5), for the vendor says nothing of those in which no status line ran.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.clock import DAY_MS, MINUTE_MS, QUARTER_MS, Range
from toktui.metrics.spent import whose

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

BLOCK_MS: Final = 5 * 3_600_000
"""Length of a window of Claude's plans."""
_HOUR_MS: Final = 3_600_000
_SAME_MS: Final = 10 * MINUTE_MS
"""Ends that differ by less are one window's: vendors round the time that is left."""
_FURTHEST_MS: Final = 30 * DAY_MS
"""How far before a range its first block is looked for."""


class PastWindow(msgspec.Struct, frozen=True, kw_only=True):
    """A window `[start, end)`: how full it was when it was seen last, and what its calls cost.

    `used_percent` None: the vendor said nothing. Money is nano-dollars; None: no call is priced.
    """

    start_ms: int
    end_ms: int
    used_percent: float | None = None
    seen_ms: int | None = None
    calls: int = 0
    tokens: int = 0
    cost_nusd: int | None = 0
    unpriced: int = 0

    def holds(self, at_ms: int) -> bool:
        """Whether a time is in it."""
        return self.start_ms <= at_ms < self.end_ms


class _Quarter(msgspec.Struct, frozen=True, gc=False):
    """The calls of a quarter of an hour; `own` are those that are not residual."""

    at_ms: int
    calls: int
    own: int
    tokens: int
    nusd: int
    unpriced: int


def official_windows(
    db: sqlite3.Connection, agent: str, name: str, within: Range
) -> tuple[PastWindow, ...]:
    """Windows of which the vendor said how full they were, oldest first, with their calls."""
    rows = db.execute(
        "select l.resets_ms, l.window_minutes, l.used_percent, l.as_of_ms from limit_past l"
        " join name a on a.id = l.agent where a.text = ? and l.name = ? and l.hour >= ?"
        " and l.hour <= ? and l.resets_ms > l.as_of_ms and l.window_minutes > 0"
        " order by l.resets_ms, l.as_of_ms",
        (agent, name, within.start_ms // _HOUR_MS, within.end_ms // _HOUR_MS),
    ).fetchall()
    seen = list(_joined(rows))
    if not seen:
        return ()
    start_ms = min(window.start_ms for window in seen)
    quarters = list(_quarters(db, agent, name, Range(start_ms, within.end_ms)))
    return tuple(_with_calls(seen, quarters))


def _joined(rows: Iterable[tuple[int, int, float, int]]) -> Iterator[PastWindow]:
    """One window for all words about it: its share never falls, so the largest is its last."""
    current: list[tuple[int, int, float, int]] = []
    for row in rows:
        if current and row[0] - current[-1][0] > _SAME_MS:
            yield _one(current)
            current = []
        current.append(row)
    if current:
        yield _one(current)


def _one(rows: Sequence[tuple[int, int, float, int]]) -> PastWindow:
    last = max(rows, key=lambda row: (row[3], row[2]))
    end_ms, minutes = last[0], last[1]
    return PastWindow(
        start_ms=end_ms - minutes * MINUTE_MS,
        end_ms=end_ms,
        used_percent=max(row[2] for row in rows),
        seen_ms=last[3],
    )


def derived_blocks(db: sqlite3.Connection, agent: str, within: Range) -> tuple[PastWindow, ...]:
    """The 5-hour blocks of an agent that begin in the range, oldest first."""
    before = Range(within.start_ms - _FURTHEST_MS, within.end_ms)
    quarters = list(_quarters(db, agent, "", before))
    starts = block_starts([quarter.at_ms for quarter in quarters if quarter.own])
    blocks = [
        PastWindow(start_ms=start, end_ms=start + BLOCK_MS)
        for start in starts
        if start >= within.start_ms
    ]
    return tuple(_with_calls(blocks, quarters))


def block_starts(quarters_ms: Iterable[int]) -> list[int]:
    """Where blocks begin, from the quarters of an hour with calls in their order.

    A block begins with the first call after the one before has ended, floored to the hour.
    """
    starts: list[int] = []
    for at_ms in quarters_ms:
        if not starts or at_ms >= starts[-1] + BLOCK_MS:
            starts.append(at_ms // _HOUR_MS * _HOUR_MS)
    return starts


def _quarters(
    db: sqlite3.Connection, agent: str, name: str, within: Range
) -> Iterator[_Quarter]:
    calls = whose(agent, name)
    rows = db.execute(
        f"select q.quarter * {QUARTER_MS}, sum(q.calls), sum(q.calls - q.residual),"
        " sum(q.input + q.cache_read + q.cache_write_5m + q.cache_write_1h + q.output),"
        " sum(q.cost_nusd), sum(q.unpriced) from quarter q join name a on a.id = q.agent"
        " where a.text = ?1 and q.quarter >= ?2 and q.quarter < ?3 and (?4 = '' or q.model in"
        " (select id from name where instr(text, ?4))) group by q.quarter order by q.quarter",
        (
            calls.agent, within.start_ms // QUARTER_MS, -(-within.end_ms // QUARTER_MS), calls.word,
        ),
    )  # fmt: skip
    return (_Quarter(*row) for row in rows)


def _with_calls(
    windows: Iterable[PastWindow], quarters: Sequence[_Quarter]
) -> Iterator[PastWindow]:
    """Windows with what their quarters of an hour hold, which they may share with a neighbour."""
    at = 0
    for window in windows:
        while at and quarters[at - 1].at_ms >= window.start_ms:
            at -= 1
        while at < len(quarters) and quarters[at].at_ms + QUARTER_MS <= window.start_ms:
            at += 1
        inside: list[_Quarter] = []
        end = at
        while end < len(quarters) and quarters[end].at_ms < window.end_ms:
            inside.append(quarters[end])
            end += 1
        yield msgspec.structs.replace(window, **_summed(inside))
        at = end


def _summed(quarters: Sequence[_Quarter]) -> dict[str, int | None]:
    calls, unpriced = sum(q.calls for q in quarters), sum(q.unpriced for q in quarters)
    cost = sum(q.nusd for q in quarters) if not calls or unpriced < calls else None
    return {
        "calls": calls, "tokens": sum(q.tokens for q in quarters), "cost_nusd": cost,
        "unpriced": unpriced,
    }  # fmt: skip


def known_windows(db: sqlite3.Connection) -> tuple[tuple[str, str], ...]:
    """Agent and name of every window of which anything was ever said, shortest first."""
    rows = db.execute(
        "select a.text, l.name, max(l.window_minutes) from limit_past l"
        " join name a on a.id = l.agent group by 1, 2 order by 1, 3, 2"
    ).fetchall()
    return tuple((agent, name) for (agent, name), _ in groupby(rows, lambda row: (row[0], row[1])))
