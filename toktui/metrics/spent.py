"""What counts towards a window of a plan: the calls of an agent, or of one family of its models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from toktui.clock import MINUTE_MS, QUARTER_MS
from toktui.metrics.pace import Use

if TYPE_CHECKING:
    import sqlite3

HOUR_MS: Final = 60 * MINUTE_MS
RATES: Final = (5, 15)
"""Minutes over which the present burn is taken."""
_NAMED_BY_MODEL: Final = "claude-code"
_RESIDUAL: Final = 3
"""Index of `residual` in `model.EXACTNESS`."""


class Whose(NamedTuple):
    """Whose calls: an agent's, with `word` in the model's name."""

    agent: str
    word: str


def whose(agent: str, window: str) -> Whose:
    """`week opus` counts the calls of models with `opus` in their names; `week` counts all."""
    return Whose(agent, window.partition(" ")[2] if agent == _NAMED_BY_MODEL else "")


class Spent(NamedTuple):
    """A sum of calls; money is nano-dollars."""

    tokens: int
    nusd: int
    unpriced: int

    def of(self, *, priced: bool) -> int:
        """In dollars or in tokens."""
        return self.nusd if priced else self.tokens


def load_use(
    db: sqlite3.Connection, calls: Whose, *, start_ms: int, seen_ms: int, now_ms: int
) -> Use | None:
    """What was burned since a window began and is being burned now; None: nothing lately.

    In dollars where every call has a price, else in tokens. `seen_ms` is when its share was seen.
    """
    rates = [_since(db, calls, now_ms - minutes * MINUTE_MS, now_ms) for minutes in RATES]
    if not any(spent.tokens for spent in rates):
        return None
    whole = _from_quarter(db, calls, start_ms)
    priced = bool(whole.nusd) and not whole.unpriced
    if now_ms - seen_ms < HOUR_MS:
        later = _since(db, calls, seen_ms, now_ms).of(priced=priced)
    else:
        later = _from_quarter(db, calls, seen_ms + QUARTER_MS).of(priced=priced)
    return Use(
        max(0, whole.of(priced=priced) - later),
        later,
        tuple(
            spent.of(priced=priced) / (minutes * MINUTE_MS)
            for spent, minutes in zip(rates, RATES, strict=True)
        ),
    )


def _from_quarter(db: sqlite3.Connection, calls: Whose, from_ms: int) -> Spent:
    """From the quarter of an hour on that holds `from_ms`."""
    row = db.execute(
        "select coalesce(sum(q.input + q.cache_read + q.cache_write_5m + q.cache_write_1h"
        " + q.output), 0), coalesce(sum(q.cost_nusd), 0), coalesce(sum(q.unpriced), 0)"
        " from name a join quarter q on q.agent = a.id join name m on m.id = q.model"
        " where a.text = ?1 and q.quarter >= ?2 and (?3 = '' or instr(m.text, ?3))",
        (calls.agent, from_ms // QUARTER_MS, calls.word),
    ).fetchone()
    return Spent(*row)


def _since(db: sqlite3.Connection, calls: Whose, after_ms: int, now_ms: int) -> Spent:
    """Call by call in `(after, now]`; for an hour at most, further back is work."""
    row = db.execute(
        "select coalesce(sum(c.input + c.cache_read + c.cache_write_5m + c.cache_write_1h"
        " + c.output), 0), coalesce(sum(c.cost_nusd), 0), count(*) - count(c.cost_nusd)"
        " from session s indexed by session_last"
        " join call c on c.session = s.id and c.at_ms > ?1 and c.at_ms <= ?2"
        " join name a on a.id = c.agent join name m on m.id = c.model"
        " where s.last_ms > ?1 and a.text = ?3 and (?4 = '' or instr(m.text, ?4))"
        " and c.exactness <> ?5",
        (after_ms, now_ms, calls.agent, calls.word, _RESIDUAL),
    ).fetchone()
    return Spent(*row)
