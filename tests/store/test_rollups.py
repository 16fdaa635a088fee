"""The rollups of days and of the parts of sessions: in an older store, and for other programs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.properties.lab import Lab, write, wrong_sums
from tests.properties.worlds import claude_row, lines, stamp
from toktui.ingest.forget import forget
from toktui.ingest.forgetting import Rule
from toktui.metrics.outcome_estimates import load_estimates
from toktui.metrics.rollup import sums_match
from toktui.store.migrate import migrate
from toktui.store.rollups import KEYS
from toktui.store.schema import VERSION

DAY_MINUTES = 24 * 60


@pytest.fixture
def lab(home: Path) -> Iterator[Lab]:
    lab = Lab(home)
    for number in range(12):
        session, project = f"s{number % 5}", f"/w/p{number % 3}"
        log = [
            claude_row(
                f"msg_01{number:04d}{turn:018d}", session, stamp(-turn * DAY_MINUTES // 4),
                cwd=project, gitBranch=("main", "other")[turn % 2],
            )
            for turn in range(9)
        ]  # fmt: skip
        write(home / f".claude/projects/-w-{number}/{session}.jsonl", lines(log))
    lab.sync()
    yield lab
    lab.close()


def as_before(lab: Lab) -> None:
    """Takes the migration back, and all that came after it."""
    db = lab.db
    (view,) = db.execute("select sql from sqlite_master where name = 'utc_days'").fetchone()
    db.execute("drop view utc_days")
    for table in ("day", "day_model", "session_part"):
        db.execute(f"drop table {table}")
    db.execute(view.replace("d.day * 86400", "d.quarter * 900").replace("day_model d", "quarter d"))
    db.execute("drop table composition")
    db.execute("drop trigger composition_gone")
    db.execute("drop table cold_turn")
    db.execute("drop table cold_day")
    db.execute("drop index call_uncached")
    db.execute("drop index call_sub_agent")
    db.execute("drop index session_total_estimated")
    db.execute("delete from _sqlite_migrations where name >= 'm008'")
    db.execute("pragma user_version = 7")


def test_an_older_store_gets_the_rollups_that_it_lacks(lab: Lab):
    assert wrong_sums(lab.db) == ""
    days = lab.db.execute("select * from utc_days order by 1, 2, 3").fetchall()
    rows = lab.db.execute("select count(*) from session_part").fetchone()
    as_before(lab)
    assert migrate(lab.db)
    assert lab.db.execute("pragma user_version").fetchone() == (VERSION,)
    assert wrong_sums(lab.db) == ""
    assert lab.db.execute("select * from utc_days order by 1, 2, 3").fetchall() == days
    assert lab.db.execute("select count(*) from session_part").fetchone() == rows
    assert len(days) > 2


def test_an_older_store_of_absurd_sums_gets_them_too(lab: Lab, home: Path):
    row = claude_row("msg_09" + "1" * 22, "absurd", stamp(3), cwd="/w/absurd")
    row["message"]["usage"]["output_tokens"] = (1 << 53) - 1  # type: ignore[index]
    write(home / ".claude/projects/-w-9/absurd.jsonl", lines([row]))
    lab.sync()
    assert wrong_sums(lab.db) == ""
    as_before(lab)
    assert migrate(lab.db)
    assert wrong_sums(lab.db) == ""


def test_what_is_forgotten_leaves_no_row_behind(lab: Lab, tmp_path: Path):
    for project in ("/w/p0", "/w/p1"):
        forget(lab.settler, Rule(None, project), lab.now_ms, tmp_path)
        assert wrong_sums(lab.db) == ""
    forget(lab.settler, Rule(None, "/w/p2"), lab.now_ms, tmp_path)
    for table in ("quarter", "day", "day_model", "session_part", "session_total"):
        assert lab.db.execute(f"select count(*) from {table}").fetchone() == (0,)


@pytest.mark.parametrize("table", KEYS)
def test_a_check_sees_a_rollup_that_lost_a_row(table: str, lab: Lab):
    assert sums_match(lab.db)
    key = KEYS[table][0]
    lab.db.execute(f"delete from {table} where {key} = (select max({key}) from {table})")
    assert not sums_match(lab.db)


def test_sessions_with_estimates_are_found_without_a_look_at_the_others(lab: Lab):
    asked: list[str] = []
    lab.db.set_trace_callback(asked.append)
    load_estimates(lab.db)
    lab.db.set_trace_callback(None)
    plan = " ".join(row[3] for row in lab.db.execute(f"explain query plan {asked[0]}"))
    assert plan.endswith("INDEX session_total_estimated")
