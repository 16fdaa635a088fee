"""Landed changes: counted, and listed a window at a time, in any order."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import msgspec

from toktui.metrics.outcome_places import repositories_of
from toktui.metrics.outcome_spent import Spent, rows_by_span
from toktui.metrics.scope import Scope
from toktui.metrics.sessions_in import sessions_in
from toktui.outcomes.sizes import SIZES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence, Set

    from toktui.clock import Range

WINDOW: Final = 200
"""Rows in one window of a list."""
EVERY: Final = 10_000_000
"""More than there can be."""
ChangeSort = Literal[
    "at", "repository", "subject", "commits", "lines", "size", "sessions", "made", "cost"
]
CHANGE_SORTS: Final[Mapping[ChangeSort, str]] = {
    "at": "c.at_ms", "repository": "r.folder collate nocase", "subject": "c.subject collate nocase",
    "commits": "c.commits", "lines": "c.lines", "size": "c.size",
    "sessions": "nullif(c.sessions, 0)",
    "made": "iif(c.reverted_ms is not null, 0, iif(c.sessions, 1 + c.exact, null))",
    "cost": "c.nusd",
}  # fmt: skip


class ChangeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A landed change."""

    number: int
    hash: str
    at_ms: int
    begun_ms: int
    repository: str
    """A folder of it."""
    landed_on: str
    kind: str
    commits: int
    branch: str
    subject: str
    files: int | None
    lines: int | None
    size: str | None
    """One of SIZES; None is not known."""
    reverted_ms: int | None
    reverted_by: str
    sessions: int
    exact: bool
    """At least one session made it for certain."""
    spent: Spent
    """What its sessions cost, as far as it is this change's."""


class Changes(NamedTuple):
    """Changes that landed in a range; `meant`: only these, None: all."""

    within: Range
    meant: Set[int] | None
    estimated: Set[int] = frozenset()
    """Changes that sessions with estimated calls made, whether or not they are meant."""

    @property
    def with_estimates(self) -> Changes:
        """Only those of the changes that sessions with estimated calls made."""
        meant = self.estimated if self.meant is None else self.meant & self.estimated
        return self._replace(meant=meant)

    @property
    def table(self) -> str:
        """Where they are found, as `c`."""
        if self.meant is None:
            return "change c"
        return "json_each(?) j cross join change c on c.id = j.value"

    @property
    def condition(self) -> str:
        """What must be true of `c`."""
        return "c.at_ms >= ? and c.at_ms < ?"

    @property
    def values(self) -> list[object]:
        """Of the table and the condition."""
        meant = [] if self.meant is None else [json.dumps(list(self.meant))]
        return [*meant, *self.within]


class Count(NamedTuple):
    """Changes of one size; `linked` are those that sessions made, and cost something."""

    size: str | None
    changes: int
    linked: int
    spent: Spent
    reverted: int
    reverted_spent: Spent


_COLUMNS: Final = (
    "c.id, c.hash, c.at_ms, c.begun_ms, r.folder, r.branch, c.kind, c.commits, c.branch,"
    " c.subject, c.files, c.lines, c.size, c.reverted_ms, c.reverted_by, c.sessions, c.exact,"
    " c.nusd, c.lacks"
)


def changes_of(
    db: sqlite3.Connection, scope: Scope, meant: Set[int] | None, estimated: Set[int]
) -> Changes:
    """The changes of a scope; `meant` are the sessions of its filters, `estimated` all changes that
    sessions with estimated calls made.

    A project is told by the repository, so that what was written there by hand counts; whatever
    else is asked for, one of its sessions must fit.
    """
    filters = scope.filters
    others = msgspec.structs.replace(filters, projects=())
    found: set[int] | None = None
    if filters.projects:
        places = json.dumps(list(repositories_of(db, filters)))
        found = _numbers(db, "select c.id from json_each(?) j cross join change c"
                         " on c.repository = j.value", places)  # fmt: skip
    if others:
        makers = meant if others == filters else sessions_in(db, Scope(others))
        made = _numbers(db, "select l.change from json_each(?) j cross join link l"
                        " on l.session = j.value", json.dumps(list(makers or ())))  # fmt: skip
        found = made if found is None else found & made
    return Changes(scope.within, found, estimated)


def _numbers(db: sqlite3.Connection, statement: str, value: str) -> set[int]:
    return {number for (number,) in db.execute(statement, (value,))}


def count_changes(db: sqlite3.Connection, changes: Changes) -> list[Count]:
    """By size, the smallest first, those of unknown size last."""
    rows = db.execute(
        "select c.size, count(*), sum(c.sessions > 0), sum(c.nusd), max(c.lacks),"
        " sum(c.reverted_ms is not null),"
        " sum(iif(c.reverted_ms is not null, c.nusd, null)),"
        " max(iif(c.reverted_ms is not null, c.lacks, 0))"
        f" from {changes.table} {_by_size(changes)} where {changes.condition} group by c.size"
        " order by c.size is null, c.size",
        changes.values,
    )
    only = changes.with_estimates
    marked: dict[int | None, bool] = dict(db.execute(
        f"select c.size, max(c.reverted_ms is not null) from {only.table} where {only.condition}"
        " group by c.size", only.values,
    ).fetchall())  # fmt: skip
    return [
        Count(size_word(size), count, linked, Spent(nusd, bool(lacks), size in marked), back,
              Spent(back_nusd, bool(back_lacks), bool(marked.get(size))))
        for size, count, linked, nusd, lacks, back, back_nusd, back_lacks in rows
    ]  # fmt: skip


