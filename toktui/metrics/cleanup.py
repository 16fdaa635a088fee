"""Which logs an agent will soon delete by itself. Their calls stay in the store."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.clock import DAY_MS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

AHEAD_DAYS: Final = 14
"""How far ahead is looked."""
_CLEANS_UP: Final = "claude-code"
_DAYS: Final = 30
"""Claude Code deletes logs that were not written for so long, unless its settings say otherwise."""
_LARGEST: Final = 1 << 20


class _Settings(msgspec.Struct):
    """What Claude Code's settings say of it."""

    cleanupPeriodDays: int | None = None


class Cleanup(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent will delete, day by day from today on."""

    agent: str
    days: int
    """A log goes so long after it was written last."""
    named: bool
    """The user's settings say so; else it is what the agent does by itself."""
    logs: tuple[int, ...]
    """How many on each of the next `AHEAD_DAYS` days."""
    size: int
    """Bytes of all of these."""
    next_ms: int | None
    gone: int
    """Logs that are gone already."""


def load_cleanup(db: sqlite3.Connection, now_ms: int) -> tuple[Cleanup, ...]:
    """What is known to be deleted; one agent is known to do so."""
    row = db.execute("select id from name where text = ?", (_CLEANS_UP,)).fetchone()
    if row is None:
        return ()
    roots = [
        root
        for (root,) in db.execute(
            "select distinct root from log where agent = ? and gone_ms is null", row
        )
    ]
    (gone,) = db.execute("select count(gone_ms) from log where agent = ?", row).fetchone()
    if not roots and not gone:
        return ()
    said = _period(roots)
    days = _DAYS if said is None else said
    until = now_ms + AHEAD_DAYS * DAY_MS - days * DAY_MS
    found = db.execute(
        "select mtime_ns / 1000000, size from log where agent = ? and gone_ms is null"
        " and mtime_ns > 0 and mtime_ns < ?",
        (*row, until * 1_000_000),
    ).fetchall()
    logs = [0] * AHEAD_DAYS
    for written_ms, _ in found:
        left = written_ms + days * DAY_MS - now_ms
        logs[min(AHEAD_DAYS - 1, max(0, left // DAY_MS))] += 1
    soonest = min((written_ms for written_ms, _ in found), default=None)
    return (
        Cleanup(
            agent=_CLEANS_UP,
            days=days,
            named=said is not None,
            logs=tuple(logs),
            size=sum(size for _, size in found),
            next_ms=None if soonest is None else max(now_ms, soonest + days * DAY_MS),
            gone=gone,
        ),
    )


def _period(roots: Iterable[str]) -> int | None:
    """Days in the settings beside the logs, the fewest; None where none are named."""
    found: list[int] = []
    for root in roots:
        path = Path(root).parent / "settings.json"
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
                continue
            said = msgspec.json.decode(path.read_bytes(), type=_Settings)
        except (OSError, msgspec.DecodeError):
            continue
        if said.cleanupPeriodDays is not None and 0 < said.cleanupPeriodDays <= 100_000:
            found.append(said.cleanupPeriodDays)
    return min(found, default=None)
