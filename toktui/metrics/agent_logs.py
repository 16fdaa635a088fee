"""The logs of one agent: where they are, how far they are read, and what was not understood."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.metrics.one_state import one_state
from toktui.text import clean

if TYPE_CHECKING:
    import sqlite3

MOST_LOGS: Final = 500
_MOST_SHAPES: Final = 100


class LogSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A log. Sizes are bytes, times UTC milliseconds; all strings are clean."""

    path: str
    size: int
    offset: int
    """How far it is read."""
    lines: int
    misread: int
    version: str
    written_ms: int
    gone_ms: int | None
    problem: str


class VersionSeen(msgspec.Struct, frozen=True):
    """What a version of the agent wrote, and how much of it was not understood."""

    version: str
    logs: int
    lines: int
    misread: int


class Shape(msgspec.Struct, frozen=True):
    """Values that were not understood, by what they look like: keys and types, no values."""

    version: str
    shape: str
    count: int
    last_ms: int | None


class AgentLogs(msgspec.Struct, frozen=True, kw_only=True):
    """Logs newest first, at most `MOST_LOGS` of `found`."""

    name: str
    found: int
    logs: tuple[LogSeen, ...]
    versions: tuple[VersionSeen, ...]
    shapes: tuple[Shape, ...]
    roots: tuple[str, ...]


def load_agent_logs(db: sqlite3.Connection, name: str) -> AgentLogs:
    """One agent, from one state of the store."""
    with one_state(db):
        return _agent_logs(db, name)


def _agent_logs(db: sqlite3.Connection, name: str) -> AgentLogs:
    row = db.execute("select id from name where text = ?", (name,)).fetchone()
    number = -1 if row is None else int(row[0])
    (found,) = db.execute("select count(*) from log where agent = ?", (number,)).fetchone()
    logs = tuple(
        LogSeen(
            path=clean(path, 1000), size=size, offset=offset, lines=lines, misread=misread,
            version=clean(version, 40), written_ms=written, gone_ms=gone,
            problem=clean(problem, 200),
        )
        for path, size, offset, lines, misread, version, written, gone, problem in db.execute(
            "select path, size, offset, lines, (select count(*) from misread x where x.log = l.id),"
            " version, mtime_ns / 1000000, gone_ms, problem from log l where agent = ?"
            " order by problem = '', gone_ms is not null, mtime_ns desc, path limit ?",
            (number, MOST_LOGS),
        )
    )  # fmt: skip
    versions = tuple(
        VersionSeen(clean(version, 40), *counts)
        for version, *counts in db.execute(
            "select version, count(*), sum(lines), sum((select count(*) from misread x"
            " where x.log = l.id)) from log l where agent = ? group by version"
            " order by max(mtime_ns) desc",
            (number,),
        )
    )
    shapes = tuple(
        Shape(clean(version, 40), clean(shape, 400), count, last_ms)
        for version, shape, count, last_ms in db.execute(
            "select x.version, x.shape, count(*), max(x.at_ms) from misread x"
            " join log l on l.id = x.log where l.agent = ? group by 1, 2 order by 3 desc, 1, 2"
            " limit ?",
            (number, _MOST_SHAPES),
        )
    )
    roots = db.execute(
        "select distinct root from log where agent = ? and root <> '' order by 1", (number,)
    )
    return AgentLogs(
        name=name, found=found, logs=logs, versions=versions, shapes=shapes,
        roots=tuple(clean(root, 400) for (root,) in roots),
    )  # fmt: skip
