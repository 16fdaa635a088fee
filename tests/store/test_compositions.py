"""Contexts that were taken apart: in a store of before, how many are kept, and what they take."""

from __future__ import annotations

import lzma
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.properties.lab import Lab, write, wrong_sums
from tests.properties.worlds import claude_row, lines, stamp
from toktui.ingest.forget import forget
from toktui.ingest.forgetting import Rule
from toktui.store import compositions
from toktui.store.compositions import LARGEST, keep_composition, kept_composition
from toktui.store.migrate import migrate
from toktui.store.schema import VERSION

STORE_8 = Path(__file__).with_name("schema-8.db.xz")
"""A store that the program wrote when its schema had 8 migrations: 24 calls in 3 sessions, 6 of
them with estimates."""
AGENT = "claude-code"


def key(number: int) -> str:
    return f"msg_01{number:022d}"


@pytest.fixture
def lab(home: Path) -> Iterator[Lab]:
    """Five sessions of one call each, in projects of their own."""
    lab = Lab(home)
    for number in range(5):
        row = claude_row(key(number), f"s{number}", stamp(-number), cwd=f"/w/p{number}")
        write(home / f".claude/projects/-w-{number}/s{number}.jsonl", lines([row]))
    lab.sync()
    yield lab
    lab.close()


def held(db: sqlite3.Connection) -> set[int]:
    return {call for (call,) in db.execute("select call from composition")}


def call_of(db: sqlite3.Connection, number: int) -> tuple[int, int]:
    return db.execute("select id, session from call where key = ?", (key(number),)).fetchone()


def test_a_store_of_schema_8_is_migrated_and_keeps_all_that_it_had():
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.deserialize(lzma.decompress(STORE_8.read_bytes()))
    assert db.execute("pragma user_version").fetchone() == (8,)
    tables = [name for (name,) in db.execute("select name from sqlite_master where type = 'table'")]
    before = {name: db.execute(f"select * from {name}").fetchall() for name in tables}
    assert kept_composition(db, 1) is None
    assert migrate(db)
    assert db.execute("pragma user_version").fetchone() == (VERSION,)
    del before["_sqlite_migrations"]
    assert before == {name: db.execute(f"select * from {name}").fetchall() for name in before}
    assert len(before["call"]) == 24
    assert wrong_sums(db) == ""
    (agent, call_key, session) = db.execute(
        "select a.text, c.key, c.session from call c join name a on a.id = c.agent limit 1"
    ).fetchone()
    assert keep_composition(db, agent, call_key, 5, b"body")
    kept = kept_composition(db, session)
    assert kept is not None
    assert kept.body == b"body"
    assert db.execute("pragma integrity_check").fetchone() == ("ok",)
    db.close()


def test_only_so_many_are_kept_and_the_oldest_make_room(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(compositions, "MOST", 3)
    for number in (4, 0, 1, 2, 3):
        assert keep_composition(lab.db, AGENT, key(number), 100 - number, b"body")
    assert held(lab.db) == {call_of(lab.db, number)[0] for number in (0, 1, 2)}


def test_a_session_has_one_that_of_its_newest_look(lab: Lab, home: Path):
    row = claude_row(key(9), "s0", stamp(5), cwd="/w/p0")
    first = claude_row(key(0), "s0", stamp(0), cwd="/w/p0")
    write(home / ".claude/projects/-w-0/s0.jsonl", lines([first, row]))
    lab.sync()
    assert keep_composition(lab.db, AGENT, key(0), 1, b"first")
    assert keep_composition(lab.db, AGENT, key(9), 2, b"second")
    call, session = call_of(lab.db, 9)
    assert held(lab.db) == {call}
    assert kept_composition(lab.db, session) == (call, 2, b"second")


def test_what_is_too_large_or_of_no_call_is_not_kept(lab: Lab):
    assert not keep_composition(lab.db, AGENT, key(0), 1, b"x" * (LARGEST + 1))
    assert not keep_composition(lab.db, AGENT, "msg_gone", 1, b"body")
    assert not keep_composition(lab.db, "codex", key(0), 1, b"body")
    assert held(lab.db) == set()


def test_what_is_forgotten_takes_its_composition_along(lab: Lab, tmp_path: Path):
    for number in range(5):
        keep_composition(lab.db, AGENT, key(number), 1, b"body")
    forget(lab.settler, Rule(None, "/w/p2"), lab.now_ms, tmp_path)
    assert held(lab.db) == {call_of(lab.db, number)[0] for number in (0, 1, 3, 4)}


def test_a_call_that_changes_keeps_it(lab: Lab, home: Path):
    keep_composition(lab.db, AGENT, key(0), 1, b"body")
    row = claude_row(key(0), "s0", stamp(0), cwd="/w/p0")
    row["message"]["usage"]["output_tokens"] = 77_777  # type: ignore[index]
    write(home / ".claude/projects/-w-0/s0.jsonl", lines([row, row]))
    lab.sync()
    assert lab.db.execute("select max(output) from call").fetchone() == (77_777,)
    assert held(lab.db) == {call_of(lab.db, 0)[0]}
