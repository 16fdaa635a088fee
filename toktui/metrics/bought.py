"""What a range bought, for reviews that are about money: only where there is something to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toktui.metrics.one_state import one_state
from toktui.metrics.outcomes import Summary, load_summary
from toktui.store.shares import SHARES_VERSION

if TYPE_CHECKING:
    import sqlite3

    from toktui.metrics.scope import Scope


def load_bought(db: sqlite3.Connection, *, scope: Scope) -> Summary | None:
    """None: nobody has looked yet, or there is neither a landed change in the range nor a
    repository that could not be read."""
    # An older store that can only be read has no costs of changes.
    if int(db.execute("pragma user_version").fetchone()[0]) < SHARES_VERSION:
        return None
    if db.execute("select 1 from workplace limit 1").fetchone() is None:
        return None
    with one_state(db):
        found = load_summary(db, scope=scope)
    return found if found.changes or found.places.unread else None
