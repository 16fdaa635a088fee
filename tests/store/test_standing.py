"""The totals in the row of each session, by which all sessions are sorted."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from toktui.metrics.session_list import ListQuestion, load_page
from toktui.store.migrate import _counted, migrate
from toktui.store.schema import MIGRATIONS


def test_a_store_of_before_gets_the_totals_of_its_sessions(tmp_path: Path):
    db = sqlite3.connect(tmp_path / "old.db", isolation_level=None)
    older = Migrations("toktui")
    for number, migration in enumerate(MIGRATIONS[:2], 1):
        older(name=migration.__name__)(_counted(migration, number))
    older.apply(Database(db))
    db.execute("insert into name (id, text) values (1, 'claude-code'), (2, 'a'), (3, 'b')")
    db.execute(
        "insert into session (id, agent, key, project, first_ms, last_ms)"
        " values (1, 1, 'one', 1, 0, 5), (2, 1, 'two', 1, 0, 6), (3, 1, 'three', 1, 0, 7)"
    )
    db.execute(
        "insert into session_total (session, model, priced, tier, calls, unpriced, input,"
        " cache_read, cost_nusd) values (1, 2, 2, 0, 1, 0, 10, 30, 7),"
        " (1, 3, 0, 0, 1, 1, 20, 0, 0), (2, 2, 2, 0, 1, 0, 1, 1, 9), (3, 3, 0, 0, 4, 4, 5, 0, 0)"
    )
    assert migrate(db)
    totals = db.execute("select id, calls, tokens, cost_nusd, hit from session order by id")
    assert totals.fetchall() == [(1, 2, 60, 7, 0.5), (2, 1, 2, 9, 0.5), (3, 4, 5, None, 0.0)]
    for descending, order in ((True, ["two", "one", "three"]), (False, ["one", "two", "three"])):
        page = load_page(db, ListQuestion(sort="cost", descending=descending), 0)
        assert [row.id for row in page.rows] == order
    db.close()
