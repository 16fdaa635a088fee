"""How full the windows of a plan are: as the vendor says, or derived from the calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from toktui.clock import DAY_MS, QUARTER_MS
from toktui.metrics.sums import SUM_SELECT, sums_of

if TYPE_CHECKING:
    import sqlite3

BLOCK_MS: Final = 5 * 3_600_000
"""Length of a window of Claude's plans."""
BLOCK_AGENT: Final = "claude-code"
BLOCK_NAME: Final = "5h"
_HOUR_MS: Final = 3_600_000
_FURTHEST_MS: Final = 30 * DAY_MS


class Limit(msgspec.Struct, frozen=True):
    """One window of a plan. `official` comes from a log, `derived` from the calls."""

    agent: str
    name: str
    used_percent: float | None
    resets_ms: int | None
    source: Literal["official", "derived"]
    as_of_ms: int
    window_minutes: int | None = None
    cost_nusd: int | None = None
    """What a derived window has cost so far."""
    tokens: int | None = None

    def is_over(self, now_ms: int) -> bool:
        """Whether the window has begun anew since."""
        return self.resets_ms is not None and self.resets_ms <= now_ms


def load_limits(db: sqlite3.Connection, now_ms: int) -> tuple[Limit, ...]:
    """Official windows as last seen; the present 5-hour block, where there is no official one."""
    rows = db.execute(
        "select a.text, l.name, l.used_percent, l.resets_ms, l.as_of_ms, l.window_minutes"
        " from limit_seen l join name a on a.id = l.agent order by a.text, l.window_minutes, l.name"
    )
    official = tuple(
        Limit(agent, name, used, resets, "official", as_of, minutes)
        for agent, name, used, resets, as_of, minutes in rows
    )
    if any(limit.agent == BLOCK_AGENT and not limit.is_over(now_ms) for limit in official):
        return official
    block = _block(db, now_ms)
    return official if block is None else (block, *official)


def _block(db: sqlite3.Connection, now_ms: int) -> Limit | None:
    """The 5-hour block that `now_ms` is in; None between blocks."""
    agent = db.execute("select id from name where text = ?", (BLOCK_AGENT,)).fetchone()
    start = None if agent is None else _block_start(db, int(agent[0]), now_ms)
    if agent is None or start is None:
        return None
    sums = sums_of(
        db.execute(
            f"select {SUM_SELECT} from quarter where quarter >= ? and quarter < ? and agent = ?",
            (start // QUARTER_MS, (start + BLOCK_MS) // QUARTER_MS, agent[0]),
        ).fetchone()
    )
    return Limit(
        BLOCK_AGENT,
        BLOCK_NAME,
        None,
        start + BLOCK_MS,
        "derived",
        now_ms,
        BLOCK_MS // 60_000,
        sums.cost_nusd,
        sums.tokens,
    )


def _block_start(db: sqlite3.Connection, agent: int, now_ms: int) -> int | None:
    """Start of the present block.

    A call five hours after the one before it begins a block, whatever came earlier; from there on
    blocks follow each other. They begin on the hour, so quarters are as good as calls.
    """
    quarters: list[int] = []
    for (quarter,) in db.execute(
        "select distinct quarter from quarter where agent = ? and quarter <= ? and quarter > ?"
        " and calls > residual order by quarter desc",
        (agent, now_ms // QUARTER_MS, (now_ms - _FURTHEST_MS) // QUARTER_MS),
    ):
        at_ms = int(quarter) * QUARTER_MS
        before = quarters[-1] if quarters else now_ms
        if before - at_ms > BLOCK_MS + QUARTER_MS:
            break
        quarters.append(at_ms)
    start: int | None = None
    for at_ms in reversed(quarters):
        if start is None or at_ms >= start + BLOCK_MS:
            start = at_ms // _HOUR_MS * _HOUR_MS
    return start if start is not None and now_ms < start + BLOCK_MS else None
