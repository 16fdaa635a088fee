"""One landed change, and the sessions that made it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from toktui.metrics.outcome_spent import Spent
from toktui.metrics.outcomes import ChangeRow, look_at

if TYPE_CHECKING:
    import sqlite3


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
    """The change of this number, if it is still known."""
    db.execute("begin")
    try:
        look = look_at(db, number)
        change = look.change(number)
        if change is None:
            return None
        makers = [
            Maker(
                number=session, id=look.sessions[session].id, agent=look.sessions[session].agent,
                project=look.sessions[session].project, last_ms=look.sessions[session].last_ms,
                reason=reason, spent=look.sessions[session].spent,
                share=Spent(look.shares.get((session, number)), look.sessions[session].spent.lacks),
            )
            for session, linked, reason in look.links
            if linked == number
        ]  # fmt: skip
        makers.sort(key=lambda maker: (-(maker.share.nusd or 0), maker.number))
        return ChangeSeen(change, tuple(makers))
    finally:
        db.execute("rollback")
