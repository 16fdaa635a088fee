"""What a log says beside its calls: its checkpoint, facts, limits, and what was not understood."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from toktui import facts
from toktui.ingest.gather import PARSER_ERROR
from toktui.store.limits import SeenLimit, put_limits
from toktui.text import clean

if TYPE_CHECKING:
    import sqlite3

    from toktui.ingest.gather import MisreadAt
    from toktui.ingest.kinship import Kinship
    from toktui.ingest.reading import Batch


class Record:
    """Writes the rows of logs in the transaction at hand."""

    def __init__(self, db: sqlite3.Connection, kinship: Kinship) -> None:
        self._db = db
        self._kinship = kinship
        self._journaled: set[str] = set()

    def log(self, agent: int, batch: Batch, now_ms: int) -> int:
        """Writes the log's row with its checkpoint; gives its number."""
        c, s = batch.checkpoint, batch.stat
        size, mtime = (s.size, s.mtime_ns) if batch.last and batch.complete else (c.mark.offset, 0)
        row = self._db.execute(
            "insert into log (agent, path, root, device, inode, size, mtime_ns, offset, head, tail,"
            " generation, parser, state, open_key, lines, version, problem, gone_ms, read_ms)"
            " values (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,'',null,?17)"
            " on conflict (path) do update set agent = ?1, root = ?3, device = ?4, inode = ?5,"
            " size = ?6, mtime_ns = ?7, offset = ?8, head = ?9, tail = ?10, generation = ?11,"
            " parser = ?12, state = ?13, open_key = ?14,"
            " lines = iif(?18, 0, lines) + ?15, version = iif(?16 = '', version, ?16),"
            " problem = '', gone_ms = null, read_ms = ?17 returning id",
            (
                agent,
                batch.path,
                batch.root,
                s.device,
                s.inode,
                size,
                mtime,
                c.mark.offset,
                c.mark.head,
                c.mark.tail,
                c.generation,
                c.parser,
                c.state,
                c.open_key,
                batch.gathered.lines,
                batch.gathered.version,
                now_ms,
                batch.fresh,
            ),
        ).fetchone()
        return int(row[0])

    def clear(self, batch: Batch) -> int:
        """A log that is read from its first byte again: what it said beside calls is said again.

        Gives how many values had not been understood.
        """
        row = self._db.execute("select id from log where path = ?", (batch.path,)).fetchone()
        if row is None:
            return 0
        self._db.execute("delete from run where log = ?", row)
        self._db.execute("delete from fact where log = ? and kind = 'thread'", row)
        self._kinship.forget_members()
        return self._db.execute("delete from misread where log = ?", row).rowcount

    def clear_places(self, batch: Batch) -> int:
        """Entries of a document that are read again: what was not understood is said again.

        Gives how many values had not been understood.
        """
        return self._db.execute(
            "delete from misread where log = (select id from log where path = ?)"
            " and offset in (select value from json_each(?))",
            (batch.path, json.dumps(batch.places)),
        ).rowcount

    def misread(self, log: int, batch: Batch) -> int:
        """Keeps values that were not understood; gives how many are new."""
        count = 0
        for m in batch.gathered.misread:
            found = self._db.execute(
                "insert into misread (log, offset, nth, version, shape, at_ms, body)"
                " values (?, ?, ?, ?, ?, ?, ?) on conflict do nothing",
                (log, m.offset, m.nth, m.version, m.shape, m.at_ms, m.refused),
            )
            count += found.rowcount
            if found.rowcount and m.shape.startswith(PARSER_ERROR):
                self._journal(batch, m)
        return count

    def _journal(self, batch: Batch, m: MisreadAt) -> None:
        """Says once for each type of error where it can be seen again."""
        if m.shape not in self._journaled:
            self._journaled.add(m.shape)
            import logging  # noqa: PLC0415  a bug's own cost

            logging.getLogger("toktui.ingest").error(
                "%s, %s at byte %d: %s", batch.agent, clean(batch.path, 400), m.offset, m.shape
            )

    def facts(
        self, agent: int, log: int, batch: Batch, searched: set[str], ledgers: set[str]
    ) -> None:
        """Keeps facts; adds the calls and sessions that they bear on to the two sets."""
        limits: list[SeenLimit] = []
        for f in batch.gathered.facts:
            if f.kind == "limit":
                limit = facts.decode_limit(f.body)
                limits.append(
                    SeenLimit(
                        agent, f.subject, limit.used_percent, limit.window_minutes,
                        limit.resets_ms, f.at_ms or 0,
                    )
                )  # fmt: skip
                continue
            if f.latest:
                self._db.execute(
                    "delete from fact where log = ? and kind = ? and subject = ? and offset < ?",
                    (log, f.kind, f.subject, f.offset),
                )
            self._db.execute(
                "insert or replace into fact (log, kind, subject, offset, length, at_ms, body)"
                " values (?, ?, ?, ?, ?, ?, ?)",
                (log, f.kind, f.subject, f.offset, f.length, f.at_ms, f.body),
            )
            if f.kind == "search":
                searched.add(f.subject)
            elif f.kind == "thread":
                self._kinship.forget_members(agent)
            elif f.kind == "ledger":
                ledgers.add(f.subject)
        put_limits(self._db, limits)
        self._db.executemany(
            "insert or replace into run (log, offset, at_ms, key) values (?, ?, ?, ?)",
            [(log, r.offset, r.at_ms, r.key) for r in batch.gathered.runs],
        )
