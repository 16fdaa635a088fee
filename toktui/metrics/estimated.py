"""What estimated calls are between: their numbers are in every sum, marked `~`; here is the range.

A call whose agent counted nothing is estimated from its text. Its output has a range that holds 8
of 10 calls; of its input only the user's own words are known, so that input and cost are at least
what is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.clock import QUARTER_MS
from toktui.metrics.names import has_rows
from toktui.metrics.select import Source

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence

    from toktui.metrics.question import Question
    from toktui.metrics.select import Group

_NAMES: Final = ("estimates", "output", "low", "high", "priced", "least", "most")
_EDGE: Final = (
    "coalesce(t.cost_nusd - t.cost_output"
    " + iif(t.output, cast(t.cost_output * 1.0 * x.{} / t.output as integer), 0), 0)"
)
_SUMMED: Final = (
    "1", "t.output", "x.low", "x.high", "(t.cost_nusd is not null)", _EDGE.format("low"),
    _EDGE.format("high"),
)  # fmt: skip
_SOURCE: Final = Source(
    "spread x cross join call",
    _SUMMED,
    f"t.at_ms / {QUARTER_MS}",
    " on t.id = x.call join session s on s.id = t.session",
    names=_NAMES,
)
_IN_SESSION: Final = (
    f"select {', '.join(f'coalesce(sum({term}), 0)' for term in _SUMMED)}"
    " from call t join spread x on x.call = t.id where t.session = ?"
)
NO_ESTIMATES: Final[Sequence[int]] = (0,) * len(_NAMES)
"""The sums over no call."""


class Estimated(msgspec.Struct, frozen=True, kw_only=True):
    """Of estimated calls: their output, its range, and the range of their cost in nano-dollars,
    null if none has a price. Their input is the least that it can be, and so is their cost."""

    calls: int
    output: int
    low: int
    high: int
    cost_low_nusd: int | None
    cost_high_nusd: int | None


def estimated_of(numbers: Sequence[int]) -> Estimated | None:
    """From sums of `estimated_groups`; None if they are of no call."""
    calls, output, low, high, priced, least, most = numbers
    if not calls:
        return None
    return Estimated(
        calls=calls,
        output=output,
        low=low,
        high=high,
        cost_low_nusd=least if priced else None,
        cost_high_nusd=most if priced else None,
    )


def estimated_groups(
    db: sqlite3.Connection, question: Question, period_of: Callable[[int], int]
) -> Iterator[Group]:
    """Sums for the periods and keys of a report."""
    if has_spreads(db):
        yield from _SOURCE.rows(db, question, period_of)


def estimated_in(db: sqlite3.Connection, session: int) -> Estimated | None:
    """Of the calls of a session, by its number in the store."""
    if not has_spreads(db):
        return None
    return estimated_of(db.execute(_IN_SESSION, (session,)).fetchone())


def spread_of(db: sqlite3.Connection, call: int) -> tuple[int, int] | None:
    """Least and greatest output of an estimated call, by its number; None if it has no range."""
    if not has_spreads(db):
        return None
    return db.execute("select low, high from spread where call = ?", (call,)).fetchone()


def has_spreads(db: sqlite3.Connection) -> bool:
    """Whether a call is estimated: an older store that can only be read has no table for it."""
    return has_rows(db, "spread")
