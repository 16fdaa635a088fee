"""The few figures of a status line, by statements that are cheap and imports that are cheaper."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, NamedTuple

from toktui.clock import MINUTE_MS, QUARTER_MS
from toktui.metrics.pace import RunsOut, runs_out
from toktui.metrics.spent import load_use, whose

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from toktui.clock import Range

BURN_MINUTES: Final = 5
BEHIND_MS: Final = 5_000
BEHIND_BYTES: Final = 256 << 10
"""A log that has been still for so long, or has so much that is new, and is not read to its end:
nobody reads it. One that is followed is read within a fraction of a second."""
_SAME_MS: Final = 60_000
"""Ends of one window differ by less, from one response to the next."""
_RESIDUAL: Final = 3
"""Index of `residual` in `model.EXACTNESS`."""


class Cost(NamedTuple):
    """A sum of calls. Money is nano-dollars; None: there are calls and none is priced."""

    nusd: int | None
    lacks: bool
    """Unpriced calls are missing in it."""


class LimitSeen(NamedTuple):
    """An official window: as the agent says now, or as last seen."""

    name: str
    used_percent: float
    resets_ms: int | None
    window_minutes: int | None
    as_of_ms: int
    runs_out: RunsOut | None = None


class Glimpse(NamedTuple):
    """One look. Unknown is None."""

    session: Cost | None
    """The whole session; None: the store does not know it."""
    today: Cost
    burn: Cost
    """Of the last `BURN_MINUTES`, all agents, per hour."""
    limits: tuple[LimitSeen, ...]
    """What the agent says of each window, or what is known of it from elsewhere and newer."""
    behind: bool
    """Nobody reads the session's log: every figure lacks what is new."""


def load_glimpse(
    db: sqlite3.Connection,
    agent: str,
    said: Sequence[LimitSeen],
    *,
    session: str,
    log: str,
    today: Range,
    now_ms: int,
) -> Glimpse:
    """One state of the store; `log` is the path of the session's log, `said` its own windows.

    Raises sqlite3.Error.
    """
    db.execute("begin")
    return Glimpse(
        _session(db, agent, session),
        _today(db, today),
        _burn(db, now_ms),
        tuple(
            _foreseen(db, agent, limit, now_ms)
            for limit in _newest(said, _limits(db, agent, now_ms))
        ),
        bool(log) and _is_behind(db, log, now_ms),
    )


def _cost(calls: int, unpriced: int, nusd: int) -> Cost:
    return Cost(None if calls and unpriced == calls else nusd, unpriced > 0)


def _session(db: sqlite3.Connection, agent: str, session: str) -> Cost | None:
    calls, unpriced, nusd = db.execute(
        "select sum(t.calls), sum(t.unpriced), sum(t.cost_nusd) from name a"
        " join session s on s.agent = a.id and s.key = ?"
        " join session_total t on t.session = s.id where a.text = ?",
        (session, agent),
    ).fetchone()
    return _cost(calls, unpriced, nusd) if calls else None


def _today(db: sqlite3.Connection, today: Range) -> Cost:
    return _cost(
        *db.execute(
            "select coalesce(sum(calls), 0), coalesce(sum(unpriced), 0),"
            " coalesce(sum(cost_nusd), 0) from quarter where quarter >= ? and quarter < ?",
            (today.start_ms // QUARTER_MS, today.end_ms // QUARTER_MS),
        ).fetchone()
    )


def _burn(db: sqlite3.Connection, now_ms: int) -> Cost:
    calls, unpriced, nusd = db.execute(
        "select count(*), count(*) - count(c.cost_nusd), coalesce(sum(c.cost_nusd), 0)"
        " from session s indexed by session_last"
        " join call c on c.session = s.id and c.at_ms > ?1 and c.at_ms <= ?2"
        " where s.last_ms > ?1 and c.exactness <> ?3",
        (now_ms - BURN_MINUTES * MINUTE_MS, now_ms, _RESIDUAL),
    ).fetchone()
    return _cost(calls, unpriced, round(nusd * 60 / BURN_MINUTES))


def _limits(db: sqlite3.Connection, agent: str, now_ms: int) -> list[LimitSeen]:
    """Windows of the store that are still going on."""
    rows = db.execute(
        "select l.name, l.used_percent, l.resets_ms, l.window_minutes, l.as_of_ms"
        " from name a join limit_seen l on l.agent = a.id"
        " where a.text = ? and (l.resets_ms is null or l.resets_ms > ?)"
        " order by l.window_minutes, l.name",
        (agent, now_ms),
    )
    return [LimitSeen(*row) for row in rows]


def _newest(said: Sequence[LimitSeen], stored: Sequence[LimitSeen]) -> Iterator[LimitSeen]:
    """Each window by whoever knows more of it.

    A session that has been idle says what was true at its last response.
    """
    known = {limit.name: limit for limit in stored}
    for one in said:
        other = known.pop(one.name, one)
        yield other if _is_newer(other, one) else one
    yield from known.values()


def _is_newer(one: LimitSeen, other: LimitSeen) -> bool:
    """Whether it is the later of two windows, or the same one with more of it used."""
    if one.resets_ms is None or other.resets_ms is None:
        return False
    apart = one.resets_ms - other.resets_ms
    return apart > _SAME_MS or (abs(apart) <= _SAME_MS and one.used_percent > other.used_percent)


def _foreseen(db: sqlite3.Connection, agent: str, limit: LimitSeen, now_ms: int) -> LimitSeen:
    """The window with when it runs out."""
    end_ms, minutes = limit.resets_ms, limit.window_minutes
    if end_ms is None or minutes is None or end_ms <= now_ms:
        return limit
    start_ms = end_ms - minutes * MINUTE_MS
    seen_ms = max(start_ms, min(limit.as_of_ms, now_ms))
    calls = whose(agent, limit.name)
    use = load_use(db, calls, start_ms=start_ms, seen_ms=seen_ms, now_ms=now_ms)
    if use is None:
        return limit
    when = runs_out(
        limit.used_percent, use, start_ms=start_ms, seen_ms=seen_ms, end_ms=end_ms, now_ms=now_ms
    )
    return limit._replace(runs_out=when)


def _is_behind(db: sqlite3.Connection, log: str, now_ms: int) -> bool:
    try:
        status = os.stat(log)
    except OSError:
        return False
    row = db.execute(
        "select max(size, offset) from log where path = ?", (os.path.realpath(log),)
    ).fetchone()
    new = status.st_size - (row[0] if row else 0)
    still_ms = now_ms - status.st_mtime_ns // 1_000_000
    return new > 0 and (still_ms > BEHIND_MS or new > BEHIND_BYTES)