def usual_costs(db: sqlite3.Connection, changes: Changes) -> dict[str | None, int]:
    """The lower median of what changes of each size cost, of those with a cost."""
    rows = db.execute(
        f"select c.size, c.nusd from {changes.table} {_by_size(changes)}"
        f" where c.nusd is not null and {changes.condition} order by c.size, c.nusd",
        changes.values,
    )
    costs: dict[str | None, list[int]] = {}
    for size, nusd in rows:
        costs.setdefault(size_word(size), []).append(nusd)
    return {size: ordered[(len(ordered) - 1) // 2] for size, ordered in costs.items()}


def _by_size(changes: Changes) -> str:
    """The index that has everything in order, where all changes are meant."""
    return "indexed by change_size" if changes.meant is None else ""


def first_and_last_landed(db: sqlite3.Connection, changes: Changes) -> tuple[int, int] | None:
    """When the first and the last of them landed."""
    ends = (f"(select {end}(c.at_ms) from {changes.table} where {changes.condition})"
            for end in ("min", "max"))  # fmt: skip
    first, last = db.execute(f"select {', '.join(ends)}", changes.values * 2).fetchone()
    return None if first is None else (first, last)


def landed_in(
    db: sqlite3.Connection, changes: Changes, spans: Sequence[Range]
) -> list[tuple[int, int]]:
    """How many landed in each of the spans, and how many of these sessions made."""
    found = [(0, 0)] * len(spans)
    columns = "count(*), sum(c.sessions > 0)"
    for i, count, linked in rows_by_span(db, columns, changes, spans, at="c.at_ms"):
        found[i] = (count, linked)
    return found


def load_changes(
    db: sqlite3.Connection,
    changes: Changes,
    *,
    sort: ChangeSort = "at",
    descending: bool = True,
    first: int = 0,
    count: int = EVERY,
) -> tuple[ChangeRow, ...]:
    """A window of them, by default all, the latest first; what is unknown comes last."""
    key, way = CHANGE_SORTS[sort], "desc" if descending else "asc"
    unknown = "" if sort == "at" else f"{key} is null, "
    order = f"order by {unknown}{key} {way}, c.at_ms {way}, c.id {way}"
    # All are put in order by what orders them; the rest is read of those in the window.
    named = "join repository r on r.id = c.repository" if sort == "repository" else ""
    picked = (
        f"select c.id as picked from {changes.table} {named} where {changes.condition} {order}"
        " limit ? offset ?"
    )
    rows = db.execute(
        f"select {_COLUMNS} from ({picked}) cross join change c on c.id = picked"
        f" cross join repository r on r.id = c.repository {order}",
        [*changes.values, count, first],
    )
    return tuple(_row(row, changes.estimated) for row in rows)


def load_change_row(
    db: sqlite3.Connection, number: int, estimated: Set[int]
) -> ChangeRow | None:
    """The change of this number, if it is still known; `estimated` as in `Changes`."""
    row = db.execute(
        f"select {_COLUMNS} from change c join repository r on r.id = c.repository where c.id = ?",
        (number,),
    ).fetchone()
    return None if row is None else _row(row, estimated)


def load_reasons(db: sqlite3.Connection, changes: Changes) -> dict[str, int]:
    """Links to the changes by reason, the most frequent first."""
    rows = db.execute(
        f"select l.reason, count(*) as n from {changes.table} cross join link l"
        f" on l.change = c.id where {changes.condition} group by 1 order by n desc, 1",
        changes.values,
    )
    return dict(rows)


def size_word(size: int | None) -> str | None:
    """One of SIZES."""
    return None if size is None else SIZES[size]


def _row(row: tuple[Any, ...], estimated: Set[int]) -> ChangeRow:
    (number, hash_, at_ms, begun_ms, folder, landed_on, kind, commits, branch, subject, files,
     lines, size, reverted_ms, reverted_by, sessions, exact, nusd, lacks) = row  # fmt: skip
    return ChangeRow(
        number=number, hash=hash_, at_ms=at_ms, begun_ms=begun_ms, repository=folder,
        landed_on=landed_on, kind=kind, commits=commits, branch=branch, subject=subject,
        files=files, lines=lines, size=size_word(size), reverted_ms=reverted_ms,
        reverted_by=reverted_by, sessions=sessions, exact=bool(exact),
        spent=Spent(nusd, bool(lacks), number in estimated),
    )  # fmt: skip
