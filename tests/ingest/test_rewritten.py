"""Logs that are rewritten, moved or replaced, where more than their own lines depends on them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.properties.lab import (
    NOW_MS,
    WRITTEN_NS,
    Content,
    Lab,
    append,
    difference,
    write,
    wrong_sums,
)
from tests.properties.worlds import claude_row, lines, session_meta, stamp, token_count
from toktui.agents import agent
from toktui.ingest.backlog import known_logs

PARENT, CHILD, OTHER = (f"019a8f00-0000-7000-8000-00000000000{n}" for n in (1, 2, 3))


def rollout(home: Path, thread: str, folder: str = "sessions/2026/11/20") -> Path:
    return home / f".codex/{folder}/rollout-2026-11-20T09-00-00-{thread}.jsonl"


def parent_log() -> bytes:
    rows = [session_meta(stamp(0), PARENT)]
    return lines([*rows, *(token_count(stamp(1 + n), 5 * (n + 1), 5) for n in range(3))])


def fork_log() -> bytes:
    """Three replayed totals of the parent, then two calls of its own."""
    head = [session_meta(stamp(9), CHILD, forked_from_id=PARENT), session_meta(stamp(9), PARENT)]
    return lines([*head, *(token_count(stamp(9), 5 * (n + 1), 5) for n in range(5))])


@pytest.fixture
def lab(home: Path) -> Iterator[Lab]:
    lab = Lab(home)
    yield lab
    assert wrong_sums(lab.db) == ""
    lab.close()


def outputs(lab: Lab) -> list[int]:
    return [n for (n,) in lab.db.execute("select output from call order by at_ms, key")]


def said_at_once(home: Path, tmp_path: Path) -> Content:
    """What a new store says of a home as it is now."""
    fresh = Lab(home)
    try:
        fresh.sync()
        return fresh.content()
    finally:
        fresh.close()


def test_a_fork_that_loses_its_replayed_rows_does_not_count_them_as_its_own(lab: Lab) -> None:
    write(rollout(lab.home, PARENT), parent_log())
    write(rollout(lab.home, CHILD), fork_log())
    lab.sync()
    assert outputs(lab) == [5] * 5
    head, rest = fork_log().splitlines(keepends=True)[:2], fork_log().splitlines(keepends=True)[5:]
    write(rollout(lab.home, CHILD), b"".join(head + rest))
    lab.sync()
    assert outputs(lab) == [5] * 5


def test_a_thread_that_loses_early_totals_keeps_its_numbers(lab: Lab) -> None:
    write(rollout(lab.home, PARENT), parent_log())
    lab.sync()
    head, *rows = parent_log().splitlines(keepends=True)
    write(rollout(lab.home, PARENT), head + b"".join(rows[2:]))
    lab.sync()
    assert outputs(lab) == [5, 5, 5]
    assert lab.db.execute("select sum(flags) from call").fetchone() == (0,)


def test_another_thread_in_the_place_of_a_fork_has_no_parent(lab: Lab) -> None:
    place = rollout(lab.home, CHILD)
    write(place, fork_log())
    lab.sync()
    rows = [session_meta(stamp(20), OTHER), token_count(stamp(21), 7, 7)]
    write(place, lines(rows))
    lab.sync()
    found = lab.db.execute(
        "select s.key, c.output, c.exactness from call c join session s on s.id = c.session"
        " where c.key like ?",
        (f"{OTHER}%",),
    ).fetchall()
    assert found == [(OTHER, 7, 0)]


def test_a_new_log_with_the_inode_of_a_deleted_one_is_a_log_of_its_own(lab: Lab) -> None:
    old, new = rollout(lab.home, CHILD), rollout(lab.home, OTHER)
    write(old, fork_log())
    lab.sync()
    old.rename(new)
    rows = [session_meta(stamp(20), OTHER)]
    rows += [token_count(stamp(21 + n), 7 * (n + 1), 7) for n in range(9)]
    write(new, lines(rows))
    lab.sync()
    paths = dict(lab.db.execute("select path, gone_ms is not null from log"))
    assert paths == {os.fspath(old): 1, os.fspath(new): 0}
    own = lab.db.execute(
        "select count(*), sum(c.output), max(c.exactness) from call c"
        " join session s on s.id = c.session where s.key = ?",
        (OTHER,),
    ).fetchone()
    assert own == (9, 63, 0)


@pytest.mark.parametrize("live", [True, False])
def test_an_archived_thread_is_the_same_log_at_another_place(lab: Lab, *, live: bool) -> None:
    source, target = rollout(lab.home, PARENT), rollout(lab.home, PARENT, "archived_sessions")
    target.parent.mkdir(parents=True)
    write(source, parent_log())
    write(rollout(lab.home, CHILD), fork_log()[: len(fork_log()) // 2])
    lab.look() if live else lab.sync()
    source.rename(target)
    lab.look(everything=True) if live else lab.sync()
    more = lines([token_count(stamp(8), 20, 5)])
    append(target, more)
    data = fork_log()
    write(rollout(lab.home, CHILD), data)
    lab.look(everything=True) if live else lab.sync()
    assert difference(said_at_once(lab.home, lab.home), lab.content()) == ""


def test_moving_a_log_changes_which_of_two_copies_is_counted(lab: Lab) -> None:
    row = claude_row("msg_01AAAAAAAAAAAAAAAAAAAAAA", "s1", stamp(1))
    folder = lab.home / ".claude/projects"
    write(folder / "-a/s1.jsonl", lines([row]))
    write(folder / "-b/s1.jsonl", lines([row]))
    lab.sync()
    (folder / "-c").mkdir()
    (folder / "-a/s1.jsonl").rename(folder / "-c/s1.jsonl")
    lab.sync()
    assert difference(said_at_once(lab.home, lab.home), lab.content()) == ""


def test_a_newer_parser_keeps_what_only_the_older_bytes_said(lab: Lab) -> None:
    log = lab.home / ".claude/projects/-w/s1.jsonl"
    rows = [claude_row(f"msg_01{n:022d}", "s1", stamp(n), output=n) for n in (1, 2, 3)]
    write(log, lines(rows))
    lab.sync()
    write(log, lines(rows[2:]))
    module = agent("claude-code")
    before = module.PARSER
    try:
        module.PARSER = before + 1
        lab.restart()
        lab.sync()
    finally:
        module.PARSER = before
    assert outputs(lab) == [1, 2, 3]


def test_a_log_that_is_rewritten_below_its_end_while_it_is_followed_is_read_anew(lab: Lab) -> None:
    log = lab.home / ".claude/projects/-w/s1.jsonl"
    rows = [claude_row(f"msg_01{n:022d}", "s1", stamp(n), output=n) for n in range(1, 9)]
    write(log, lines(rows[:4]))
    lab.look([log])
    # Longer than before, so that its size alone tells nothing.
    write(log, lines(rows[3:]))
    lab.look([log])
    assert outputs(lab) == list(range(1, 9))


def test_a_log_that_came_back_is_no_longer_gone(lab: Lab) -> None:
    log = lab.home / ".claude/projects/-w/s1.jsonl"
    row = lines([claude_row("msg_01AAAAAAAAAAAAAAAAAAAAAA", "s1", stamp(1))])
    write(log, row)
    lab.sync()
    log.unlink()
    lab.sync()
    assert lab.db.execute("select gone_ms is not null from log").fetchall() == [(1,)]
    assert outputs(lab) == [10]
    write(log, row)
    lab.sync()
    assert lab.db.execute("select gone_ms is not null from log").fetchall() == [(0,)]
    assert outputs(lab) == [10]


def test_half_a_line_of_a_log_that_rests_is_read_and_read_again_whole(lab: Lab) -> None:
    log = lab.home / ".claude/projects/-w/s1.jsonl"
    row = lines([claude_row("msg_01AAAAAAAAAAAAAAAAAAAAAA", "s1", stamp(1))])
    lab.now_ms = WRITTEN_NS // 1_000_000 + 1_000
    write(log, row[:-1])
    lab.sync()
    assert outputs(lab) == []
    lab.now_ms = NOW_MS
    lab.sync()
    assert outputs(lab) == [10]
    append(log, b"\n")
    lab.sync()
    assert difference(said_at_once(lab.home, lab.home), lab.content()) == ""


@pytest.mark.parametrize("live", [True, False])
def test_a_long_log_whose_end_was_rewritten_in_place_is_read_anew(lab: Lab, *, live: bool) -> None:
    """Its first 4 KiB, its inode and its growth say nothing; the bytes before the checkpoint do."""
    log = lab.home / ".claude/projects/-w/s1.jsonl"
    rows = [claude_row(f"msg_01{n:022d}", "s1", stamp(n), output=n) for n in range(1, 40)]
    assert len(lines(rows[:15])) > 4096
    write(log, lines(rows[:20]))
    lab.look([log]) if live else lab.sync()
    with log.open("r+b") as file:
        file.seek(len(lines(rows[:15])))
        file.write(lines(rows[25:39]))
    os.utime(log, ns=(WRITTEN_NS + 1, WRITTEN_NS + 1))
    lab.look([log]) if live else lab.sync()
    assert outputs(lab) == [*range(1, 21), *range(26, 40)]


def test_what_is_gone_stays_in_the_store_until_it_is_asked_for(lab: Lab) -> None:
    paths = [lab.home / f".claude/projects/-w/s{n}.jsonl" for n in range(3)]
    for path in paths:
        write(path, lines([claude_row(f"msg_{path.stem:>020}", path.stem, stamp(1))]))
    lab.sync()
    paths[0].unlink()
    lab.sync()
    known = known_logs(lab.db)
    assert {log.path for log in known.present()} == {str(path) for path in paths[1:]}
    gone = known.get(str(paths[0]))
    assert gone is not None
    assert gone.gone
    assert known.get("/nowhere") is None
