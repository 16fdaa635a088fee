"""One landed change, and the sessions that made it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from toktui.metrics.one_state import one_state
from toktui.metrics.outcome_changes import ChangeRow, load_change_row
from toktui.metrics.outcome_estimates import load_estimates
from toktui.metrics.outcome_spent import Spent

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Set


class Maker(msgspec.Struct, frozen=True, kw_only=True):
    """A session that made a change, and why we say so: one of `attribution.REASONS`."""

    number: int
    id: str
    agent: str
    project: str
    last_ms: int
    reason: str
    spent: Spent
    """Of the whole session."""
    share: Spent
    """Of it, what is this change's."""


class ChangeSeen(msgspec.Struct, frozen=True):
    """A change; its makers are those with the largest share first."""

    change: ChangeRow
    makers: tuple[Maker, ...]


def load_change(db: sqlite3.Connection, number: int) -> ChangeSeen | None:
    """The change of this number, if it is still known, from one state of the store."""
    with one_state(db):
        estimates = load_estimates(db)
        change = load_change_row(db, number, estimates.changes)
        if change is None:
            return None
        return ChangeSeen(change, _makers(db, number, estimates.sessions))


def _makers(db: sqlite3.Connection, number: int, estimated: Set[int]) -> tuple[Maker, ...]:
    rows = db.execute(
        "select s.id, s.key, a.text, p.text, s.last_ms, l.reason, s.cost_nusd, l.nusd,"
        " s.cost_nusd is null or s.unpriced > 0"
        " from link l join session s on s.id = l.session"
        " join name a on a.id = s.agent join name p on p.id = s.project"
        " where l.change = ? and s.last_ms is not null"
        " order by l.nusd is null, l.nusd desc, s.id",
        (number,),
    )
    return tuple(
        Maker(
            number=session, id=key, agent=agent, project=project, last_ms=last_ms, reason=reason,
            spent=Spent(nusd, bool(lacks), session in estimated),
            share=Spent(share, bool(lacks), session in estimated),
        )
        for session, key, agent, project, last_ms, reason, nusd, share, lacks in rows
    )  # fmt: skip
