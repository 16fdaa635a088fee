"""What vendors have said of the windows of plans: the newest of each, and a compact history.

Of every window the last word of each hour is kept, and at most one more where a window began anew
within it. Which word is the last is decided by the rows alone, so any order of reading and any
repetition gives the same ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from sqlite_utils import Database

_HOUR_MS: Final = 3_600_000
_RANK: Final = (
    "{0}.as_of_ms, {0}.used_percent, coalesce({0}.resets_ms, -1), coalesce({0}.window_minutes, -1)"
)
_IS_LATER: Final = f"({_RANK.format('excluded')}) > ({_RANK})"
_VALUES: Final = (
    " used_percent = excluded.used_percent, window_minutes = excluded.window_minutes,"
    " resets_ms = excluded.resets_ms, as_of_ms = excluded.as_of_ms"
)
_PUT_NEWEST: Final = (
    "insert into limit_seen (agent, name, used_percent, window_minutes, resets_ms, as_of_ms)"
    f" values (?, ?, ?, ?, ?, ?) on conflict (agent, name) do update set{_VALUES}"
    f" where {_IS_LATER.format('limit_seen')}"
)
_PUT_PAST: Final = (
    "insert into limit_past"
    " (agent, name, used_percent, window_minutes, resets_ms, as_of_ms, hour, ends)"
    " values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (agent, name, hour, ends) do update"
    f" set{_VALUES} where {_IS_LATER.format('limit_past')}"
)
_FORGOTTEN: Final = "select coalesce(max(before_ms), 0) from forgotten_rule where project is null"
_TABLE: Final = """
create table limit_past (
  agent integer not null,
  name text not null,
  hour integer not null,
  ends integer not null,
  used_percent real not null,
  window_minutes integer,
  resets_ms integer,
  as_of_ms integer not null,
  primary key (agent, name, hour, ends)
) without rowid
"""


class SeenLimit(NamedTuple):
    """What a vendor said of a window; `agent` is the number of its name."""

    agent: int
    name: str
    used_percent: float
    window_minutes: int | None
    resets_ms: int | None
    as_of_ms: int

    @property
    def place(self) -> tuple[int, str, int, int]:
        """Of several at one place, the last stays: agent, window, hour, hour in which it ends."""
        ends = 0 if self.resets_ms is None else (self.resets_ms + _HOUR_MS // 2) // _HOUR_MS
        return self.agent, self.name, self.as_of_ms // _HOUR_MS, ends

    @property
    def rank(self) -> tuple[float, ...]:
        """The total order that decides which one is the last."""
        resets = -1 if self.resets_ms is None else self.resets_ms
        minutes = -1 if self.window_minutes is None else self.window_minutes
        return self.as_of_ms, self.used_percent, resets, minutes


def put_limits(db: sqlite3.Connection, said: Iterable[SeenLimit]) -> None:
    """Keeps what was said, in the transaction at hand; of many words in an hour, the last."""
    last: dict[tuple[int, str, int, int], SeenLimit] = {}
    for limit in said:
        known = last.get(limit.place)
        if known is None or limit.rank > known.rank:
            last[limit.place] = limit
    if not last:
        return
    db.executemany(_PUT_NEWEST, last.values())
    (forgotten_ms,) = db.execute(_FORGOTTEN).fetchone()
    db.executemany(
        _PUT_PAST,
        [(*one, *place[2:]) for place, one in last.items() if one.as_of_ms >= forgotten_ms],
    )


def forget_limits(db: sqlite3.Connection, before_ms: int) -> None:
    """Takes out what was said before a time."""
    db.execute("delete from limit_past where as_of_ms < ?", (before_ms,))


def m004_limit_past(db: Database) -> None:
    """The history of windows, which begins with what was seen last."""
    db.conn.execute(_TABLE)
    rows = db.conn.execute(
        "select agent, name, used_percent, window_minutes, resets_ms, as_of_ms from limit_seen"
    ).fetchall()
    put_limits(db.conn, [SeenLimit(*row) for row in rows])
