"""What the walk found against what the store knows: which logs have something to read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.agents import agent
from toktui.evidence import unpack
from toktui.ingest.gather import BEGINNERS, as_refused
from toktui.ingest.reading import Checkpoint
from toktui.ingest.tail import Mark, Stat, is_same, open_log
from toktui.ingest.zst import is_compressed

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence, Set

    from toktui.ingest.discover import FoundLog
    from toktui.ingest.settle import Settler


_SELECT: Final = (
    "select l.id, a.text, l.path, l.device, l.inode, l.size, l.mtime_ns, l.offset, l.parser,"
    " l.gone_ms is not null, l.problem from log l join name a on a.id = l.agent"
)


class KnownLog(msgspec.Struct, gc=False):
    """The store's row of a log."""

    id: int
    agent: str
    path: str
    stat: Stat
    offset: int
    parser: int
    gone: bool
    problem: str


class Job(msgspec.Struct, frozen=True, array_like=True):
    """A log to read: where it lies and where to go on."""

    agent: str
    path: str
    root: str
    before: Checkpoint
    size: int
    """Bytes that are new; of a compressed log all that it has, which is always read whole."""


class KnownLogs:
    """The logs of the store, by path.

    Those that are gone stay in the store until one is asked for: agents tidy up, so they become
    many, and none of them is to cost anything at a start.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        rows = db.execute(f"{_SELECT} where l.gone_ms is null")
        self._logs = {known.path: known for known in map(_known, rows)}
        (self._in_store,) = db.execute("select count(*) from log").fetchone()

    def present(self) -> Iterable[KnownLog]:
        """Those that were there when they were looked for last, and others that were asked for."""
        return self._logs.values()

    def get(self, path: str) -> KnownLog | None:
        """The log of that path, there or gone."""
        known = self._logs.get(path)
        if known is None and self._in_store > len(self._logs):
            known = known_log(self._db, path)
            if known is not None:
                self._logs[path] = known
        return known

    def on_disk_at(self, status: Stat) -> list[KnownLog]:
        """The logs that had a file's place on disk, the newest first."""
        if not self._in_store:
            return []
        rows = self._db.execute(
            f"{_SELECT} where l.inode = ? and l.device = ? order by l.id desc",
            (status.inode, status.device),
        ).fetchall()
        return [self._logs.get(row[2]) or _known(row) for row in rows]

    def put(self, known: KnownLog) -> None:
        """Takes in a log that has been read."""
        self._in_store += known.path not in self._logs
        self._logs[known.path] = known

    def move(self, known: KnownLog, path: str) -> None:
        """Gives a log its new path."""
        self._logs.pop(known.path, None)
        known.path = path
        self._logs[path] = known


def known_logs(db: sqlite3.Connection) -> KnownLogs:
    """All logs of the store."""
    return KnownLogs(db)


def known_log(db: sqlite3.Connection, path: str) -> KnownLog | None:
    """The store's row of one log."""
    row = db.execute(f"{_SELECT} where l.path = ?", (path,)).fetchone()
    return None if row is None else _known(row)


def _known(row: tuple[int, str, str, int, int, int, int, int, int, int, str]) -> KnownLog:
    number, name, path, device, inode, size, mtime_ns, offset, parser, gone, problem = row
    status = Stat(device, inode, size, mtime_ns)
    return KnownLog(number, name, path, status, offset, parser, bool(gone), problem)


def is_new(found: FoundLog, known: KnownLog | None) -> bool:
    """Whether a log has anything that the store has not taken in."""
    return (
        known is None
        or known.stat != found.stat
        or known.parser != agent(found.agent).PARSER
        or known.gone
    )


def job(
    db: sqlite3.Connection,
    found: FoundLog,
    known: KnownLog | None,
    *,
    begun: Set[str] | None = None,
) -> Job:
    """Where to go on with a log; `begun` are the keys that began in it, where they are at hand."""
    if known is None:
        return Job(found.agent, found.path, found.root, Checkpoint(), found.stat.size)
    head, tail, generation, parser, state, open_key = db.execute(
        "select head, tail, generation, parser, state, open_key from log where id = ?", (known.id,)
    ).fetchone()
    if begun is None:
        begun = _begun(db, known) if known.offset else frozenset()
    checkpoint = Checkpoint(
        Mark(known.offset, head, tail), generation, parser, state, open_key, begun
    )
    new = found.stat.size - known.offset
    goes_on = parser == agent(found.agent).PARSER and new >= 0 and not is_compressed(found.path)
    size = new if goes_on else found.stat.size
    return Job(found.agent, found.path, found.root, checkpoint, size)


def _begun(db: sqlite3.Connection, known: KnownLog) -> set[str]:
    rows = db.execute(
        "select distinct c.key, s.body from source o join sighting s on s.source = o.id"
        " join call c on c.id = s.call where o.log = ? and o.kind in (0, 2)",
        (known.id,),
    )
    begun: set[str] = set()
    for key, body in rows:
        evidence = unpack(body)
        if evidence.spots[0] < known.offset:
            begun.add(evidence.own_key or key)
    for (body,) in db.execute(
        "select body from misread where log = ? and offset < ? and body <> x''",
        (known.id, known.offset),
    ):
        sighting, _, _ = as_refused(body)
        if sighting.kind in BEGINNERS:
            begun.add(sighting.key)
    return begun


def follow_moves(
    settler: Settler, found: Sequence[FoundLog], known: KnownLogs, now_ms: int
) -> None:
    """Gives a log that was moved its new path, so that it is not read twice."""
    moved: dict[int, tuple[str, str]] = {}
    here = {log.path for log in found}
    for log in found:
        if known.get(log.path) is not None:
            continue
        olds = known.on_disk_at(log.stat)
        old = next((k for k in olds if k.path not in here and k.id not in moved), None)
        if old is None or old.agent != log.agent:
            continue
        if log.stat.size < old.offset and not is_compressed(log.path):
            continue
        if os.path.lexists(old.path) or not _is_the_log(settler.db, old, log.path):
            continue
        moved[old.id] = (log.path, log.root)
        known.move(old, log.path)
    if moved:
        settler.move_logs(moved, now_ms)


def _is_the_log(db: sqlite3.Connection, old: KnownLog, path: str) -> bool:
    """Whether a file begins with what was read of a log: an inode alone may have a new owner."""
    head, tail = db.execute("select head, tail from log where id = ?", (old.id,)).fetchone()
    try:
        fd, _ = open_log(path)
        try:
            return is_same(fd, Mark(old.offset, head, tail))
        finally:
            os.close(fd)
    except OSError:
        return False


def mark_gone(
    db: sqlite3.Connection, found: Iterable[FoundLog], known: KnownLogs, now_ms: int
) -> None:
    """Notes which logs are no longer there; what they said stays."""
    here = {log.path for log in found}
    gone = [
        k
        for k in known.present()
        if k.path not in here and not k.gone and not os.path.lexists(k.path)
    ]
    for k in gone:
        k.gone = True
        db.execute("update log set gone_ms = ? where id = ?", (now_ms, k.id))
