"""The agents: where they are looked for, what there is, and what of it was not understood."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.agents.fact_sheet import fact_sheet
from toktui.ingest.discover import places_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from toktui.ingest.context import Context
    from toktui.ingest.discover import Discovery

_MOST_SHAPES: Final = 200


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


class Misread(msgspec.Struct, frozen=True):
    """Values that were not understood, by who wrote them and what they look like."""

    agent: str
    version: str
    shape: str
    count: int


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


def misread_by_shape(db: sqlite3.Connection) -> tuple[Misread, ...]:
    """What was not understood, the most frequent first."""
    rows = db.execute(
        "select a.text, x.version, x.shape, count(*) from misread x join log l on l.id = x.log"
        " join name a on a.id = l.agent group by 1, 2, 3 order by 4 desc, 1, 2, 3 limit ?",
        (_MOST_SHAPES,),
    )
    return tuple(Misread(*row) for row in rows)


class Alarm(msgspec.Struct, frozen=True):
    """The newest version of an agent writes lines that are not understood. Shares are 0 to 1."""

    agent: str
    version: str
    lines: int
    share: float
    share_before: float


_ALARM_LINES: Final = 20
_ALARM_SHARE: Final = 0.01
_ALARM_TIMES: Final = 4


def alarms(db: sqlite3.Connection) -> Iterator[Alarm]:
    """Agents whose newest version is understood much worse than those before it."""
    by_agent: dict[str, list[tuple[tuple[int, ...], str, int, int]]] = {}
    for agent, version, lines, misread in db.execute(
        "select a.text, l.version, sum(l.lines), sum((select count(distinct x.offset)"
        " from misread x where x.log = l.id)) from log l join name a on a.id = l.agent"
        " where l.version <> '' group by l.agent, l.version"
    ):
        by_agent.setdefault(agent, []).append((_ordered(version), version, lines, misread))
    for agent, rows in sorted(by_agent.items()):
        *before, (_, version, lines, misread) = sorted(rows)
        share = misread / lines if lines else 0.0
        known = sum(row[2] for row in before)
        share_before = sum(row[3] for row in before) / known if known else 0.0
        if (
            misread
            and lines >= _ALARM_LINES
            and share >= max(_ALARM_SHARE, _ALARM_TIMES * share_before)
        ):
            yield Alarm(agent, version, lines, share, share_before)


def _ordered(version: str) -> tuple[int, ...]:
    """What sorts 2.1.9 before 2.1.10."""
    return tuple(int(part) for part in re.findall(r"\d{1,9}", version))
