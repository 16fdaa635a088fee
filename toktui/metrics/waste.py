"""What a range lost to turns that paid again for a context that a cache had, or could have had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.clock import DAY_MS
from toktui.metrics.filters import NO_FILTERS, Filters, columns_of, conditions
from toktui.store.absurd import MOST
from toktui.store.cold_turns import WHY, cold_turns_of

if TYPE_CHECKING:
    import sqlite3

    from toktui.clock import Range

_TURNS: Final = (
    "select t.session, t.why, 1 as turns, t.tokens, coalesce(t.extra_nusd, 0) as nusd,"
    " t.extra_nusd is null as unpriced from cold_turn t where t.at_ms >= {} and t.at_ms < {}"
)
_DAYS: Final = (
    "select t.session, t.why, t.turns, t.tokens, t.nusd, t.unpriced"
    " from cold_day t where t.day >= {} and t.day < {}"
)


class Worst(msgspec.Struct, frozen=True):
    """The session whose cold turns cost most; `number` is that of the store."""

    number: int
    id: str
    project: str
    nusd: int


class Waste(msgspec.Struct, frozen=True):
    """Cold turns by why: the cache had expired, the model had changed, or nobody knows."""

    turns: int = 0
    tokens: int = 0
    """Sent anew instead of read."""
    nusd: int = 0
    """What that cost more, of the turns with a price."""
    unpriced: int = 0
    expired: int = 0
    expired_nusd: int = 0
    model: int = 0
    model_nusd: int = 0
    lost: int = 0
    lost_nusd: int = 0
    worst: Worst | None = None
    """None: no cold turn has a price."""


def load_waste(
    db: sqlite3.Connection, within: Range, filters: Filters = NO_FILTERS
) -> Waste | None:
    """Of all calls that are meant of a range; None where the store does not know its cold turns."""
    if cold_turns_of(db) is None:
        return None
    meant = "".join(f" and {fits}" for fits in conditions(db, filters, columns_of("t")))
    turns = f"({_pieces(within, meant)}) t"
    rows = db.execute(
        "select t.why, sum(t.turns), sum(t.tokens), sum(t.nusd), sum(t.unpriced)"
        f" from {turns} group by t.why"
    ).fetchall()
    if not rows:
        return Waste()
    counts: dict[str, int] = {}
    for why, calls, _, nusd, _ in rows:
        counts |= {WHY[why]: calls, f"{WHY[why]}_nusd": nusd}
    calls, tokens, nusd, unpriced = (
        min(sum(row[column] for row in rows), MOST) for column in range(1, 5)
    )
    return Waste(calls, tokens, nusd, unpriced, **counts, worst=_worst(db, turns))


def _pieces(within: Range, meant: str) -> str:
    """SQL for what adds up to a range: whole UTC days, and the turns before and behind them."""
    start, end = int(within.start_ms), int(within.end_ms)
    first, last = -(-start // DAY_MS), end // DAY_MS
    if first >= last:
        return _TURNS.format(start, end) + meant
    edges = ((start, first * DAY_MS), (last * DAY_MS, end))
    pieces = [_DAYS.format(first, last), *(_TURNS.format(*edge) for edge in edges)]
    return " union all ".join(piece + meant for piece in pieces)


def _worst(db: sqlite3.Connection, turns: str) -> Worst | None:
    """The first of the costliest, by its id."""
    found = db.execute(
        "select s.id, s.key, p.text, w.nusd from"
        f" (select t.session, sum(t.nusd) as nusd from {turns} group by t.session) w"
        " join session s on s.id = w.session join name p on p.id = s.project"
        " where w.nusd > 0 order by w.nusd desc, s.key limit 1"
    ).fetchone()
    return None if found is None else Worst(*found)
