"""How long a line of the audit log is kept."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, and_, delete, or_

from toktui.clock import DAY_MS
from toktui.server.tables import audit

LEAST_KEPT_MS: Final = 3 * 366 * DAY_MS
"""How long an act is kept at least that says who may do what, or came, or went."""
_OF_ONESELF: Final = ("signed_in", "link_made", "appearance")
"""What somebody does for himself alone: kept as long as his days are."""


def forget_lines(db: Connection, team_id: str, retention_days: int, now_ms: int) -> None:
    """Deletes the lines of a team that are older than it is told."""
    days_ms = retention_days * DAY_MS
    own = and_(audit.c.action.in_(_OF_ONESELF), audit.c.at_ms < now_ms - days_ms)
    old = audit.c.at_ms < now_ms - max(days_ms, LEAST_KEPT_MS)
    db.execute(delete(audit).where(audit.c.team == team_id, or_(own, old)))
