"""What touches every call holds only some of them at a time, and says the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.properties.lab import Lab, write, wrong_sums
from tests.properties.worlds import claude_row, lines, stamp
from toktui.facts import Ran, encode
from toktui.ingest import forget as forgetting
from toktui.ingest import reprice as repricing
from toktui.ingest.forget import forget
from toktui.ingest.forgetting import Rule
from toktui.ingest.reprice import changes, reprice
from toktui.ingest.stored import call_rows


@pytest.fixture
def lab(home: Path) -> Iterator[Lab]:
    """23 calls in three sessions, one in a project of its own; every row twice."""
    lab = Lab(home)
    for number in range(3):
        log = [
            claude_row(
                f"msg_01{number:02}{n:020d}", f"s{number}", stamp(n), cwd=f"/w/p{number // 2}"
            )
            for n in range(7 + number // 2 * 2)
        ]  # fmt: skip
        write(home / f".claude/projects/-w-{number}/s{number}.jsonl", lines([*log, *log]))
    lab.sync()
    assert lab.db.execute("select count(*) from call").fetchone() == (23,)
    yield lab
    lab.close()


@pytest.mark.parametrize("at_once", [1, 3, 23, 5_000])
def test_calls_are_priced_anew_some_at_a_time(
    lab: Lab, at_once: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(repricing, "_BATCH", at_once)
    right = lab.db.execute("select sum(cost_nusd) from call").fetchone()
    writer = lab.settler.writer
    old = [row for row in call_rows(lab.db, range(1, 24)).values() if row.id % 3]
    dearer = [row._replace(cost_nusd=(row.cost_nusd or 0) + 5) for row in old]
    with writer.transaction():
        writer.put_calls(dearer, old)
    assert len(changes(lab.db, lab.settler.book, lambda _: "all")) == 1
    assert reprice(lab.settler, lab.now_ms) == len(old) == 16
    assert lab.db.execute("select sum(cost_nusd) from call").fetchone() == right
    assert changes(lab.db, lab.settler.book, lambda _: "all") == []
    assert wrong_sums(lab.db) == ""


@pytest.mark.parametrize("at_once", [1, 3, 14, 5_000])
def test_calls_are_forgotten_some_at_a_time(
    lab: Lab, at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(forgetting, "_AT_ONCE", at_once)
    for offset, session in enumerate(("s0", "s1", "s2", "another")):
        lab.db.execute(
            "insert into fact (log, kind, subject, offset, length, at_ms, body)"
            " values (1, 'commit', 'c0ffee', ?, 9, 5, ?)",
            (offset, encode(Ran(session))),
        )
    forgotten = forget(lab.settler, Rule(None, "/w/p0"), lab.now_ms, tmp_path)
    assert forgotten.calls == 14
    assert wrong_sums(lab.db) == ""
    assert lab.db.execute("select count(*) from call").fetchone() == (9,)
    assert lab.db.execute("select count(*) from forgotten_call").fetchone() == (14 + 2,)
    commits = lab.db.execute("select offset from fact where kind = 'commit' order by 1").fetchall()
    assert commits == [(2,), (3,)]
    lab.read_again()
    lab.sync()
    assert lab.db.execute("select count(*) from call").fetchone() == (9,)
    assert wrong_sums(lab.db) == ""
