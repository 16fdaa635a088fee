"""The live ingest on a disk that is full or dies: it says so, tries again, and loses nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.ingest.test_instances import call, outputs, until
from tests.ingest.victim import context
from tests.properties.lab import WRITTEN_NS, append, write
from toktui.ingest import access, service
from toktui.ingest.context import Context
from toktui.ingest.progress import Progress
from toktui.ingest.service import IngestService
from toktui.store.connect import connect_writer

CALLS = 400


@pytest.fixture
def log(home: Path) -> Path:
    path = home / ".claude/projects/-w/s1.jsonl"
    write(path, call(1))
    return path


@pytest.fixture
def here(home: Path, tmp_path: Path) -> Context:
    return context(home, tmp_path / "data")


@pytest.fixture
def heard() -> list[Progress]:
    """What a running service says."""
    return []


@pytest.fixture
def serve(
    here: Context, heard: list[Progress], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], IngestService]]:
    """Starts a service that tries again at once; it is stopped at the end."""
    monkeypatch.setattr(service, "_RETRY_S", 0.05)
    running: list[IngestService] = []

    def start() -> IngestService:
        running.append(IngestService(here, lambda change: heard.append(change.progress)))
        running[-1].start()
        return running[-1]

    yield start
    for one in running:
        one.stop()


@contextmanager
def replaced(make: Callable[[Path], sqlite3.Connection]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(access, "connect_writer", make)
        yield


def cramped(path: Path) -> sqlite3.Connection:
    """SQLite says what it says where there is no space left."""
    db = connect_writer(path)
    (pages,) = db.execute("pragma page_count").fetchone()
    db.execute(f"pragma max_page_count = {pages + 2}")
    return db


def test_a_full_disk_is_said_with_a_hint_until_there_is_room(
    here: Context, log: Path, heard: list[Progress], serve: Callable[[], IngestService]
):
    access.sync(here)
    append(log, b"".join(map(call, range(2, CALLS + 1))), written_ns=WRITTEN_NS + 1)
    with replaced(cramped):
        running = serve()
        until(lambda: heard and heard[-1].phase == "failed")
        assert "database or disk is full" in heard[-1].notice
        assert "Free some space" in heard[-1].notice
        assert outputs(here) == [1]
    until(lambda: heard[-1].phase == "live")
    assert heard[-1].notice == ""
    running.stop()
    assert outputs(here) == list(range(1, CALLS + 1))


def test_damage_in_the_middle_of_the_ingest_is_mended_without_a_restart(
    here: Context, log: Path, heard: list[Progress], serve: Callable[[], IngestService]
):
    access.sync(here)
    append(log, b"".join(map(call, range(2, 20))), written_ns=WRITTEN_NS + 1)
    db = sqlite3.connect(here.paths.store)
    db.execute("pragma wal_checkpoint(truncate)")
    (size,) = db.execute("pragma page_size").fetchone()
    (page,) = db.execute("select rootpage from sqlite_master where name = 'call'").fetchone()
    db.close()
    with here.paths.store.open("r+b") as store:
        store.seek((page - 1) * size)
        store.write(b"\xff" * size)
    running = serve()
    until(lambda: heard and heard[-1].phase == "live" and "damaged store held" in heard[-1].notice)
    running.stop()
    assert any("malformed" in one.notice for one in heard)
    assert "there are 19 calls" in heard[-1].notice
    assert outputs(here) == list(range(1, 20))
