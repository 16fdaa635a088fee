"""Calls are weighed in a process of their own, and nothing hangs on its life."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.ingest.victim import context
from tests.properties.lab import NOW_MS, write
from tests.properties.worlds import claude_row, lines, stamp
from toktui.ingest import access, estimate_process, messages
from toktui.ingest.context import Context
from toktui.ingest.estimate_process import Estimating
from toktui.ingest.service import IngestService
from toktui.store.connect import connect_reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toktui.ingest.progress import Change
    from toktui.ingest.settle import Settler

PATIENCE_S = 60.0
CALLS = 150


@pytest.fixture
def here(home: Path, tmp_path: Path) -> Context:
    rows: list[object] = [
        claude_row(
            f"msg_01{n:022d}", "s1", stamp(n / 10), output=1, stop=None,
            content=[{"type": "text", "text": "some words that were said"}],
        )
        for n in range(CALLS)
    ]  # fmt: skip
    write(home / ".claude/projects/-w/s1.jsonl", lines(rows))
    here = context(home, tmp_path / "data")
    return here


@pytest.fixture
def settler(here: Context) -> Iterator[Settler]:
    access.sync(here)
    settler = access.open_settler(here)
    yield settler
    settler.db.close()


def estimated(here: Context) -> int:
    db = connect_reader(here.paths.store)
    try:
        return db.execute("select coalesce(sum(calls), 0) from probable").fetchone()[0]
    finally:
        db.close()


def finish(estimating: Estimating, settler: Settler) -> int:
    """Turns until nothing waits; how many estimates were made."""
    made, end = 0, time.monotonic() + PATIENCE_S
    while settler.db.execute("select count(*) from waiting").fetchone()[0]:
        assert time.monotonic() < end
        estimating._next_look = 0.0
        made += estimating.turn(settler, NOW_MS) or 0
        time.sleep(0.005)
    return made


def test_the_live_ingest_estimates_in_the_background(here: Context):
    changes: list[object] = []
    service = IngestService(here, changes.append)
    service.start()
    try:
        end = time.monotonic() + PATIENCE_S
        while not here.paths.store.exists() or service.progress.phase != "live":
            assert time.monotonic() < end
            time.sleep(0.01)
        told = len(changes)
        while estimated(here) < CALLS:
            assert time.monotonic() < end
            time.sleep(0.05)
        assert len(changes) > told
    finally:
        service.stop()


def test_screens_hear_of_estimates_seldom_and_of_the_last_ones_for_certain(here: Context):
    heard: list[tuple[int, int]] = []

    def on_change(change: Change) -> None:
        if change.progress.phase == "live" and not change.new:
            heard.append((change.stamp, estimated(here)))

    service = IngestService(here, on_change)
    service.start()
    try:
        ends = time.monotonic() + PATIENCE_S
        while not any(made == CALLS for _, made in heard) and time.monotonic() < ends:
            time.sleep(0.02)
        time.sleep(0.5)
    finally:
        service.stop()
    parts = [made for _, made in heard if made]
    # Three answers come, and a look at the store for each would be two too many.
    assert parts[-1] == CALLS
    assert len(parts) <= 2


def test_all_that_waits_is_estimated_and_the_next_question_is_answered_too(
    here: Context, settler: Settler
):
    estimating = Estimating(here.paths.store)
    try:
        assert finish(estimating, settler) == CALLS
        settler.db.execute("replace into waiting select id, 1 from call where id % 3 = 0")
        assert finish(estimating, settler) == CALLS // 3
    finally:
        estimating.close()


def test_a_process_that_is_killed_is_started_again_and_nothing_is_lost(
    here: Context, settler: Settler, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(estimate_process, "_AFTER_FAILURE_S", 0.0)
    estimating = Estimating(here.paths.store)
    try:
        while estimating._process is None:
            estimating.turn(settler, NOW_MS)
        estimating._process.kill()
        assert finish(estimating, settler) == CALLS
    finally:
        estimating.close()


@pytest.mark.parametrize("program", ["/nowhere/python", "/bin/echo", "/bin/false"])
def test_where_it_cannot_run_the_ingest_goes_on_and_asks_again_later(
    here: Context, settler: Settler, monkeypatch: pytest.MonkeyPatch, program: str
):
    """`echo` stands for a Python that says something before it runs us."""
    monkeypatch.setattr(messages.sys, "executable", program)
    estimating = Estimating(here.paths.store)
    try:
        end = time.monotonic() + PATIENCE_S
        while estimating._next_look < time.monotonic() + 60:
            assert time.monotonic() < end
            estimating._next_look = min(estimating._next_look, time.monotonic())
            estimating.turn(settler, NOW_MS)
            time.sleep(0.01)
        assert estimating.turn(settler, NOW_MS) is None
        assert estimating._process is None
    finally:
        estimating.close()
    assert settler.db.execute("select count(*) from waiting").fetchone()[0] == CALLS


def test_one_turn_is_short(here: Context, settler: Settler):
    estimating = Estimating(here.paths.store)
    slowest, end = 0.0, time.monotonic() + PATIENCE_S
    try:
        while settler.db.execute("select count(*) from waiting").fetchone()[0]:
            assert time.monotonic() < end
            starts = estimating._process is None
            began = time.thread_time()
            estimating.turn(settler, NOW_MS)
            if not starts:
                slowest = max(slowest, time.thread_time() - began)
            time.sleep(0.001)
    finally:
        estimating.close()
    assert slowest < 0.15


def test_nothing_is_started_where_nothing_waits(here: Context, settler: Settler):
    settler.db.execute("delete from waiting")
    estimating = Estimating(here.paths.store)
    assert estimating.turn(settler, NOW_MS) is None
    assert estimating._process is None


def test_the_process_ends_with_who_asked_it(here: Context, settler: Settler):
    del settler
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "toktui.ingest.estimate_process", here.paths.store],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"%d\n" % NOW_MS)
    process.stdin.flush()
    assert process.stdout.read(4)
    process.stdin.close()
    process.stdout.close()
    assert process.wait(PATIENCE_S) == 0


def test_it_does_not_take_a_folder_of_the_users_for_the_program(
    here: Context, settler: Settler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write(tmp_path / "toktui/__init__.py", b"raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    estimating = Estimating(here.paths.store)
    try:
        assert finish(estimating, settler) == CALLS
    finally:
        estimating.close()
    assert os.getcwd() == str(tmp_path)
