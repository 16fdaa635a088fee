"""What a range lost to turns that paid again for a context that was, or could have stayed, cached.

No rollup knows it: each call that read less than half of its prompt from a cache is held against
the call before it in its conversation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.metrics.burn import CALL_JOINS, CALL_SELECT, RESIDUAL, call_of
from toktui.metrics.cold import SMALLEST
from toktui.metrics.feed import coldness

if TYPE_CHECKING:
    import sqlite3

    from toktui.clock import Range
    from toktui.pricing.rates import RateBook

_PROMPT: Final = "(c.input + c.cache_read + c.cache_write_5m + c.cache_write_1h)"


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


def load_waste(db: sqlite3.Connection, book: RateBook, within: Range) -> Waste:
    """Of all calls of a range; looks at each of them."""
    rows = db.execute(
        f"{CALL_SELECT} from session s indexed by session_last"
        " cross join call c on c.session = s.id and c.at_ms >= ?1 and c.at_ms < ?2"
        f"{CALL_JOINS} where s.last_ms >= ?1 and s.first_ms < ?2 and c.exactness <> ?3"
        f" and c.cache_read * 2 < {_PROMPT} and {_PROMPT} >= ?4",
        (*within, RESIDUAL, SMALLEST),
    )
    counts: dict[str, int] = dict.fromkeys(Waste.__struct_fields__, 0)
    for row in rows.fetchall():
        cold = coldness(db, book, call_of(row))
        if cold is None:
            continue
        extra = cold.extra_nusd or 0
        counts["turns"] += 1
        counts["tokens"] += cold.tokens
        counts["nusd"] += extra
        counts["unpriced"] += cold.extra_nusd is None
        counts[cold.why] += 1
        counts[f"{cold.why}_nusd"] += extra
    return Waste(**counts)
