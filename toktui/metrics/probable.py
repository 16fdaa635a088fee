"""What calls probably used beyond what their logs say: beside every sum, never in it.

A call whose log never got its final output is counted with what was logged. What its content
suggests on top of that is added up here, with its range.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.clock import QUARTER_MS
from toktui.metrics.names import has_rows, has_table
from toktui.metrics.select import Source
from toktui.store.estimates import PROBABLE

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence

    from toktui.clock import Range
    from toktui.metrics.question import Question
    from toktui.metrics.select import Group

_SOURCE: Final = Source(
    "probable", tuple(f"t.{name}" for name in PROBABLE), "t.quarter", names=PROBABLE
)
NOTHING: Final[Sequence[int]] = (0,) * len(PROBABLE)
"""The sums over no call."""
_SUMS: Final = ", ".join(f"coalesce(sum({name}), 0)" for name in PROBABLE)


class Probable(msgspec.Struct, frozen=True, kw_only=True):
    """Beyond the logged: tokens of output, and nano-dollars, null if no call of it has a price.

    `low` and `high` are sums of ranges that each hold 8 of 10 calls: the true sum is hardly ever
    outside of them.
    """

    calls: int
    """Calls with an estimate, of those of exactness `placeholder`."""
    output: int
    low: int
    high: int
    cost_nusd: int | None
    cost_low_nusd: int | None
    cost_high_nusd: int | None
    cost_usd: float | None
    unpriced_calls: int


def probable_of(numbers: Sequence[int]) -> Probable | None:
    """From sums in the order of PROBABLE; None if they are of no call."""
    calls, unpriced, output, low, high, *costs = numbers
    if not calls:
        return None
    cost, cost_low, cost_high = costs if calls > unpriced else (None, None, None)
    return Probable(
        calls=calls,
        output=output,
        low=low,
        high=high,
        cost_nusd=cost,
        cost_low_nusd=cost_low,
        cost_high_nusd=cost_high,
        cost_usd=None if cost is None else cost / 1e9,
        unpriced_calls=unpriced,
    )


def probable_groups(
    db: sqlite3.Connection, question: Question, period_of: Callable[[int], int]
) -> Iterator[Group]:
    """The sums of PROBABLE for the periods and keys of a report."""
    if has_estimates(db):
        yield from _SOURCE.rows(db, question, period_of)


def probable_within(
    db: sqlite3.Connection, within: Range, meant: str = ""
) -> Probable | None:
    """Of the calls of a range of whole quarters of an hour.

    `meant` are conditions on rows `q`, each after ` and `: `filters.conditions`.
    """
    if not has_estimates(db):
        return None
    found = db.execute(
        f"select {_SUMS} from probable q where q.quarter >= ? and q.quarter < ?{meant}",
        (within.start_ms // QUARTER_MS, within.end_ms // QUARTER_MS),
    )
    return probable_of(found.fetchone())


def probable_in(db: sqlite3.Connection, session: int) -> Probable | None:
    """Of the calls of a session, by its number in the store."""
    if not has_estimates(db):
        return None
    found = db.execute(f"select {_SUMS} from probable where session = ?", (session,))
    return probable_of(found.fetchone())


def can_estimate(db: sqlite3.Connection) -> bool:
    """Whether a call waits for an estimate whose agent logs what its models write."""
    from toktui.agents import agent  # noqa: PLC0415  only this question asks agents
    from toktui.agents.base import Agent  # noqa: PLC0415

    if not has_table(db, "waiting"):
        return False
    names = db.execute(
        "select a.text from name a where a.id in"
        " (select distinct c.agent from waiting w join call c on c.id = w.call)"
    )
    return any(type(agent(name)).said is not Agent.said for (name,) in names)


def has_estimates(db: sqlite3.Connection) -> bool:
    """Whether the store has any: an older one that can only be read has no table for them."""
    return has_rows(db, "probable")
