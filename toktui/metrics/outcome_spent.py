"""What sessions cost as a whole, and sums of that."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from toktui.store.absurd import MOST

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable


class Spent(msgspec.Struct, frozen=True):
    """List cost of sessions, in nano-dollars; None where none has a price."""

    nusd: int | None = None
    lacks: bool = False
    """Calls without a price are missing from it."""


class SessionSpent(NamedTuple):
    """A session and its cost as a whole."""

    number: int
    id: str
    agent: str
    project: str
    last_ms: int
    spent: Spent


def added(parts: Iterable[Spent]) -> Spent:
    """The sum; it stops at the largest number."""
    total: int | None = None
    lacks = False
    for part in parts:
        lacks = lacks or part.lacks or part.nusd is None
        if part.nusd is not None:
            total = min((total or 0) + part.nusd, MOST)
    return Spent(total, lacks)


def per_change(spent: Spent, changes: int | None) -> int | None:
    """Nano-dollars for each change, rounded half even; None without changes or prices."""
    return round(spent.nusd / changes) if spent.nusd is not None and changes else None


def sessions_spent(
    db: sqlite3.Connection, and_that: str = "", values: tuple[int, ...] = ()
) -> dict[int, SessionSpent]:
    """Sessions with a call, by number; `and_that` is a condition over `s`."""
    rows = db.execute(
        "select s.id, s.key, a.text, p.text, s.last_ms, s.cost_nusd, exists (select 1"
        " from session_total t where t.session = s.id and t.unpriced > 0) from session s"
        " join name a on a.id = s.agent join name p on p.id = s.project"
        f" where s.last_ms is not null{and_that}",
        values,
    )
    return {
        number: SessionSpent(number, key, agent, project, last_ms, Spent(nusd, bool(lacks)))
        for number, key, agent, project, last_ms, nusd, lacks in rows
    }
