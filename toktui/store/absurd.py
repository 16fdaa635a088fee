"""Sums that no count in a log can break.

A log may say 2^53 tokens a thousand times; SQLite's `sum` fails beyond 64 bits, and with it every
statement over such calls. A store with a session that no agent can have had is marked, in the
transaction that brings it. Who opens a marked store adds up with a `sum` that stops at `MOST`.
That one is slow: stores without such sessions, which are all that an agent ever wrote, keep
SQLite's.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST: Final = (1 << 63) - 1
"""The largest number that SQLite has; a sum that is larger is this."""
ABSURD_TOKENS: Final = 1 << 42
"""4 million million of one session on one model. It takes a million such rows to leave 64 bits."""
ABSURD_NUSD: Final = 1 << 46
"""70,369 dollars for one session on one model. It takes 100,000 such rows to leave 64 bits."""

_MARK: Final = "absurd"
_COUNTS: Final = (
    "t.input + t.cache_read + t.cache_write_5m + t.cache_write_1h + t.output + t.reasoning"
    " + t.web_search"
)
_IS_ABSURD: Final = (
    f"({_COUNTS} >= {ABSURD_TOKENS}"
    f" or t.cost_nusd >= {ABSURD_NUSD}"
    f" or t.saved_nusd not between -{ABSURD_NUSD} and {ABSURD_NUSD})"
)
"""Over `t`, a row of `session_total`."""


def any_absurd(db: sqlite3.Connection, sessions: Iterable[int]) -> bool:
    """Whether sums must be guarded against one of these sessions."""
    found = db.execute(
        "select 1 from json_each(?) j cross join session_total t on t.session = j.value"
        f" where {_IS_ABSURD} limit 1",
        (f"[{','.join(map(str, sessions))}]",),
    )
    return found.fetchone() is not None


def count_absurd(db: sqlite3.Connection) -> int:
    """How many sessions are absurd."""
    (count,) = db.execute(
        f"select count(distinct t.session) from session_total t where {_IS_ABSURD}"
    ).fetchone()
    return int(count)


def mark(db: sqlite3.Connection) -> None:
    """Marks the store in the transaction at hand, and guards the sums of this connection."""
    db.execute("insert or ignore into setting (name, value) values (?, '1')", (_MARK,))
    guard_sums(db)


def unmark(db: sqlite3.Connection) -> None:
    """Takes the mark off a store that holds no absurd session any more."""
    if not count_absurd(db):
        db.execute("delete from setting where name = ?", (_MARK,))


def is_marked(db: sqlite3.Connection) -> bool:
    """Whether the store holds absurd sessions; False for what is no whole store of ours."""
    try:
        found = db.execute("select 1 from setting where name = ?", (_MARK,)).fetchone()
    except sqlite3.DatabaseError:
        return False
    return found is not None


def guard_marked(db: sqlite3.Connection) -> bool:
    """Guards the sums of a connection if its store is marked; whether it is."""
    marked = is_marked(db)
    if marked:
        guard_sums(db)
    return marked


def guard_sums(db: sqlite3.Connection) -> None:
    """Replaces SQLite's `sum` on this connection; no statement may be half read."""
    db.create_aggregate("sum", 1, _Sum)  # pyright: ignore[reportArgumentType]


class _Sum:
    """What SQLite calls for each row of a group, and once at its end."""

    def __init__(self) -> None:
        self._total: int | None = None

    def step(self, value: float | None) -> None:
        """An expression that left 64 bits comes as a float."""
        if value is not None:
            self._total = (self._total or 0) + int(value)

    def finalize(self) -> int | None:
        return None if self._total is None else max(-MOST, min(MOST, self._total))


def held_sum(expression: str) -> str:
    """SQL for a sum of what is not negative that stops at `MOST`, for any program.

    Halves of the numbers are added up: neither sum can leave 64 bits.
    """
    high, low = f"sum(({expression}) >> 31)", f"sum(({expression}) & {(1 << 31) - 1})"
    return f"iif({high} >> 32, {MOST}, min(({high} << 31) + {low}, {MOST}))"
