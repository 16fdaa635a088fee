"""The past of plans' windows: how full each was, as the vendor said, or what its calls cost.

Official windows come from `limit_past`. Claude's 5-hour blocks are derived from the calls
(`counting.md` section 5), for the vendor says nothing of those in which no status line ran.
"""

from __future__ import annotations

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
BLOCK_AGENT: Final = "claude-code"
BLOCK_NAME: Final = "5h"
_FURTHEST_MS: Final = 30 * DAY_MS
"""How far before a range its first block is looked for."""


_SUMS: Final = (
    "select coalesce(sum(calls), 0), coalesce(sum(input + cache_read + cache_write_5m"
    " + cache_write_1h + output), 0), coalesce(sum(cost_nusd), 0), coalesce(sum(unpriced), 0),"
    " coalesce(sum(estimated), 0) from quarter where quarter >= ? and quarter < ? and agent = ?"
)
_OF_WORD: Final = " and model in (select id from name where instr(text, ?))"


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
    estimated: int = 0
    """Calls whose tokens are estimated."""

    def holds(self, at_ms: int) -> bool:
        """Whether a time is in it."""
        return self.start_ms <= at_ms < self.end_ms


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
    return tuple(_with_calls(db, agent, name, _joined(rows)))


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
    first = (within.start_ms - _FURTHEST_MS) // QUARTER_MS
    quarters = db.execute(
        "select distinct q.quarter from name a join quarter q on q.agent = a.id where a.text = ?"
        " and q.quarter >= ? and q.quarter < ? and q.calls > q.residual order by q.quarter",
        (agent, first, -(-within.end_ms // QUARTER_MS)),
    )
    starts = block_starts(quarter * QUARTER_MS for (quarter,) in quarters)
    blocks = (
        PastWindow(start_ms=start, end_ms=start + BLOCK_MS)
        for start in starts
        if start >= within.start_ms
    )
    return tuple(_with_calls(db, agent, BLOCK_NAME, blocks))


def block_starts(quarters_ms: Iterable[int]) -> list[int]:
    """Where blocks begin, from the quarters of an hour with calls in their order.

    A block begins with the first call after the one before has ended, floored to the hour.
    """
    starts: list[int] = []
    for at_ms in quarters_ms:
        if not starts or at_ms >= starts[-1] + BLOCK_MS:
            starts.append(at_ms // _HOUR_MS * _HOUR_MS)
    return starts


def _with_calls(
    db: sqlite3.Connection, agent: str, name: str, windows: Iterable[PastWindow]
) -> Iterator[PastWindow]:
    """Windows with what their quarters of an hour hold, which they may share with a neighbour."""
    calls = whose(agent, name)
    row = db.execute("select id from name where text = ?", (agent,)).fetchone()
    number = -1 if row is None else int(row[0])
    statement, word = _SUMS + (_OF_WORD if calls.word else ""), calls.word
    for window in windows:
        span = (window.start_ms // QUARTER_MS, -(-window.end_ms // QUARTER_MS))
        values = (*span, number, word) if word else (*span, number)
        count, tokens, cost, unpriced, estimated = db.execute(statement, values).fetchone()
        yield msgspec.structs.replace(
            window, calls=count, tokens=tokens, unpriced=unpriced, estimated=estimated,
            cost_nusd=None if count and unpriced == count else cost,
        )  # fmt: skip


def known_windows(db: sqlite3.Connection) -> list[tuple[str, str, int | None, int]]:
    """Every window of which anything was ever said: agent, name, minutes, when it was last."""
    return db.execute(
        "select a.text, l.name, l.window_minutes, l.as_of_ms from limit_seen l"
        " join name a on a.id = l.agent order by 1, 3, 2"
    ).fetchall()
