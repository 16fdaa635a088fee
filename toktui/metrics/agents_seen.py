"""The agents: where they are looked for, what there is, and what of it was not understood."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from toktui.agents.fact_sheet import fact_sheet
from toktui.ingest.discover import places_of

if TYPE_CHECKING:
    import sqlite3

    from toktui.ingest.context import Context
    from toktui.ingest.discover import Discovery

class Place(msgspec.Struct, frozen=True):
    """A folder where an agent's logs can be."""

    path: str
    exists: bool


class AgentSeen(msgspec.Struct, frozen=True, kw_only=True):
    """An agent: where it is looked for, what there is, and what the store has of it."""

    name: str
    enabled: bool
    places: tuple[Place, ...]
    logs: int
    bytes: int
    logs_known: int
    """Logs that the store has read, those that are gone included."""
    logs_gone: int
    lines: int
    calls: int
    not_understood: int
    exactness: str = ""
    """What of it is exact and what is not, as the agent's module says."""
    live: str = ""
    """How soon it is on screen."""


def agent_seen(
    context: Context, name: str, discovery: Discovery, db: sqlite3.Connection | None
) -> AgentSeen:
    """One agent, as it is on this machine."""
    places = list(places_of(name, context.config, context.home, context.env))
    places += [own for own in (context.paths.spool / name,) if own.is_dir()]
    logs = [log for log in discovery.logs if log.agent == name]
    sheet = fact_sheet(name).facts
    known, gone, lines, calls, misread = _stored(db, name) if db else (0, 0, 0, 0, 0)
    return AgentSeen(
        name=name,
        enabled=context.config.agent(name).enabled,
        places=tuple(Place(str(place), place.is_dir()) for place in places),
        logs=len(logs),
        bytes=sum(log.stat.size for log in logs),
        logs_known=known,
        logs_gone=gone,
        lines=lines,
        calls=calls,
        not_understood=misread,
        exactness=sheet["Exactness"],
        live=sheet["Live"],
    )


def _stored(db: sqlite3.Connection, name: str) -> tuple[int, int, int, int, int]:
    row = db.execute("select id from name where text = ?", (name,)).fetchone()
    number = -1 if row is None else int(row[0])
    known, gone, lines = db.execute(
        "select count(*), count(gone_ms), coalesce(sum(lines), 0) from log where agent = ?",
        (number,),
    ).fetchone()
    (calls,) = db.execute(
        "select coalesce(sum(calls), 0) from quarter where agent = ?", (number,)
    ).fetchone()
    (misread,) = db.execute(
        "select count(*) from misread x join log l on l.id = x.log where l.agent = ?", (number,)
    ).fetchone()
    return known, gone, lines, calls, misread
