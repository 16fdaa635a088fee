"""The health of logs and store: what is said, what is forewarned, what a check finds."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from toktui.dev.sample import DAY, MINUTE, Conversation, busy_afternoon, settle_home
from toktui.metrics.agent_logs import load_agent_logs
from toktui.metrics.cleanup import AHEAD_DAYS, load_cleanup
from toktui.metrics.health import About, Health, load_health
from toktui.pricing.rates import load_book
from toktui.store.connect import connect_reader

NOW = 1_795_357_925_000


@pytest.fixture
def store(home: Path, tmp_path: Path) -> Path:
    busy_afternoon(home, NOW)
    store = tmp_path / "data/toktui.db"
    settle_home(home, store, load_book(), NOW)
    return store


@pytest.fixture
def db(store: Path) -> Iterator[sqlite3.Connection]:
    db = connect_reader(store)
    yield db
    db.close()


def look(db: sqlite3.Connection, check: int = 0) -> Health:
    return load_health(db, NOW, About(check))


def test_every_call_is_in_one_agents_row(db: sqlite3.Connection):
    health = look(db)
    (calls,) = db.execute("select count(*) from calls").fetchone()
    (unpriced,) = db.execute("select count(*) from calls where cost_nusd is null").fetchone()
    assert sum(agent.calls for agent in health.agents) == calls == health.store.calls
    assert sum(agent.unpriced for agent in health.agents) == unpriced > 0
    exactness = dict(db.execute("select exactness, count(*) from calls group by 1"))
    assert sum(agent.exact for agent in health.agents) == exactness["exact"]


def test_the_store_is_checked_only_when_asked(db: sqlite3.Connection):
    assert look(db).checked is None
    checked = look(db, 1).checked
    assert checked is not None
    assert (checked.integrity, checked.sums_match) == ("ok", True)


def test_sums_that_do_not_match_are_found_by_a_check_and_by_nothing_else(store: Path):
    db = sqlite3.connect(store)
    with db:
        db.execute("update session_total set calls = calls + 1 where session = 1")
    db.close()
    db = connect_reader(store)
    assert not any("sums" in warning for warning in look(db).warnings)
    assert any("sums" in warning for warning in look(db, 2).warnings)
    db.close()


def test_logs_go_thirty_days_after_they_were_written_last(home: Path, tmp_path: Path):
    for number, age in enumerate((1, 20, 29, 29, 45)):
        log = Conversation(home, f"{number:08x}-0000-4000-8000-000000000000", "/home/dev/shop")
        log.turn(NOW - age * DAY)
        log.write(NOW - age * DAY + MINUTE)
    store = tmp_path / "data/toktui.db"
    settle_home(home, store, load_book(), NOW)
    db = connect_reader(store)
    (cleanup,) = load_cleanup(db, NOW)
    assert (cleanup.days, cleanup.named, sum(cleanup.logs)) == (30, False, 4)
    assert (cleanup.logs[0], cleanup.logs[1], cleanup.logs[10]) == (1, 2, 1)
    (home / ".claude/settings.json").write_text('{"cleanupPeriodDays": 365, "x": [1]}')
    (cleanup,) = load_cleanup(db, NOW)
    assert (cleanup.days, cleanup.named, cleanup.logs) == (365, True, (0,) * AHEAD_DAYS)
    for text in ("{", '{"cleanupPeriodDays": "7"}', '{"cleanupPeriodDays": -1}', "[]"):
        (home / ".claude/settings.json").write_text(text)
        assert load_cleanup(db, NOW)[0].days == 30
    db.close()


def test_a_fifo_in_place_of_the_settings_does_not_stop_the_look(
    home: Path, db: sqlite3.Connection
):
    os.mkfifo(home / ".claude/settings.json")
    assert load_cleanup(db, NOW)[0].days == 30


def test_an_agents_logs_add_up_by_version(db: sqlite3.Connection):
    for agent in look(db).agents:
        logs = load_agent_logs(db, agent.name)
        assert logs.found == agent.logs + agent.gone == sum(one.logs for one in logs.versions)
        assert sum(one.lines for one in logs.versions) == agent.lines


def test_what_toktui_noted_of_itself_is_told_newest_first(store: Path, db: sqlite3.Connection):
    (store.parent / "toktui.log").write_text(
        "2026-11-20 10:00:00,123 WARNING toktui.ingest: first\n"
        "Traceback (most recent call last):\n"
        "2026-11-21 10:00:00,123 ERROR toktui.ingest: \x1b[31msecond\n"
    )
    first, second = look(db).past
    assert (first.level, second.text) == ("ERROR", "first")
    assert "\x1b" not in first.text


def test_an_old_backup_is_a_warning(store: Path, db: sqlite3.Connection):
    (store.parent / "backups").mkdir()
    (store.parent / "backups/toktui-20261001T000000000.db").write_bytes(b"x")
    assert any("no backup" in warning for warning in look(db).warnings)
