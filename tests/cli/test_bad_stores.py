"""A store that is damaged, newer or not to be written: what commands make of it."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

READERS = (("report",), ("sessions",), ("now",), ("why", "5e5510aa"))


@pytest.fixture
def store(logs: Any, toktui: Any, tmp_path: Path) -> Path:
    """A store with one call, without backups."""
    logs.call()
    toktui("sync")
    for backup in (tmp_path / "data/backups").iterdir():
        backup.unlink()
    path = tmp_path / "data/toktui.db"
    db = sqlite3.connect(path)
    db.execute("pragma wal_checkpoint(truncate)")
    db.close()
    return path


def noise(path: Path) -> None:
    path.write_bytes(os.urandom(path.stat().st_size))


def half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def nothing(path: Path) -> None:
    os.truncate(path, 0)


@pytest.mark.parametrize("damage", [noise, half, nothing])
@pytest.mark.parametrize("command", READERS, ids=" ".join)
def test_a_store_that_cannot_be_read_is_a_message_and_no_traceback(
    command: tuple[str, ...], damage: Callable[[Path], None], store: Path, toktui: Any
):
    damage(store)
    shown = toktui(*command, "--no-sync", exit_code=1)
    assert "store cannot be read" in shown.stderr
    assert "toktui sync" in shown.stderr


def test_a_report_says_that_it_set_a_damaged_store_aside(store: Path, toktui: Any, document: Any):
    noise(store)
    shown = toktui("report", "all", "--csv")
    assert "corrupt" in shown.stderr
    assert "corrupt" not in shown.stdout
    assert document("report", "all")["totals"]["calls"] == 1


def test_a_look_says_that_it_set_a_damaged_store_aside(store: Path, toktui: Any):
    noise(store)
    assert "corrupt" in toktui("now").stderr


@pytest.mark.parametrize("command", READERS, ids=" ".join)
def test_a_newer_store_is_read_and_its_age_is_said(
    command: tuple[str, ...], store: Path, logs: Any, toktui: Any
):
    db = sqlite3.connect(store)
    db.execute("pragma user_version = 99")
    db.close()
    logs.call()
    shown = toktui(*command)
    assert "newer toktui" in shown.stderr
    assert "holds already" in shown.stderr
    assert shown.stdout
    assert "newer toktui" in toktui("sync", exit_code=1).stderr


@pytest.fixture
def read_only(store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The store on a file system that takes no new file and no writing, root's neither."""
    for left in store.parent.glob("toktui.[dl]*"):
        if left != store:
            left.unlink()
    access, opened = os.access, os.open

    def no_access(path: Any, mode: int, **options: Any) -> bool:
        inside = Path(path).is_relative_to(store.parent)
        return not (inside and mode & os.W_OK) and access(path, mode, **options)

    def no_open(path: Any, flags: int, *rest: Any, **options: Any) -> int:
        if flags & (os.O_RDWR | os.O_WRONLY) and Path(path).is_relative_to(store.parent):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return opened(path, flags, *rest, **options)

    monkeypatch.setattr(os, "access", no_access)
    monkeypatch.setattr(os, "open", no_open)
    return store


@pytest.mark.parametrize("command", READERS, ids=" ".join)
def test_a_store_that_cannot_be_written_is_read_as_it_is(
    command: tuple[str, ...], read_only: Path, logs: Any, toktui: Any
):
    before = sorted(path.name for path in read_only.parent.iterdir())
    logs.call()
    shown = toktui(*command)
    assert "Read-only file system" in shown.stderr
    assert "holds already" in shown.stderr
    assert shown.stdout
    assert sorted(path.name for path in read_only.parent.iterdir()) == before


def test_doctor_reads_a_store_that_cannot_be_written(read_only: Path, document: Any):
    found = document("doctor")["store"]
    assert found["calls"] == 1
    assert found["writer"] is None


def test_a_store_that_cannot_be_written_is_told_of_once(read_only: Path, logs: Any, toktui: Any):
    logs.call()
    assert toktui("outcomes").stderr.count("Read-only file system") == 1
