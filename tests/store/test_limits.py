"""The history of windows: the same rows in any order, and what is forgotten stays forgotten."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toktui.store.connect import connect_writer
from toktui.store.limits import SeenLimit, forget_limits, m004_limit_past, put_limits
from toktui.store.migrate import migrate

HOUR = 3_600_000
START = 1_795_357_925_000

said = st.builds(
    SeenLimit,
    agent=st.integers(1, 2),
    name=st.sampled_from(["5h", "week"]),
    used_percent=st.integers(0, 100).map(float),
    window_minutes=st.sampled_from([None, 300]),
    resets_ms=st.sampled_from([None, START + HOUR, START + 6 * HOUR, START + 6 * HOUR + 900]),
    as_of_ms=st.integers(START, START + 5 * HOUR),
)


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    db = connect_writer(tmp_path_factory.mktemp("limits") / "toktui.db")
    migrate(db)
    yield db
    db.close()


def rows(db: sqlite3.Connection) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    seen = db.execute("select * from limit_seen order by 1, 2").fetchall()
    return seen, db.execute("select * from limit_past order by 1, 2, 3, 4").fetchall()


def kept(db: sqlite3.Connection, *batches: list[SeenLimit]):
    db.execute("begin")
    try:
        for batch in batches:
            put_limits(db, batch)
        return rows(db)
    finally:
        db.execute("rollback")


@given(words=st.lists(said, max_size=30), data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_order_split_and_repetition_gives_the_same_rows(
    words: list[SeenLimit], data: st.DataObject, db: sqlite3.Connection
):
    again = data.draw(st.permutations(words + words[: len(words) // 2]))
    cut = data.draw(st.integers(0, len(again)))
    assert kept(db, words) == kept(db, list(again[:cut]), list(again[cut:]))


def test_of_an_hour_the_last_word_stays(db: sqlite3.Connection):
    words = [SeenLimit(1, "5h", used, 300, START + HOUR, START + at) for used, at in
             ((30.0, 60_000), (10.0, 0), (20.0, 30_000))]  # fmt: skip
    _, past = kept(db, words)
    assert [row[4] for row in past] == [30.0]


def test_a_window_that_begins_anew_within_an_hour_hides_nothing_of_the_one_before(
    db: sqlite3.Connection,
):
    hour = START // HOUR * HOUR
    before = SeenLimit(1, "5h", 97.0, 300, hour + HOUR // 4, hour + 60_000)
    after = SeenLimit(1, "5h", 2.0, 300, hour + 5 * HOUR, hour + HOUR // 2)
    _, past = kept(db, [before, after])
    assert sorted(row[4] for row in past) == [2.0, 97.0]


def test_what_is_forgotten_is_not_told_again(tmp_path: Path):
    db = connect_writer(tmp_path / "toktui.db")
    migrate(db)
    words = [SeenLimit(1, "5h", 5.0, 300, START + HOUR, START + n * HOUR) for n in range(3)]
    put_limits(db, words)
    db.execute("insert into forgotten_rule (before_ms, made_ms) values (?, 0)", (START + HOUR,))
    forget_limits(db, START + HOUR)
    put_limits(db, words)
    assert len(rows(db)[1]) == 2
    db.close()


def test_a_store_without_history_begins_it_with_what_was_seen_last(tmp_path: Path):
    from sqlite_utils import Database

    db = connect_writer(tmp_path / "toktui.db")
    migrate(db)
    put_limits(db, [SeenLimit(1, "5h", 5.0, 300, START + HOUR, START)])
    expected = rows(db)
    db.execute("drop table limit_past")
    m004_limit_past(Database(db))
    assert rows(db) == expected
    db.close()
