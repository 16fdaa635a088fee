"""Which table answers a question about totals, and the statement that asks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.clock import QUARTER_MS, Range
from toktui.metrics.filters import Columns, Filters, columns_of, conditions
from toktui.metrics.question import Key, Question, is_limited
from toktui.metrics.rollup import span_of_quarters
from toktui.model import TIERS
from toktui.store.rollups import MEASURES, of_a_call

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence

SUMS: Final = MEASURES[: MEASURES.index("cost_nusd") + 1]
"""What a report adds up, in the order of the rollups."""

class Group(msgspec.Struct, frozen=True, gc=False):
    """Calls that are added up: by index of their period, words of the keys, and the book's name."""

    period: int
    words: tuple[str, ...]
    priced_as: str
    """Empty for unpriced calls, and where `model` is no key."""
    sums: list[int]


class Source(msgspec.Struct, frozen=True):
    """A table, `t` in its expressions; `sums` are the expressions of `names`."""

    table: str
    sums: tuple[str, ...]
    quarter: str
    session: str = ""
    """How `s`, the session, is joined."""
    by_session: bool = False
    """Reached through the sessions that lived in the range."""
    names: tuple[str, ...] = SUMS

    def span(self, db: sqlite3.Connection, within: Range) -> tuple[int, int] | None:
        """Milliseconds from the first to the last call that can be in the range; None: no calls."""
        if self.table == "quarter":
            first, last = span_of_quarters(db)
            if first is None or last is None:
                return None
            first, last = first * QUARTER_MS, last * QUARTER_MS
        else:
            found = db.execute("select min(first_ms), max(last_ms) from session")
            first, last = found.fetchone()
            if first is None:
                return None
        first, last = max(first, within.start_ms), min(last, within.end_ms - 1)
        return (first, last) if first <= last else None

    def rows(
        self, db: sqlite3.Connection, question: Question, period_of: Callable[[int], int]
    ) -> Iterator[Group]:
        """The sums of each period, keys and name in the rate book, in no order."""
        db.create_function("period_of", 1, period_of, deterministic=True)
        columns = [*(self._column(key) for key in question.by), "0"]
        if "model" in question.by:
            columns[-1] = "t.priced"
        joins, texts = _texts(question)
        where, values = self._where(db, question)
        period = "0" if question.period == "all" else f"period_of({self.quarter})"
        grouped = ", ".join(str(i) for i in range(1, len(columns) + 2))
        keys = ", ".join(f"{column} as k{i}" for i, column in enumerate(columns))
        measures = zip(self.sums, self.names, strict=True)
        sums = ", ".join(f"sum({e}) as {name}" for e, name in measures)
        named = ", ".join(f"g.{name}" for name in self.names)
        statement = (
            f"select g.period, {', '.join(texts)}, {named} from ("
            f"select {period} as period, {keys}, {sums} from {self._tables(question)}"
            f"{where} group by {grouped}) g{joins}"
        )
        width = len(question.by) + 1
        for row in db.execute(statement, values):
            yield Group(row[0], row[1:width], row[width], list(row[width + 1 :]))

    def _column(self, key: str) -> str:
        if key == "session":
            return "t.session"
        return "s.agent" if key == "agent" and self._is_of_sessions else f"t.{key}"

    @property
    def _is_of_sessions(self) -> bool:
        """Their agent is that of the session."""
        return self.table in ("session_total", "session_part")

    def _tables(self, question: Question) -> str:
        if self.by_session and is_limited(question.within):
            return "session s cross join call t on t.session = s.id"
        return f"{self.table} t{self.session}"

    def _where(self, db: sqlite3.Connection, question: Question) -> tuple[str, tuple[int, ...]]:
        where: list[str] = []
        values: list[int] = []
        within = question.within
        if is_limited(within) and self.quarter == "t.quarter":
            where += ["t.quarter >= ?", "t.quarter < ?"]
            values += [within.start_ms // QUARTER_MS, -(-within.end_ms // QUARTER_MS)]
        elif is_limited(within):
            where += ["s.last_ms >= ?", "s.first_ms < ?", "t.at_ms >= ?", "t.at_ms < ?"]
            values += [within.start_ms, within.end_ms, within.start_ms, within.end_ms]
        where += conditions(db, question.filters, self._columns)
        return (f" where {' and '.join(where)}" if where else ""), tuple(values)

    @property
    def _columns(self) -> Columns:
        if self.table == "session_total":
            return Columns("s.agent", "t.model", "t.priced", None, None)
        if self.table == "session_part":
            return Columns("s.agent", "t.model", "t.priced", "t.project", "t.branch")
        return columns_of("t")


def source_for(question: Question, *, parts: bool = True) -> Source:
    """The smallest table that has every key and filter of the question; `parts` tells whether the
    store has the parts of sessions."""
    rolled_up = tuple(f"t.{name}" for name in SUMS)
    timeless = question.period == "all" and not is_limited(question.within)
    filters = question.filters
    placed = filters.projects or filters.branches or filters.words
    if timeless and not placed and not {"project", "branch"} & set(question.by):
        return Source("session_total", rolled_up, "0", " join session s on s.id = t.session")
    if "session" not in question.by:
        return Source("quarter", rolled_up, "t.quarter")
    if timeless and parts:
        return Source("session_part", rolled_up, "0", " join session s on s.id = t.session")
    return _calls(SUMS)


def calls_by_session(
    db: sqlite3.Connection,
    within: Range,
    by: tuple[Key, ...],
    filters: Filters,
    measures: Sequence[str],
) -> Iterator[Group]:
    """The calls of a short range, each looked at: those of the sessions that lived in it."""
    question = Question(by=by, within=within, filters=filters)
    return _calls(measures).rows(db, question, lambda _quarter: 0)


def _calls(measures: Sequence[str]) -> Source:
    sums = tuple(of_a_call(name, "t") for name in measures)
    quarter = f"t.at_ms / {QUARTER_MS}"
    return Source("call", sums, quarter, by_session=True, names=tuple(measures))


def _texts(question: Question) -> tuple[str, list[str]]:
    """Joins that turn the grouped numbers into words, and the words."""
    joins: list[str] = []
    texts: list[str] = []
    for i, key in enumerate((*question.by, "priced_as")):
        if key == "tier":
            whens = " ".join(f"when {n} then '{tier}'" for n, tier in enumerate(TIERS))
            texts.append(f"case g.k{i} {whens} end")
        elif key == "session":
            joins.append(f" join session n{i} on n{i}.id = g.k{i}")
            texts.append(f"n{i}.key")
        else:
            joins.append(f" join name n{i} on n{i}.id = g.k{i}")
            texts.append(f"n{i}.text")
    return "".join(joins), texts
