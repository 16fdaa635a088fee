"""An agent whose newest version logs in a new way is named before its numbers are missed."""

from __future__ import annotations

import sqlite3

from toktui.metrics.understood import alarms


def store(*logs: tuple[str, int, int]) -> sqlite3.Connection:
    """Logs of one agent: version, lines, lines not understood."""
    db = sqlite3.connect(":memory:")
    db.execute("create table name (id integer primary key, text)")
    db.execute("create table log (id integer primary key, agent, version, lines)")
    db.execute("create table misread (log, offset, nth)")
    db.execute("insert into name values (1, 'codex')")
    for number, (version, lines, misread) in enumerate(logs, 1):
        db.execute("insert into log values (?, 1, ?, ?)", (number, version, lines))
        db.executemany(
            "insert into misread values (?, ?, 0)", [(number, i) for i in range(misread)]
        )
    return db


def test_a_new_version_that_is_understood_worse_raises_an_alarm():
    (alarm,) = alarms(store(("0.9.0", 1000, 1), ("0.10.0", 200, 30)))
    assert (alarm.agent, alarm.version, alarm.lines) == ("codex", "0.10.0", 200)
    assert (alarm.share, alarm.share_before) == (0.15, 0.001)


def test_an_old_version_that_was_understood_badly_raises_none():
    assert list(alarms(store(("0.9.0", 200, 30), ("0.10.0", 1000, 1)))) == []


def test_a_version_that_is_as_bad_as_those_before_it_raises_none():
    assert list(alarms(store(("0.9.0", 1000, 100), ("0.10.0", 1000, 120)))) == []


def test_a_few_lines_prove_nothing():
    assert list(alarms(store(("0.9.0", 1000, 0), ("0.10.0", 5, 2)))) == []


def test_the_first_version_ever_can_raise_one_too():
    assert [alarm.version for alarm in alarms(store(("0.9.0", 1000, 200)))] == ["0.9.0"]
