"""Counts that no model can have: sums stop at 64 bits, and nothing else stops."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.properties.lab import NOW_MS, Lab, append, write, wrong_sums
from tests.properties.worlds import claude_row, lines, stamp
from toktui.ingest.forget import forget
from toktui.ingest.forgetting import Rule
from toktui.ingest.reprice import reprice
from toktui.model import BUCKETS, Tokens
from toktui.pricing.price import MOST_NUSD, price
from toktui.store.absurd import (
    ABSURD_NUSD,
    ABSURD_TOKENS,
    MOST,
    any_absurd,
    count_absurd,
    is_marked,
)

LARGEST = (1 << 53) - 1
CALLS = 1_030
"""Of the largest count: 1,024 of them leave 64 bits."""


def absurd_call(
    number: int, *, session: str = "absurd", project: str = "/w/absurd"
) -> dict[str, object]:
    found = claude_row(f"msg_09{number:022d}", session, stamp(number % 300), cwd=project)
    found["message"]["usage"] = {  # type: ignore[index]
        "input_tokens": LARGEST,
        "cache_read_input_tokens": LARGEST,
        "cache_creation_input_tokens": LARGEST,
        "output_tokens": LARGEST,
    }
    return found


def absurd_log(first: int, calls: int, **where: str) -> bytes:
    return lines([absurd_call(number, **where) for number in range(first, first + calls)])


def sane_log(session: str, first: int, calls: int) -> bytes:
    return lines(
        [
            claude_row(f"msg_01{number:022d}", session, stamp(number % 60), output=number)
            for number in range(first, first + calls)
        ]
    )


@pytest.fixture
def lab(home: Path) -> Iterator[Lab]:
    lab = Lab(home)
    yield lab
    lab.close()


@pytest.fixture
def absurd(home: Path) -> Path:
    """A log whose sums leave 64 bits; a sane one is beside it."""
    path = home / ".claude/projects/-w/absurd.jsonl"
    write(path, absurd_log(0, CALLS))
    write(home / ".claude/projects/-w/s1.jsonl", sane_log("s1", 1, 5))
    return path


def total(db: sqlite3.Connection, column: str, table: str = "session_total") -> list[int]:
    return [n for (n,) in db.execute(f"select sum({column}) from {table} group by model")]


def test_a_log_of_absurd_counts_and_the_one_beside_it_are_read(lab: Lab, absurd: Path):
    result = lab.sync()
    assert result.store.calls == CALLS + 5
    assert not result.problems
    assert wrong_sums(lab.db) == ""
    assert total(lab.db, "input") == [MOST]


def test_absurd_calls_have_no_price_and_the_sane_beside_them_have_theirs(lab: Lab, absurd: Path):
    lab.sync()
    priced = lab.db.execute("select count(*) from call where cost_nusd is not null").fetchone()
    assert priced == (5,)
    assert total(lab.db, "unpriced") == [CALLS]


@pytest.mark.parametrize("step", [1, 7, 300])
def test_the_sums_hold_however_the_log_grows(lab: Lab, home: Path, step: int):
    path = home / ".claude/projects/-w/absurd.jsonl"
    write(home / ".claude/projects/-w/s1.jsonl", sane_log("s1", 1, 5))
    write(path, absurd_log(0, CALLS - 3 * step))
    lab.look()
    for first in range(CALLS - 3 * step, CALLS, step):
        append(path, absurd_log(first, step), written_ns=(NOW_MS + first) * 1_000_000)
        lab.look(everything=True)
        assert wrong_sums(lab.db) == ""
    assert total(lab.db, "calls") == [CALLS + 5]


def test_sane_stores_keep_the_sum_of_sqlite(lab: Lab, home: Path):
    write(home / ".claude/projects/-w/s1.jsonl", sane_log("s1", 1, 5))
    lab.sync()
    assert not is_marked(lab.db)
    lab.db.execute("create temp table n as select 9223372036854775807 as n union all select 1")
    with pytest.raises(sqlite3.OperationalError, match="integer overflow"):
        lab.db.execute("select sum(n) from n").fetchone()


def test_a_restarted_process_goes_on_with_the_marked_store(lab: Lab, absurd: Path):
    lab.sync()
    copy = sqlite3.connect(":memory:", isolation_level=None)
    copy.deserialize(lab.db.serialize())
    lab.db.close()
    lab.db = copy
    lab.restart()
    append(absurd, absurd_log(CALLS, 10), written_ns=NOW_MS * 1_000_000)
    assert lab.sync().outcome.new == 10
    assert wrong_sums(lab.db) == ""


def test_reprice_leaves_the_sums_as_they_are(lab: Lab, absurd: Path):
    lab.sync()
    before = lab.content()
    reprice(lab.settler, NOW_MS)
    assert lab.content() == before


def test_a_call_that_only_later_becomes_absurd_marks_the_store(lab: Lab, home: Path):
    path = home / ".claude/projects/-w/absurd.jsonl"
    write(path, lines([claude_row(f"msg_09{7:022d}", "absurd", stamp(7), stop=None)]))
    lab.sync()
    assert not is_marked(lab.db)
    append(path, absurd_log(7, 1), written_ns=NOW_MS * 1_000_000)
    assert lab.sync().outcome.updated == 1
    assert is_marked(lab.db)
    assert wrong_sums(lab.db) == ""
    assert total(lab.db, "output") == [LARGEST]


def test_what_is_forgotten_leaves_the_sums_and_the_mark(lab: Lab, absurd: Path, tmp_path: Path):
    lab.sync()
    assert is_marked(lab.db)
    gone = forget(lab.settler, Rule(None, "/w/absurd"), NOW_MS, tmp_path)
    assert gone.calls == CALLS
    assert wrong_sums(lab.db) == ""
    assert not is_marked(lab.db)
    assert total(lab.db, "calls") == [5]
    write(absurd.with_name("s2.jsonl"), absurd_log(CALLS, 10, session="s2", project="/w/more"))
    lab.sync()
    assert is_marked(lab.db)
    assert wrong_sums(lab.db) == ""


def test_what_shrinks_below_64_bits_is_exact_again(lab: Lab, home: Path, tmp_path: Path):
    write(home / ".claude/projects/-w/a.jsonl", absurd_log(0, 1_020))
    other = absurd_log(2_000, 10, session="b", project="/w/other")
    write(home / ".claude/projects/-w/b.jsonl", other)
    lab.sync()
    assert total(lab.db, "input") == [MOST]
    assert forget(lab.settler, Rule(None, "/w/other"), NOW_MS, tmp_path).calls == 10
    assert wrong_sums(lab.db) == ""
    assert total(lab.db, "input") == [1_020 * LARGEST]


def test_the_views_for_other_programs_stop_at_64_bits_too(lab: Lab, absurd: Path):
    lab.sync()
    other = sqlite3.connect(":memory:")
    other.deserialize(lab.db.serialize())
    sessions = dict(other.execute("select session_id, tokens from sessions"))
    assert sessions == {"absurd": MOST, "s1": sum(3 + 40 + 1000 + 2 * n for n in range(1, 6))}
    days = other.execute(f"select {', '.join(BUCKETS)} from utc_days order by calls").fetchall()
    assert (MOST, MOST, MOST, 0, MOST) in days
    other.close()


def test_the_views_are_exact_below_64_bits(lab: Lab, home: Path):
    write(home / ".claude/projects/-w/a.jsonl", absurd_log(0, 1_000))
    lab.sync()
    ((read,),) = lab.db.execute("select sum(cache_read) from utc_days").fetchall()
    assert read == 1_000 * LARGEST


@pytest.mark.parametrize("column", [*BUCKETS, "web_search", "cost_nusd"])
def test_a_session_just_below_the_bound_is_not_absurd(lab: Lab, home: Path, column: str):
    write(home / ".claude/projects/-w/s1.jsonl", sane_log("s1", 1, 1))
    lab.sync()
    bound = ABSURD_NUSD if column == "cost_nusd" else ABSURD_TOKENS
    lab.db.execute(f"update session_total set {', '.join(f'{b} = 0' for b in BUCKETS)}")
    lab.db.execute(f"update session_total set {column} = ?", (bound - 1,))
    (session,) = lab.db.execute("select session from session_total").fetchone()
    assert not any_absurd(lab.db, [session])
    lab.db.execute(f"update session_total set {column} = ?", (bound,))
    assert any_absurd(lab.db, [session])
    assert count_absurd(lab.db) == 1


@pytest.mark.parametrize("bucket", BUCKETS)
def test_no_cost_or_saving_leaves_what_sums_can_hold(lab: Lab, bucket: str):
    """For every model of the book, at the count where its price would pass the bound, and above."""
    book = lab.settler.book
    for name in book.entries:
        for count in (10**6, 10**12, 10**14, LARGEST):
            cost = price(book, model=name, at_ms=NOW_MS, tokens=Tokens(**{bucket: count}))
            if cost is not None:
                assert cost.total_nusd <= MOST_NUSD
                assert abs(cost.saved_nusd) <= MOST_NUSD
