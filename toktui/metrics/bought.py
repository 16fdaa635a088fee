"""What a range bought, for reviews that are about money: only where it is known at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toktui.metrics.outcomes import Summary, load_summary

if TYPE_CHECKING:
    import sqlite3
    from zoneinfo import ZoneInfo

    from toktui.metrics.scope import Scope


def load_bought(
    db: sqlite3.Connection, *, zone: ZoneInfo, scope: Scope, most: int | None = None
) -> Summary | None:
    """None: there is nothing to say of the range, neither a landed change nor a repository that
    could not be read; or the store has more sessions than `most`, for each of them is looked at."""
    table = db.execute("select 1 from sqlite_master where name = 'link'").fetchone()
    if table is None or db.execute("select 1 from workplace limit 1").fetchone() is None:
        return None
    if most is not None and db.execute("select count(*) from session").fetchone()[0] > most:
        return None
    found = load_summary(db, zone=zone, scope=scope)
    return found if found.changes or found.unread else None
