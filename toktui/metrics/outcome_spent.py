"""What sessions cost as a whole, added up by where they worked and when they ended."""

from __future__ import annotations

import json
from bisect import bisect_right
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec

from toktui.clock import Range
from toktui.store.absurd import MOST

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence, Set


class Spent(msgspec.Struct, frozen=True):
    """List cost of sessions, in nano-dollars; None where none has a price."""

    nusd: int | None = None
    lacks: bool = False
    """Calls without a price are missing from it."""
    estimated: bool = False
    """Calls with estimated tokens are in it."""


class Which(NamedTuple):
    """Sessions whose last call is in a range; `meant`: only these, None: all."""

    within: Range
    meant: Set[int] | None
    estimated: Set[int] = frozenset()
    """Sessions with estimated calls, whether or not they are meant."""

    @property
    def with_estimates(self) -> Which:
        """Only those of the sessions that have estimated calls."""
        meant = self.estimated if self.meant is None else self.meant & self.estimated
        return self._replace(meant=meant)

    @property
    def table(self) -> str:
        """Where they are found, as `s`."""
        if self.meant is None:
            return "session s"
        return "json_each(?) j cross join session s on s.id = j.value"

    @property
    def condition(self) -> str:
        """What must be true of `s`."""
        return "s.last_ms >= ? and s.last_ms < ?"

    @property
    def values(self) -> list[object]:
        """Of the table and the condition."""
        meant = [] if self.meant is None else [json.dumps(list(self.meant))]
        return [*meant, *self.within]


class Group(NamedTuple):
    """Sessions of one folder, by its number, that made a landed change or did not."""

    linked: bool
    project: int
    sessions: int
    spent: Spent


_SPENT = "sum(s.cost_nusd), max(s.cost_nusd is null or s.unpriced > 0)"


def added(parts: Iterable[Spent]) -> Spent:
    """The sum; it stops at the largest number."""
    total: int | None = None
    lacks = estimated = False
    for part in parts:
        lacks, estimated = lacks or part.lacks, estimated or part.estimated
        if part.nusd is not None:
            total = min((total or 0) + part.nusd, MOST)
    return Spent(total, lacks, estimated)


def per_change(spent: Spent, changes: int | None) -> int | None:
    """Nano-dollars for each change, rounded half even; None without changes or prices."""
    return round(spent.nusd / changes) if spent.nusd is not None and changes else None


def groups_of(db: sqlite3.Connection, which: Which) -> list[Group]:
    """All of the sessions, each in one group."""
    # In the order of the index that has everything, where all sessions are meant.
    index = "indexed by session_place" if which.meant is None else ""
    rows = db.execute(
        f"select s.linked, s.project, count(*), {_SPENT} from {which.table} {index}"
        f" where {which.condition} group by s.project, s.linked",
        which.values,
    )
    marked = _estimated_groups(db, which.with_estimates)
    return [
        Group(bool(linked), project, count,
              Spent(nusd, bool(lacks), (linked, project) in marked))
        for linked, project, count, nusd, lacks in rows
    ]  # fmt: skip


def _estimated_groups(db: sqlite3.Connection, which: Which) -> set[tuple[int, int]]:
    rows = db.execute(
        f"select distinct s.linked, s.project from {which.table} where {which.condition}",
        which.values,
    )
    return set(rows)


def first_and_last(db: sqlite3.Connection, which: Which) -> tuple[int, int] | None:
    """When the first and the last of the sessions ended."""
    ends = (f"(select {end}(s.last_ms) from {which.table} where {which.condition})"
            for end in ("min", "max"))  # fmt: skip
    first, last = db.execute(f"select {', '.join(ends)}", which.values * 2).fetchone()
    return None if first is None else (first, last)


def spent_in(db: sqlite3.Connection, which: Which, spans: Sequence[Range]) -> list[Spent]:
    """What the sessions cost that ended in each of the spans, which follow each other."""
    found = [Spent()] * len(spans)
    estimated = rows_by_span(db, "1", which.with_estimates, spans, at="s.last_ms")
    marked = {i for i, _ in estimated}
    for i, nusd, lacks in rows_by_span(db, _SPENT, which, spans, at="s.last_ms"):
        found[i] = Spent(nusd, bool(lacks), i in marked)
    return found


class Chosen(Protocol):
    """Rows of a table that are meant."""

    @property
    def within(self) -> Range:
        """Times of rows."""
        ...

    @property
    def meant(self) -> Set[int] | None:
        """Only these; None: all."""
        ...

    @property
    def table(self) -> str:
        """Where they are found."""
        ...

    @property
    def values(self) -> list[object]:
        """Of the table, and the two ends of the range."""
        ...


def rows_by_span(
    db: sqlite3.Connection, columns: str, chosen: Chosen, spans: Sequence[Range], *, at: str
) -> list[tuple[Any, ...]]:
    """The columns of the rows whose time `at` is in a span, with the span's number before them.

    Of all rows those of a span are found by the index of times; else each is asked where it is.
    """
    if not spans:
        return []
    starts = [span.start_ms for span in spans]
    if chosen.meant is not None:

        def span_at(ms: int) -> int:
            return bisect_right(starts, ms) - 1

        db.create_function("span_at", 1, span_at)
        return db.execute(
            f"select span_at({at}), {columns} from {chosen.table} where {at} >= ? and {at} < ?"
            f" and {at} >= {starts[0]} and {at} < {spans[-1].end_ms} group by 1",
            chosen.values,
        ).fetchall()
    first, end = chosen.within
    cut = [[max(first, span.start_ms), min(end, span.end_ms)] for span in spans]
    return db.execute(
        "with span as (select key as i, json_extract(value, '$[0]') as a,"
        " json_extract(value, '$[1]') as b from json_each(?))"
        f" select span.i, {columns} from span cross join {chosen.table}"
        f" where {at} >= span.a and {at} < span.b group by span.i",
        (json.dumps(cut),),
    ).fetchall()
