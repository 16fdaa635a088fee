"""What a range lost to turns that paid again for a context that was, or could have stayed, cached.

No rollup knows it: each call that read less than half of its prompt from a cache is held against
the call before it in its conversation.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.metrics.burn import CALL_JOINS, CALL_SELECT, RESIDUAL, call_of
from toktui.metrics.cold import SMALLEST
from toktui.metrics.feed import coldness
from toktui.metrics.filters import NO_FILTERS, Filters, columns_of, conditions
from toktui.metrics.scope import Scope
from toktui.metrics.sessions_in import sessions_in

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from toktui.clock import Range
    from toktui.pricing.rates import RateBook

_PROMPT: Final = "(c.input + c.cache_read + c.cache_write_5m + c.cache_write_1h)"


_SESSIONS: Final = "session s indexed by session_last"


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
    db: sqlite3.Connection, book: RateBook, within: Range, filters: Filters = NO_FILTERS
) -> Waste:
    """Of all calls that are meant of a range; looks at each call of the sessions that have one."""
    meant = "".join(f" and {fits}" for fits in conditions(db, filters, columns_of("c")))
    meant += _one_of(db, within, filters)
    rows = db.execute(
        f"{CALL_SELECT} from {_SESSIONS}"
        " cross join call c on c.session = s.id and c.at_ms >= ?1 and c.at_ms < ?2"
        f"{CALL_JOINS} where s.last_ms >= ?1 and s.first_ms < ?2 and c.exactness <> ?3"
        f" and c.cache_read * 2 < {_PROMPT} and {_PROMPT} >= ?4{meant}",
        (*within, RESIDUAL, SMALLEST),
    )
    counts: defaultdict[str, int] = defaultdict(int)
    sessions: defaultdict[tuple[int, str], int] = defaultdict(int)
    for row in rows.fetchall():
        call = call_of(row)
        cold = coldness(db, book, call)
        if cold is None:
            continue
        extra = cold.extra_nusd or 0
        sessions[call.session, call.session_key] += extra
        counts["turns"] += 1
        counts["tokens"] += cold.tokens
        counts["nusd"] += extra
        counts["unpriced"] += cold.extra_nusd is None
        counts[cold.why] += 1
        counts[f"{cold.why}_nusd"] += extra
    return Waste(**counts, worst=_worst(db, sessions))


def _worst(db: sqlite3.Connection, sessions: Mapping[tuple[int, str], int]) -> Worst | None:
    """The first of the costliest, by its id."""
    number, key = min(sessions, key=lambda each: (-sessions[each], each[1]), default=(0, ""))
    if not number or not sessions[number, key]:
        return None
    (project,) = db.execute(
        "select p.text from session s join name p on p.id = s.project where s.id = ?", (number,)
    ).fetchone()
    return Worst(number, key, project, sessions[number, key])


def calls_to_look_at(
    db: sqlite3.Connection, within: Range, filters: Filters = NO_FILTERS
) -> int:
    """How many calls `load_waste` would look at, at most."""
    (calls,) = db.execute(
        f"select coalesce(sum(s.calls), 0) from {_SESSIONS}"
        f" where s.last_ms >= ?1 and s.first_ms < ?2{_one_of(db, within, filters)}",
        within,
    ).fetchone()
    return int(calls)


def _one_of(db: sqlite3.Connection, within: Range, filters: Filters) -> str:
    """Of the sessions that have a call that is meant."""
    if not filters:
        return ""
    numbers = sessions_in(db, Scope(filters, within))
    return f" and s.id in ({', '.join(map(str, sorted(numbers)))})"
