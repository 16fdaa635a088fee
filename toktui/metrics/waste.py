"""What a range lost to turns that paid again for a context that a cache had, or could have had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.metrics.filters import NO_FILTERS, Filters, columns_of, conditions
from toktui.store.cold_turns import WHY, cold_turns_of

if TYPE_CHECKING:
    import sqlite3

    from toktui.clock import Range

_SUMS: Final = "count(*), sum(t.tokens), coalesce(sum(t.extra_nusd), 0), sum(t.extra_nusd is null)"


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
    turns = f"from cold_turn t where t.at_ms >= ? and t.at_ms < ?{meant}"
    rows = db.execute(f"select t.why, {_SUMS} {turns} group by t.why", within).fetchall()
    if not rows:
        return Waste()
    counts: dict[str, int] = {}
    for why, calls, _, nusd, _ in rows:
        counts |= {WHY[why]: calls, f"{WHY[why]}_nusd": nusd}
    calls, tokens, nusd, unpriced = (sum(row[column] for row in rows) for column in range(1, 5))
    return Waste(calls, tokens, nusd, unpriced, **counts, worst=_worst(db, turns, within))


def _worst(db: sqlite3.Connection, turns: str, within: Range) -> Worst | None:
    """The first of the costliest, by its id."""
    found = db.execute(
        "select s.id, s.key, p.text, w.nusd from"
        f" (select t.session, sum(t.extra_nusd) as nusd {turns} group by t.session) w"
        " join session s on s.id = w.session join name p on p.id = s.project"
        " where w.nusd > 0 order by w.nusd desc, s.key limit 1",
        within,
    ).fetchone()
    return None if found is None else Worst(*found)
