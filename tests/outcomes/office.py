"""A store with sessions at work, made by hand, and looks at the repositories in which they are."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toktui.clock import QUARTER_MS
from toktui.facts import Ran, encode
from toktui.outcomes.found import Findings
from toktui.outcomes.keeping import keep
from toktui.outcomes.survey import survey
from toktui.store.migrate import migrate
from toktui.store.rollups import MEASURES


@dataclass
class Office:
    """Calls of sessions, each at a time, in a folder, on a branch."""

    db: sqlite3.Connection
    _calls: int = field(default=0)

    @classmethod
    def new(cls) -> Office:
        db = sqlite3.connect(":memory:", isolation_level=None)
        migrate(db)
        db.execute("insert into log (id, agent, path) values (1, 0, '/log')")
        return cls(db)

    def name(self, text: str) -> int:
        self.db.execute("insert or ignore into name (text) values (?)", (text,))
        row = self.db.execute("select id from name where text = ?", (text,)).fetchone()
        return int(row[0])

    def work(self, session: int, folder: Path | str, at_ms: int, branch: str = "main") -> None:
        """One call that costs 1,000."""
        self._calls += 1
        project = self.name(str(folder))
        self.db.execute(
            "insert into session (id, agent, key, project, first_ms, last_ms, cost_nusd)"
            " values (?1, 0, ?2, ?3, ?4, ?4, 1000) on conflict (id) do update set"
            " first_ms = min(first_ms, ?4), last_ms = max(last_ms, ?4),"
            " cost_nusd = cost_nusd + 1000",
            (session, f"s{session}", project, at_ms),
        )
        self.db.execute(
            f"insert into call values ({', '.join('?' * 34)})",
            (self._calls, 0, f"k{self._calls}", session, 0, at_ms, project, self.name(branch),
             *([0] * 4), "", *([0] * 21)),
        )  # fmt: skip
        keys = (at_ms // QUARTER_MS, 0, 0, 0, 0, project, self.name(branch))
        self.db.execute(
            f"insert into quarter values ({', '.join('?' * 7)}{', ?' * len(MEASURES)})"
            " on conflict do update set calls = calls + 1",
            (*keys, 1, *([0] * (len(MEASURES) - 1))),
        )

    def started_by(self, session: int, parent: int) -> None:
        """A session is a sub-agent of another one."""
        self.db.execute("update session set parent = ? where id = ?", (f"s{parent}", session))

    def ran(self, session: int, commit: str, at_ms: int) -> None:
        """The log of the session tells of a commit."""
        self.db.execute(
            "insert or ignore into fact values (1, 'commit', ?, ?, 1, ?, ?)",
            (commit[:9], at_ms, at_ms, encode(Ran(f"s{session}"))),
        )

    def look(self, now_ms: int, **options: Any) -> list[Findings]:
        """Looks, and keeps what was found."""
        parts: list[Findings] = []
        for part in survey(self.db, os.environ, (), now_ms=now_ms, **options):
            keep(self.db, part)
            parts.append(part)
        return parts

    def known(self) -> tuple[list[Any], list[Any]]:
        """Changes and links, without the store's own numbers."""
        changes = self.db.execute(
            "select r.place, c.hash, c.before, c.at_ms, c.begun_ms, c.kind, c.commits, c.branch,"
            " c.subject, c.files, c.lines, c.size, c.reverted_ms, c.reverted_by, c.nusd,"
            " c.sessions, c.exact from change c join repository r on r.id = c.repository"
            " order by 1, 2"
        ).fetchall()
        links = self.db.execute(
            "select l.session, c.hash, l.reason, l.nusd from link l join change c"
            " on c.id = l.change order by 1, 2"
        ).fetchall()
        return changes, links

    def copy(self) -> Office:
        """The same work, and nothing known of repositories."""
        db = sqlite3.connect(":memory:", isolation_level=None)
        self.db.backup(db)
        for table in ("link", "change", "patch", "workplace", "repository"):
            db.execute(f"delete from {table}")
        db.execute("update session set linked = 0")
        return Office(db)
