"""After kill -9 at any moment a restart gives the totals of a clean run."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ingest import victim
from tests.properties.lab import Content, content, difference, write, wrong_sums
from tests.properties.worlds import OWN_WORLDS, World, crowd
from toktui.agents import agent_names
from toktui.ingest import access

ROOT = Path(__file__).parent.parent.parent


def everything(count: int) -> World:
    return {p: data for agent in agent_names() for p, data in crowd(agent, count).items()}


def run_victim(what: str, home: Path, data: Path, rounds: int) -> int:
    """How many processes were killed before they had ended."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.ingest.victim", what, home, data, "7", str(rounds)],
        cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def store_after_a_sync(home: Path, data: Path) -> Content:
    """What the store in a folder says when it is whole and up to date."""
    where = victim.context(home, data)
    if where.paths.store.exists():
        assert checked(where.paths.store) == "ok"
    access.sync(where)
    db = sqlite3.connect(where.paths.store)
    try:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
        assert wrong_sums(db) == ""
        return content(db, home)
    finally:
        db.close()


def checked(store: Path) -> str:
    db = sqlite3.connect(store)
    try:
        return str(db.execute("pragma integrity_check").fetchone()[0])
    finally:
        db.close()


def test_a_sync_that_is_killed_again_and_again_ends_like_a_clean_one(
    home: Path, tmp_path: Path
) -> None:
    for path, data in everything(12).items():
        write(home / path, data)
    killed = run_victim("sync", home, tmp_path / "stores", 20)
    assert killed >= 30, "most of the 60 syncs must be killed before they end"
    want = store_after_a_sync(home, tmp_path / "clean")
    assert len(want["calls"]) > 60
    for number in range(20):
        got = store_after_a_sync(home, tmp_path / "stores" / str(number))
        assert difference(want, got) == ""


def test_a_service_that_is_killed_while_logs_grow_ends_like_a_clean_sync(
    home: Path, tmp_path: Path
) -> None:
    for path, data in everything(4).items():
        write(home / path, b"")
        write(home / f"{path}.later", data)
    assert run_victim("serve", home, tmp_path / "store", 8) == 8
    got = store_after_a_sync(home, tmp_path / "store")
    want = store_after_a_sync(home, tmp_path / "clean")
    assert len(want["calls"]) > 20
    assert difference(want, got) == ""


def test_a_migration_that_is_killed_is_done_whole_by_the_next(home: Path, tmp_path: Path) -> None:
    for path, data in everything(1).items():
        write(home / path, data)
    assert run_victim("migrate", home, tmp_path / "stores", 20) > 0
    want = store_after_a_sync(home, tmp_path / "clean")
    for number in range(20):
        assert difference(want, store_after_a_sync(home, tmp_path / "stores" / str(number))) == ""


@pytest.mark.parametrize("agent", OWN_WORLDS)
def test_a_crowd_is_many_worlds(agent: str) -> None:
    assert len(crowd(agent, 5)) > len(crowd(agent, 1))
