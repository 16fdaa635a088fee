"""How full the windows of a plan are: as the vendor says, or derived from the calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from toktui.clock import DAY_MS, MINUTE_MS, QUARTER_MS
from toktui.metrics.pace import RunsOut, pace_of, runs_out
from toktui.metrics.spent import load_use, whose
from toktui.metrics.sums import SUM_SELECT, sums_of
from toktui.metrics.windows import BLOCK_AGENT, BLOCK_MS, BLOCK_NAME, block_starts

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

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
    unpriced: int = 0
    estimated: int = 0
    """Calls of a derived window without a price, and with estimated tokens."""
    pace: float | None = None
    """The used share over the elapsed share, when it was seen."""
    runs_out: RunsOut | None = None
    """When it is full at the present burn; None: not before it begins anew, or not known."""


def load_limits(db: sqlite3.Connection, now_ms: int) -> tuple[Limit, ...]:
    """Official windows as last seen, and the present 5-hour block where no official one goes on.

    A window that has begun anew since it was seen is unknown; a day after its end it is left out.
    """
    rows = db.execute(
        "select a.text, l.name, l.used_percent, l.resets_ms, l.as_of_ms, l.window_minutes"
        " from limit_seen l join name a on a.id = l.agent order by a.text, l.window_minutes, l.name"
    )
    seen = (
        Limit(agent, name, used, resets, "official", as_of, minutes)
        for agent, name, used, resets, as_of, minutes in rows
    )
    official = list(_present(seen, now_ms))
    known = {(limit.agent, limit.name) for limit in official if limit.used_percent is not None}
    block = None if (BLOCK_AGENT, BLOCK_NAME) in known else _block(db, now_ms)
    if block is not None:
        official = [one for one in official if (one.agent, one.name) != (BLOCK_AGENT, BLOCK_NAME)]
        return (block, *(_foreseen(db, limit, now_ms) for limit in official))
    return tuple(_foreseen(db, limit, now_ms) for limit in official)


def _present(limits: Iterable[Limit], now_ms: int) -> Iterator[Limit]:
    """Windows that go on, and as unknown those that have begun anew within a day."""
    for limit in limits:
        if limit.resets_ms is None or limit.resets_ms > now_ms:
            yield limit
        elif now_ms - limit.resets_ms < DAY_MS:
            yield msgspec.structs.replace(limit, used_percent=None, resets_ms=None)


def _foreseen(db: sqlite3.Connection, limit: Limit, now_ms: int) -> Limit:
    """The window with its pace, and when it runs out."""
    used, end_ms, minutes = limit.used_percent, limit.resets_ms, limit.window_minutes
    if used is None or end_ms is None or minutes is None:
        return limit
    start_ms = end_ms - minutes * MINUTE_MS
    seen_ms = max(start_ms, min(limit.as_of_ms, now_ms))
    calls = whose(limit.agent, limit.name)
    use = load_use(db, calls, start_ms=start_ms, seen_ms=seen_ms, now_ms=now_ms)
    return msgspec.structs.replace(
        limit,
        pace=pace_of(used, start_ms=start_ms, seen_ms=seen_ms, end_ms=end_ms),
        runs_out=None
        if use is None
        else runs_out(used, use, start_ms=start_ms, seen_ms=seen_ms, end_ms=end_ms, now_ms=now_ms),
    )


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
        sums.unpriced,
        sums.estimated,
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
    start = max(block_starts(reversed(quarters)), default=None)
    return start if start is not None and now_ms < start + BLOCK_MS else None
