"""Finds turns that wrote to the cache again what could have been read from it.

A call is held against the call before it in its conversation: it is cold if it sent anew at least
half of what that one had cached, and is no smaller, as a compacted context would be. It counts with
what it cost more, at the rates that priced it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from toktui.clock import DAY_MS
from toktui.model import FLAG_SUM, Tokens
from toktui.pricing.price import price_at
from toktui.store.cold_turns import (
    DAY_KEYS,
    SMALLEST,
    WHY,
    call_before,
    cold_turns_are_of,
    cold_turns_of,
    is_uncached,
    prompt_of,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

    from toktui.pricing.periods import Rate
    from toktui.pricing.rates import RateBook
    from toktui.store.cold_turns import Why
    from toktui.store.writer import Conversation, Writer

_AGAIN: Final = (
    "(min(p.cache_read + p.cache_write_5m + p.cache_write_1h,"
    f" {prompt_of('c')}) - c.cache_read)"
)
"""Tokens of what was cached that were sent anew."""
_COLD: Final = (
    "select c.at_ms, c.id, c.session, c.agent_id, c.agent, c.model, c.priced, c.project, c.branch,"
    " c.rate, c.geo, c.input, c.cache_read, c.cache_write_5m, c.cache_write_1h, c.cost_nusd,"
    f" {_AGAIN}, p.at_ms, p.model, p.cache_write_1h > 0, m.text"
    f" from call c indexed by call_uncached join call p on p.id = {call_before('c')}"
    " join name m on m.id = p.model"
    f" where c.session = ? and c.agent_id = ? and c.at_ms >= ? and {is_uncached('c')}"
    f" and not (c.flags | p.flags) & {FLAG_SUM}"
    # A prompt that is smaller than four fifths of the one before was compacted or cleared.
    f" and {prompt_of('c')} * 5 >= {prompt_of('p')} * 4"
    f" and {_AGAIN} >= {SMALLEST}"
    f" and {_AGAIN} * 2 >= p.cache_read + p.cache_write_5m + p.cache_write_1h"
)
_CONVERSATIONS: Final = (
    "select distinct session, agent_id, 0 from call c indexed by call_uncached"
    f" where {is_uncached('c')}"
)
_GONE: Final = (
    "delete from cold_turn where session = ? and agent_id = ? and at_ms >= ? returning at_ms"
)
_PUT: Final = f"insert into cold_turn values ({', '.join('?' * 13)})"
_DAY_GONE: Final = "delete from cold_day where session = ? and day = ?"
_PUT_DAY: Final = (
    f"insert into cold_day select at_ms / {DAY_MS}, {', '.join(DAY_KEYS[1:])}, count(*),"
    " sum(tokens), coalesce(sum(extra_nusd), 0), sum(extra_nusd is null) from cold_turn"
    f" where session = ?1 and at_ms >= ?2 * {DAY_MS} and at_ms < (?2 + 1) * {DAY_MS} group by"
    f" {', '.join(str(number + 1) for number in range(len(DAY_KEYS)))}"
)
_Since = tuple[int, int, int]
"""A conversation, and a time."""


class _Pair(NamedTuple):
    """A row of `_COLD`: the cold call, and what matters of the one before it."""

    at_ms: int
    call: int
    session: int
    agent_id: int
    agent: int
    model: int
    priced: int
    project: int
    branch: int
    rate: int
    geo: str
    input: int
    cache_read: int
    cache_write_5m: int
    cache_write_1h: int
    cost_nusd: int | None
    again: int
    before_ms: int
    before_model: int
    before_long: int
    """Whether it wrote for the long lifetime."""
    before_name: str


class ColdTurns:
    """Keeps the cold turns of one store as its calls change; the writer tells of that."""

    def __init__(self, writer: Writer, book: RateBook) -> None:
        self._writer = writer
        self._db: sqlite3.Connection = writer.db
        self._book = book
        self._rates: dict[int, Rate | None] = {}
        writer.on_flush = self.find

    def clear(self) -> None:
        """Forgets the rates of the store, whose numbers a rollback may have undone."""
        self._rates.clear()

    def find(self, changed: Mapping[Conversation, int]) -> None:
        """Finds those of some conversations anew, each from the first time at which a call
        changed."""
        since = [(*conversation, at_ms) for conversation, at_ms in changed.items()]
        days: set[tuple[int, int]] = set()
        for each in since:
            gone = self._db.execute(_GONE, each).fetchall()
            days.update((each[0], at_ms // DAY_MS) for (at_ms,) in gone)
        self._put(since, days)

    def find_all(self) -> None:
        """Finds all, where they are not known or are of another rate book."""
        if cold_turns_of(self._db) == self._book.version:
            return
        with self._writer.transaction():
            self._db.execute("delete from cold_turn")
            self._db.execute("delete from cold_day")
            self._put(self._db.execute(_CONVERSATIONS).fetchall(), set())
            cold_turns_are_of(self._db, self._book.version)

    def _put(self, since: Iterable[_Since], days: set[tuple[int, int]]) -> None:
        """Writes those since some times, and the days of theirs and of those that are gone."""
        for each in since:
            found = list(map(_Pair._make, self._db.execute(_COLD, each)))
            self._db.executemany(_PUT, map(self._row, found))
            days.update((pair.session, pair.at_ms // DAY_MS) for pair in found)
        self._db.executemany(_DAY_GONE, days)
        self._db.executemany(_PUT_DAY, days)

    def _row(self, pair: _Pair) -> tuple[object, ...]:
        why, expired_ms = self._reason(pair)
        return (*pair[:9], WHY.index(why), pair.again, self._extra(pair), expired_ms)

    def _reason(self, pair: _Pair) -> tuple[Why, int | None]:
        if pair.model != pair.before_model:
            return "model", None
        lives = self._book.lifetimes(pair.before_name)
        life = lives.long_ms if pair.before_long else lives.short_ms
        gone = 0 if life is None else pair.at_ms - pair.before_ms - life
        return ("expired", gone) if gone > 0 else ("lost", None)

    def _extra(self, pair: _Pair) -> int | None:
        """The prompt as it was, minus the prompt with what was sent anew read instead."""
        rate = None if pair.cost_nusd is None else self._rate(pair.rate)
        bands = rate and self._book.bands_of(rate, pair.geo)
        if rate is None or bands is None:
            return None
        left = pair.again
        kept: list[int] = []
        for count in (pair.cache_write_1h, pair.cache_write_5m, pair.input):
            moved = min(left, count)
            left -= moved
            kept.append(count - moved)
        long, short, fresh = kept
        was = Tokens(pair.input, pair.cache_read, pair.cache_write_5m, pair.cache_write_1h)
        warm = Tokens(fresh, pair.cache_read + pair.again - left, short, long)
        costs = [price_at(rate, bands, tokens, 0) for tokens in (was, warm)]
        if costs[0] is None or costs[1] is None:
            return None
        return costs[0].total_nusd - costs[1].total_nusd

    def _rate(self, number: int) -> Rate | None:
        """The rate that priced a call; None where its row says nothing that is understood."""
        if number not in self._rates:
            from toktui.pricing.derive import RateRow  # noqa: PLC0415  few turns are cold

            row = self._db.execute("select body from rate where id = ?", (number,)).fetchone()
            try:
                found = row and msgspec.json.decode(row[0], type=RateRow).rate
            except msgspec.DecodeError:
                found = None
            self._rates[number] = found
        return self._rates[number]
